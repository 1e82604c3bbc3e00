/*
 * The metaverse: one row per object, and the keys that joins look up (tables mv, mv_key).
 * mv_insert, mv_update, mv_touch, mv_delete and mv_keys_set write.
 */
#pragma once

#include "store/store.h"

struct mv_row {
	int64_t id;
	const char *class;
	const void *image;
	size_t image_len;
	bool deleted;
	int64_t seq;
	int64_t created;   /* unix time */
	const void *times; /* see sync/lineage.h; NULL: none */
	size_t times_len;
};

int mv_get(struct store *s, int64_t id, struct arena *a, struct mv_row *ret,
	struct err *e) _must_check_;
/* Both give the row the next change number. */
int mv_insert(struct store *s, struct mv_row *row, struct err *e) _must_check_;
int mv_update(struct store *s, struct mv_row *row, struct err *e) _must_check_;
/* The next change number only: outbound looks at it again. */
int mv_touch(struct store *s, int64_t id, struct err *e) _must_check_;
/* Keys and links go with it; connector space rows must have been disconnected. */
int mv_delete(struct store *s, int64_t id, struct err *e) _must_check_;

/* changed: seq > after_seq in order of seq; all: id > after_id in order of id. */
int mv_page_changed(struct store *s, int64_t after_seq, unsigned limit, struct arena *a,
	struct mv_row **ret, unsigned *ret_n, struct err *e) _must_check_;
int mv_page_all(struct store *s, int64_t after_id, unsigned limit, struct arena *a,
	struct mv_row **ret, unsigned *ret_n, struct err *e) _must_check_;

struct mv_key {
	unsigned attr; /* of the process */
	int64_t hash;
};
/* Replaces the object's keys; fresh: it has none yet. */
int mv_keys_set(struct store *s, int64_t mv, bool fresh, const struct mv_key *keys, unsigned n,
	struct err *e) _must_check_;
/* All objects that have the key (candidates: compare the value). */
int mv_keys_find(struct store *s, unsigned attr, int64_t hash, struct arena *a, int64_t **ret_ids,
	unsigned *ret_n, struct err *e) _must_check_;
