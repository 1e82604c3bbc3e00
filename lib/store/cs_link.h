/*
 * References of connector space objects as rows (store.sql: table cs_link). Attribute numbers are
 * the process's. A removed link stays as a row with imported = wanted = 0 until inbound has seen
 * it; then it is purged. cs_link_put, _set_state, _delete, _touch_target, _purge and _repoint
 * write.
 */
#pragma once

#include "store/cs.h"

struct cs_link {
	int64_t cs;
	unsigned attr;
	int64_t target;
	bool imported, wanted;
	enum export_state state;
	int64_t seen;
	int64_t seq;
};

/* All links of an object (attr 0: of every attribute), in order of attribute, target. */
int cs_link_list(struct store *s, int64_t cs, unsigned attr, struct arena *a, struct cs_link **ret,
	unsigned *ret_n, struct err *e) _must_check_;
/* The metaverse objects that the imported links of an attribute lead to, in no order. */
int cs_link_targets_mv(struct store *s, int64_t cs, unsigned attr, struct arena *a, int64_t **ret,
	unsigned *ret_n, struct err *e) _must_check_;

struct link_count {
	unsigned attr;
	int64_t n;
};
/* Numbers with imported = 1 of every attribute that has some. */
int cs_link_counts(struct store *s, int64_t cs, struct arena *a, struct link_count **ret,
	unsigned *ret_n, struct err *e) _must_check_;
/* Number with imported = 1. */
int cs_link_count(
	struct store *s, int64_t cs, unsigned attr, int64_t *ret, struct err *e) _must_check_;
int cs_link_get(struct store *s, int64_t cs, unsigned attr, int64_t target, struct cs_link *ret,
	struct err *e) _must_check_;
/* Inserts or overwrites. With `changed` it gets the next change number. */
int cs_link_put(struct store *s, struct cs_link *l, bool changed, struct err *e) _must_check_;
/* Only the state; no change number. */
int cs_link_set_state(struct store *s, const struct cs_link *l, struct err *e) _must_check_;
int cs_link_delete(
	struct store *s, int64_t cs, unsigned attr, int64_t target, struct err *e) _must_check_;
/* seq > after_seq, of one connector's objects, in order of seq. */
int cs_link_page_changed(struct store *s, int64_t connector, int64_t after_seq, unsigned limit,
	struct arena *a, struct cs_link **ret, unsigned *ret_n, struct err *e) _must_check_;
/* New change numbers for all links to an object: inbound looks at them again. */
int cs_link_touch_target(struct store *s, int64_t target, struct err *e) _must_check_;
/* All links to an object. */
int cs_link_list_target(struct store *s, int64_t target, struct arena *a, struct cs_link **ret,
	unsigned *ret_n, struct err *e) _must_check_;
/* Is there a row (a removed one that is not purged yet counts too) that points to it? 1 yes, 0 no.
 */
int cs_link_is_target(struct store *s, int64_t target, struct err *e) _must_check_;
/* Links of an object that a full import run did not deliver one by one: imported = 1, seen <> run.
 */
int cs_link_page_unseen(struct store *s, int64_t connector, int64_t run, int64_t after_cs,
	unsigned limit, struct arena *a, struct cs_link **ret, unsigned *ret_n,
	struct err *e) _must_check_;
/* Deletes rows of a connector with imported = 0, wanted = 0, state none or confirmed, seq <= up_to.
 */
int cs_link_purge(struct store *s, int64_t connector, int64_t up_to, struct err *e) _must_check_;

/*
 * Links of a connector that export has to send, ordered by (cs, attribute): in the state, the
 * source not blocked as a whole and wanted present, both ends with an anchor. Pages by (after_cs,
 * after_attr, after_target); all three 0 at first.
 */
struct link_item {
	struct cs_link link;
	const char *class, *dn, *anchor; /* of the source */
	unsigned blocked;                /* and its mask */
	const char *target_class, *target_anchor, *target_dn;
};
int cs_link_page_export(struct store *s, int64_t connector, enum export_state state,
	const struct cs_link *after, unsigned limit, struct arena *a, struct link_item **ret,
	unsigned *ret_n, struct err *e) _must_check_;

/*
 * References that an export is to remove from objects that stay, those under AUTHORITY_WHOLE left
 * out. A smaller authority may keep some attributes' references, which is not known here: so they
 * are counted for each class, mask and attribute; in the arena.
 */
struct link_removals {
	const char *class;
	unsigned blocked;
	unsigned attr;
	int64_t n;  /* to be removed */
	int64_t of; /* those of one object: all that the directory has */
};
int cs_link_count_removals(struct store *s, int64_t connector, struct arena *a,
	struct link_removals **ret, unsigned *ret_n, struct err *e) _must_check_;
/* The same of one object, whatever its mask. */
int cs_link_count_removals_of(struct store *s, int64_t cs, struct arena *a,
	struct link_removals **ret, unsigned *ret_n, struct err *e) _must_check_;
/* Objects that are not due themselves and have references in the state; ids in the arena. */
int cs_link_page_sources(struct store *s, int64_t connector, enum export_state state, int64_t after,
	unsigned limit, struct arena *a, int64_t **ret, unsigned *ret_n,
	struct err *e) _must_check_;
/* References that the directory has. */
int cs_link_count_imported(
	struct store *s, int64_t connector, int64_t *ret, struct err *e) _must_check_;

/* Links to `from` become links to `to` (a placeholder turned out to be that object), as changed. */
int cs_link_repoint(struct store *s, int64_t from, int64_t to, struct err *e) _must_check_;
