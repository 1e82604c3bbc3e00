/*
 * References between metaverse objects as rows (store.sql: table mv_link). Attribute numbers are
 * the process's. A removed link stays as a row with present = 0 until every outbound has seen it;
 * then it is purged. mv_link_put, _touch_*, _drop_target and _purge write.
 */
#pragma once

#include "store/store.h"

struct mv_link {
	int64_t mv;
	unsigned attr;
	int64_t target;
	bool present;
	int64_t seq;
};

int mv_link_list(struct store *s, int64_t mv, unsigned attr, struct arena *a, struct mv_link **ret,
	unsigned *ret_n, struct err *e) _must_check_;
/* Number with present = 1. */
int mv_link_count(
	struct store *s, int64_t mv, unsigned attr, int64_t *ret, struct err *e) _must_check_;
int mv_link_get(struct store *s, int64_t mv, unsigned attr, int64_t target, struct mv_link *ret,
	struct err *e) _must_check_;
/* Inserts or overwrites with the next change number. */
int mv_link_put(struct store *s, int64_t mv, unsigned attr, int64_t target, bool present,
	struct err *e) _must_check_;
int mv_link_page_changed(struct store *s, int64_t after_seq, unsigned limit, struct arena *a,
	struct mv_link **ret, unsigned *ret_n, struct err *e) _must_check_;
int mv_link_list_target(struct store *s, int64_t target, struct arena *a, struct mv_link **ret,
	unsigned *ret_n, struct err *e) _must_check_;
int mv_link_touch_target(struct store *s, int64_t target, struct err *e) _must_check_;
int mv_link_touch_source(struct store *s, int64_t mv, struct err *e) _must_check_;
/* present = 0, with new change numbers, for every present link to an object that lost its join. */
int mv_link_drop_target(struct store *s, int64_t target, struct err *e) _must_check_;
/* Deletes rows with present = 0 and seq <= up_to, and keeps how far that went. */
int mv_link_purge(struct store *s, int64_t up_to, struct err *e) _must_check_;
/* The highest change number up to which removals were ever purged; 0: none. */
int mv_link_purged(struct store *s, int64_t *ret, struct err *e) _must_check_;
