/*
 * The connector space: one row per object of a directory (store.sql: tables cs, cs_key). cs_insert,
 * cs_update, cs_set_*, cs_touch, cs_delete, cs_key_add and cs_key_delete write.
 */
#pragma once

#include "model/authority.h"
#include "store/store.h"

/* X(enum, word) - the numbers are in the database: only append */
#define CS_KINDS(X)                                                                         \
	X(STAGING, "import object")                                                         \
	X(EXPORT, "export object")    /* provisioned, the directory has not shown it yet */ \
	X(PLACEHOLDER, "placeholder") /* target of a reference, not imported (yet) */
enum cs_kind {
#define X(name, word) CS_##name,
	CS_KINDS(X)
#undef X
		CS_KIND_COUNT
};

/* What outbound rules want of an object. The numbers are in the database: only append. */
#define CS_WANTS(X)           \
	X(NOTHING, "none")    \
	X(PRESENT, "present") \
	X(ABSENT, "absent")   \
	X(ATTRIBUTES, "attributes") /* values of an object that inbound joined; it is not ours */
enum cs_want {
#define X(name, word) WANT_##name,
	CS_WANTS(X)
#undef X
		CS_WANT_COUNT
};

/*
 * Where an object, or a link, is on its way to the directory; sync/export/state.c has the table.
 * The numbers are in the database: only append.
 */
#define EXPORT_STATES(X)                                                         \
	X(NONE, "none")                                                          \
	X(PENDING, "Pending Export")                                             \
	X(SENDING, "Export In Progress") /* sent, the outcome is not recorded */ \
	X(EXPORTED, "Awaiting Export Confirmation")                              \
	X(CONFIRMED, "Confirmed")                                                \
	X(FAILED, "Export Error")
enum export_state {
#define X(name, word) EXPORT_STATE_##name,
	EXPORT_STATES(X)
#undef X
		EXPORT_STATE_COUNT
};

/* Do the rules want values of the object? */
static inline bool want_has_values(enum cs_want w)
{
	return w == WANT_PRESENT || w == WANT_ATTRIBUTES;
}

const char *cs_kind_name(enum cs_kind k);
const char *cs_want_name(enum cs_want w);
const char *export_state_name(enum export_state s);

struct cs_row {
	int64_t id, connector;
	const char *class; /* "" for a placeholder */
	enum cs_kind kind;
	const char *dn;
	bool transient;       /* another object has taken the dn: it has no dn_key */
	const char *anchor;   /* NULL: none yet */
	const void *imported; /* image; NULL: never imported or gone */
	size_t imported_len;
	const void *wanted; /* image; NULL: never computed */
	size_t wanted_len;
	enum cs_want want;
	enum export_state state;
	unsigned blocked; /* mask of enum authority: over what the directory's side has the say */
	bool export_all, deleted;
	int64_t mv; /* 0: a disconnector */
	const char *join_rule;
	int64_t seq;
	int64_t links;        /* digest of which references flow where; outbound's */
	int64_t delete_after; /* soft delete: unix time; 0: no */
	/* image of what was accepted and is never shown, see sync/acknowledged.h; NULL: nothing */
	const void *acknowledged;
	size_t acknowledged_len;
};

/* Strings and images of a row that is read live in the arena. STORE_NONE when there is none. */
int cs_get(struct store *s, int64_t id, struct arena *a, struct cs_row *ret,
	struct err *e) _must_check_;
int cs_find_anchor(struct store *s, int64_t connector, const char *anchor, struct arena *a,
	struct cs_row *ret, struct err *e) _must_check_;
/* By the folded form of the DN (model/dn.h: dn_key). */
int cs_find_dn(struct store *s, int64_t connector, const char *dn, struct arena *a,
	struct cs_row *ret, struct err *e) _must_check_;
/*
 * The row of a class that is to be deleted, and has left its DN to an object of another class. Not
 * one whose delete was accepted.
 */
int cs_find_aside(struct store *s, int64_t connector, const char *dn, const char *class,
	struct arena *a, struct cs_row *ret, struct err *e) _must_check_;
/* Only the id; faster, for references. STORE_NONE: *ret_id = 0. */
int cs_id_by_dn(struct store *s, int64_t connector, const char *dn, int64_t *ret_id,
	struct err *e) _must_check_;
int cs_id_by_anchor(struct store *s, int64_t connector, const char *anchor, int64_t *ret_id,
	struct err *e) _must_check_;

/*
 * Writes a new row, or all columns of an existing one. With `changed` the row gets the next
 * change number (row->seq), so that inbound looks at it; an insert always does.
 */
int cs_insert(struct store *s, struct cs_row *row, struct err *e) _must_check_;
int cs_update(struct store *s, struct cs_row *row, bool changed, struct err *e) _must_check_;
/* Only state (and export_all = 0 when confirmed); no change number. */
int cs_set_state(struct store *s, int64_t id, enum export_state state, struct err *e) _must_check_;
/* After an accepted export: anchor, state and acknowledged, and export_all = 0; no change number.
 */
int cs_set_exported(struct store *s, const struct cs_row *row, struct err *e) _must_check_;
/* Only state and acknowledged; no change number. */
int cs_set_acknowledged(struct store *s, const struct cs_row *row, struct err *e) _must_check_;
/* The metaverse object that a row is joined to; 0: none, or no such row. */
int cs_mv_of(struct store *s, int64_t id, int64_t *ret, struct err *e) _must_check_;
/*
 * The connector's row that is joined to the metaverse object, only id, connector, class, want,
 * blocked and mv of it: for references. STORE_NONE: none.
 */
int cs_joined_in(struct store *s, int64_t mv, int64_t connector, struct arena *a,
	struct cs_row *ret, struct err *e) _must_check_;
/* Only mv and join_rule; no change number. */
int cs_set_join(
	struct store *s, int64_t id, int64_t mv, const char *rule, struct err *e) _must_check_;
/* Another object takes the row's DN: it has none until its own rename arrives. */
int cs_set_transient(struct store *s, int64_t id, struct err *e) _must_check_;
/* 1: the directory has the object, 0: it has not, or nothing is known. */
int cs_is_imported(
	struct store *s, int64_t connector, const char *anchor, struct err *e) _must_check_;
/* A placeholder's anchor gets known; no change number. */
int cs_set_anchor(struct store *s, int64_t id, const char *anchor, struct err *e) _must_check_;
/* The next change number only: inbound looks at the object again. */
int cs_touch(struct store *s, int64_t id, struct err *e) _must_check_;
/* Fails with STORE_NONE if nothing was deleted. Links from it go too; links to it must be gone. */
int cs_delete(struct store *s, int64_t id, struct err *e) _must_check_;

/* Keys of wanted values that must be unique; those found may be out of date. At most `limit`. */
int cs_key_add(
	struct store *s, int64_t connector, int64_t hash, int64_t cs, struct err *e) _must_check_;
int cs_key_delete(
	struct store *s, int64_t connector, int64_t hash, int64_t cs, struct err *e) _must_check_;
int cs_key_find(struct store *s, int64_t connector, int64_t hash, int64_t other_than,
	unsigned limit, int64_t *ret_ids, unsigned *ret_n, struct err *e) _must_check_;
