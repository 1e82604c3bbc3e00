/*
 * Rows of the connector space by pages, searches and counts. No statement stays open behind a call.
 * Nothing here writes.
 */
#pragma once

#include "store/cs.h"

/*
 * Pages through rows, at most `limit` at a time, into an array in the arena:
 * - changed: connector's rows with seq > after_seq, in order of seq
 * - all: connector's rows with id > after_id, in order of id; placeholders left out; without images
 *   (imported is not NULL when there is one, but cannot be decoded)
 * - joined: the rows joined to a metaverse object, in order of connector, id
 * - sources: of these, what the directories show, without the wanted images
 * - joined_to: as joined, with the images of one connector's rows only
 * - in_state: connector's rows in the state, id > after_id, in order of id
 * - in_state_known: of these, what an import has shown
 */
int cs_page_changed(struct store *s, int64_t connector, int64_t after_seq, unsigned limit,
	struct arena *a, struct cs_row **ret, unsigned *ret_n, struct err *e) _must_check_;
int cs_page_all(struct store *s, int64_t connector, int64_t after_id, unsigned limit,
	struct arena *a, struct cs_row **ret, unsigned *ret_n, struct err *e) _must_check_;
int cs_page_joined(struct store *s, int64_t mv, struct arena *a, struct cs_row **ret,
	unsigned *ret_n, struct err *e) _must_check_;
int cs_page_sources(struct store *s, int64_t mv, struct arena *a, struct cs_row **ret,
	unsigned *ret_n, struct err *e) _must_check_;
int cs_page_joined_to(struct store *s, int64_t mv, int64_t connector, struct arena *a,
	struct cs_row **ret, unsigned *ret_n, struct err *e) _must_check_;
int cs_page_state(struct store *s, int64_t connector, enum export_state state, int64_t after_id,
	unsigned limit, struct arena *a, struct cs_row **ret, unsigned *ret_n,
	struct err *e) _must_check_;
int cs_page_state_known(struct store *s, int64_t connector, enum export_state state,
	int64_t after_id, unsigned limit, struct arena *a, struct cs_row **ret, unsigned *ret_n,
	struct err *e) _must_check_;
/* Rows whose soft delete is over: delete_after <= now. */
int cs_page_expired(struct store *s, int64_t connector, int64_t now, unsigned limit,
	struct arena *a, struct cs_row **ret, unsigned *ret_n, struct err *e) _must_check_;
/* Ids of rows that the directory has (imported, not deleted) with id > after_id. */
int cs_page_imported_ids(struct store *s, int64_t connector, int64_t after_id, unsigned limit,
	int64_t *ret_ids, unsigned *ret_n, struct err *e) _must_check_;
/* Ids of rows of a class that the directory has, id > after_id. */
int cs_page_imported_class_ids(struct store *s, int64_t connector, const char *class,
	int64_t after_id, unsigned limit, int64_t *ret_ids, unsigned *ret_n,
	struct err *e) _must_check_;
/* Of those over which one authority has the say. */
int cs_page_blocked_ids(struct store *s, int64_t connector, const char *class,
	enum authority authority, int64_t after_id, unsigned limit, int64_t *ret_ids,
	unsigned *ret_n, struct err *e) _must_check_;

/* Search for people: DN or anchor contains the text (folded), at most limit. connector 0: all. */
int cs_search(struct store *s, int64_t connector, const char *text, unsigned limit, struct arena *a,
	struct cs_row **ret, unsigned *ret_n, struct err *e) _must_check_;

struct cs_counts {
	int64_t total, placeholders, connectors, disconnectors;
	int64_t blocked;                                     /* as a whole: AUTHORITY_ALL */
	int64_t imported;                                    /* the directory has it */
	int64_t pending_add, pending_update, pending_delete; /* pending, sending or failed */
	int64_t awaiting, failed;                            /* states exported, failed */
};
int cs_count(struct store *s, int64_t connector, struct cs_counts *ret, struct err *e) _must_check_;
struct class_count {
	const char *class;
	int64_t objects, connectors, blocked, pending, awaiting;
};
/* By class, in an array in the arena. */
int cs_count_classes(struct store *s, int64_t connector, struct arena *a, struct class_count **ret,
	unsigned *ret_n, struct err *e) _must_check_;
/* Only imported objects / rows wanted absent and pending, failed or sending: for the guards. */
int cs_count_want(struct store *s, int64_t connector, enum cs_want want, int64_t *ret,
	struct err *e) _must_check_;
int cs_count_imported(struct store *s, int64_t connector, int64_t *ret, struct err *e) _must_check_;
int cs_count_imported_class(struct store *s, int64_t connector, const char *class, int64_t *ret,
	struct err *e) _must_check_;
struct delete_count {
	const char *class;
	int64_t deletes;
};
/* By class, in an array in the arena; classes without any are left out. */
int cs_count_deletes(struct store *s, int64_t connector, struct arena *a, struct delete_count **ret,
	unsigned *ret_n, struct err *e) _must_check_;
/* Ids of the connector's rows below a DN; the caller frees *ret. */
int cs_ids_below(struct store *s, int64_t connector, const char *dn, int64_t **ret, unsigned *ret_n,
	struct err *e) _must_check_;
int cs_ids_transient(struct store *s, int64_t connector, int64_t **ret, unsigned *ret_n,
	struct err *e) _must_check_;
/* 1: the connector has rows with a newer change number. */
int cs_has_changed(
	struct store *s, int64_t connector, int64_t after_seq, struct err *e) _must_check_;
