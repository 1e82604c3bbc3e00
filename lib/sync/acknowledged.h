/*
 * acknowledged: values that a directory takes and never shows (SCHEMA_UNREADABLE). No import
 * confirms them, so what it accepted is kept beside the imported image (cs.acknowledged), and the
 * two together are what the directory has: row_entry(). An attribute that stands there without
 * values is in doubt: it was sent, and whether it was accepted is not known. It differs from
 * everything, so it is sent again. That is written with the row's state before the first byte
 * leaves, so a crash never makes a value believed that was not accepted.
 *
 * References have rows of their own and no image: one that was accepted counts as imported
 * (export/result.c, import/link.c).
 */
#pragma once

#include "store/cs.h"
#include "sync/unreadable.h"

/*
 * Each of the following changes row->acknowledged (in the arena) and writes nothing. `u` is that of
 * the row's class; with NULL they do nothing.
 */

/* About to be sent: the delta's unreadable attributes are in doubt. 1: there are some. */
int acknowledged_doubt(struct sync *s, const struct unreadable *u, struct cs_row *row,
	const struct delta *d, struct arena *a, struct err *e) _must_check_;
/* The delta was accepted, but not these attributes of it. 1: it has unreadable ones. */
int acknowledged_accept(struct sync *s, const struct unreadable *u, struct cs_row *row,
	const struct delta *d, const unsigned *refused, unsigned n_refused, struct arena *a,
	struct err *e) _must_check_;
/*
 * The directory has these values. Of what the entry does not mention nothing changes, or, where it
 * is the whole, it is known that there is nothing.
 */
int acknowledged_set(struct sync *s, const struct unreadable *u, struct cs_row *row,
	const struct entry *en, bool whole, struct arena *a, struct err *e) _must_check_;
/*
 * An object is met that is ours already, and nothing is known of its unreadable values: they are
 * taken to be those of `wanted`. *ret_any: there are some. References count as well, as long as the
 * outbound step is at `watermark`: acknowledged_trusts().
 */
int acknowledged_trust(struct sync *s, const struct unreadable *u, struct cs_row *row,
	const struct entry *wanted, int64_t watermark, struct arena *a, bool *ret_any,
	struct err *e) _must_check_;
int acknowledged_trusts(struct sync *s, const struct cs_row *row, int64_t watermark,
	struct arena *a, bool *ret, struct err *e) _must_check_;
/* Not an attribute of any directory: in the image, whose values were taken on trust, and when. */
#define ACKNOWLEDGED_TRUSTED "valuesTakenOnTrust"
/* It is known that nothing was accepted: an image all the same. */
int acknowledged_nothing(
	struct sync *s, struct cs_row *row, struct arena *a, struct err *e) _must_check_;
/* Nothing is known any more: every unreadable attribute is in doubt. */
int acknowledged_unknown(struct sync *s, const struct unreadable *u, struct cs_row *row,
	struct arena *a, struct err *e) _must_check_;
/* The object is gone, and its values with it. */
void acknowledged_forget(struct cs_row *row);
