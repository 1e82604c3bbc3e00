/*
 * Numbers and percentages: for all deletes of a target, for each class, for the references of a
 * target and of one object. What an administrator set at run time is rows of the store's meta: one
 * for the deletion threshold, and one for each target that has a permission.
 */
#include "sync/export/limit.h"
#include "base/timefmt.h"
#include "store/connector_row.h"
#include "store/cs_link.h"
#include "store/cs_page.h"
#include "store/error.h"
#include "store/outbox.h"
#include "sync/export/export.h"
#include "sync/export/staged.h"
#include "sync/step.h"

#include <inttypes.h>
#include <stdio.h>

#define FEW 20 /* limit_share_exceeded(): up to so many are no large share */

/* --- what was set at run time --- */

static const char number_row[] = "deletion_threshold";

int limit_threshold_get(struct store *s, const struct config *cfg,
	const struct connector_config *cc, struct own_value *ret, bool *ret_set, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const char *text = NULL;
	int r = meta_get(s, number_row, &a, &text, e);

	TRY(r);
	own_value(&cfg->export, cc ? &cc->settings : NULL, "deletion_threshold", NULL, ret);
	*ret_set = r == 0 && *text;
	if (*ret_set)
		*ret = (struct own_value){.n = strtoll(text, NULL, 10), .key = ret->key};
	return 0;
}

int limit_threshold_set(struct store *s, int64_t n, struct err *e)
{
	char text[32] = "";

	if (n >= 0)
		snprintf(text, sizeof(text), "%" PRId64, n);
	return meta_set(s, number_row, text, e);
}

/* The row of one target's permission. */
static const char *override_row(int64_t connector, struct arena *a)
{
	return arena_printf(a, "deletion_override:%" PRId64, connector);
}

int limit_override_get(
	struct store *s, int64_t connector, struct limit_override *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const char *text = NULL;
	struct limit_override o = {0};
	int r = meta_get(s, override_row(connector, &a), &a, &text, e);

	TRY(r);
	*ret = (struct limit_override){0};
	if (r == 0 &&
		sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, &o.deletes,
			&o.references, &o.removals, &o.ends) == 4 &&
		o.ends > unix_now())
		*ret = o;
	return 0;
}

int limit_override_set(
	struct store *s, int64_t connector, const struct limit_override *o, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	char text[128] = "";

	if (o->ends)
		snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
			o->deletes, o->references, o->removals, o->ends);
	return meta_set(s, override_row(connector, &a), text, e);
}

int limit_override_sum(struct store *s, struct limit_override *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct limit_override sum = {0}, o;
	struct connector_row *rows;
	unsigned n;

	TRY(connector_list(s, &a, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		TRY(limit_override_get(s, rows[i].id, &o, e));
		sum.deletes += o.deletes;
		sum.references += o.references;
		sum.removals = MAX(sum.removals, o.removals);
		sum.ends = MAX(sum.ends, o.ends);
	}
	*ret = sum;
	return 0;
}

/* --- deletes --- */

/* Can n be too large a share? If not, the whole need not be counted. */
static bool may_exceed(int64_t n, int64_t percent)
{
	return percent >= 0 && n > FEW;
}

bool limit_share_exceeded(int64_t n, int64_t of, int64_t percent)
{
	return may_exceed(n, percent) && n * 100 > of * percent;
}

/* Checks number and share of one class. Text in why when there are too many. */
static int doubt_class(
	struct export_step *st, const struct delete_count *d, char *why, size_t size, struct err *e)
{
	const struct settings *all = &st->sync->cfg->export, *own = &st->conn->cfg->settings;
	struct own_value limit, share;
	int64_t of = 0;

	if (own_value_of_class(all, own, "deletion_threshold", d->class, &limit) && limit.n &&
		d->deletes > limit.n) {
		snprintf(why, size,
			"%" PRId64
			" objects of class %s are to be deleted, more than %s = %" PRId64,
			d->deletes, d->class, limit.key, limit.n);
		return 0;
	}
	own_value(all, own, "deletion_limit", d->class, &share);
	if (!may_exceed(d->deletes, share.n))
		return 0;
	TRY(cs_count_imported_class(st->sync->store, st->conn->row.id, d->class, &of, e));
	if (limit_share_exceeded(d->deletes, of, share.n))
		snprintf(why, size,
			"%" PRId64 " of %" PRId64
			" objects of class %s are to be deleted, more than %s = "
			"%" PRId64 " percent",
			d->deletes, of, d->class, share.key, share.n);
	return 0;
}

/* All references of the target: a changed filter or right may hide many. *ret_n: to be removed. */
static int doubt_references(
	struct export_step *st, char *why, size_t size, int64_t *ret_n, struct err *e)
{
	int64_t connector = st->conn->row.id, n, of;
	struct own_value share;

	why[0] = '\0';
	own_value(&st->sync->cfg->export, &st->conn->cfg->settings, "deletion_limit", NULL, &share);
	TRY(staged_removals(st->sync->store, st->conn->cfg, connector, &n, e));
	*ret_n = n;
	if (!may_exceed(n, share.n))
		return 0;
	TRY(cs_link_count_imported(st->sync->store, connector, &of, e));
	if (limit_share_exceeded(n, of, share.n))
		snprintf(why, size,
			"%" PRId64 " of %" PRId64
			" references are to be removed, more than deletion_limit = %" PRId64
			" percent",
			n, of, share.n);
	return 0;
}

/* why: the reason to stop the deletes, or "". *ret_n: objects to be deleted. */
static int doubt_objects(struct export_step *st, int64_t limit, char *why, size_t size,
	int64_t *ret_n, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct delete_count *classes;
	int64_t total = 0;
	unsigned n;

	why[0] = '\0';
	TRY(cs_count_deletes(st->sync->store, st->conn->row.id, &a, &classes, &n, e));
	for (unsigned i = 0; i < n; i++)
		total += classes[i].deletes;
	*ret_n = total;
	if (total > limit)
		snprintf(why, size,
			"%" PRId64
			" objects are to be deleted, more than deletion_threshold = %" PRId64,
			total, limit);
	for (unsigned i = 0; i < n && !why[0]; i++)
		TRY(doubt_class(st, &classes[i], why, size, e));
	return 0;
}

/* Clears why if a permission covers n; not if there are more than were allowed. */
static void allow(struct export_step *st, char *why, int64_t n, int64_t allowed)
{
	if (!why[0] || !st->limit->override.ends || n > allowed)
		return;
	st->limit->override_used = true;
	why[0] = '\0';
}

/* "" when the export may go on. */
static int doubt(struct export_step *st, char *why, size_t size, struct err *e)
{
	struct own_value limit;
	bool set;
	int64_t n;

	why[0] = '\0';
	TRY(limit_threshold_get(st->sync->store, st->sync->cfg, st->conn->cfg, &limit, &set, e));
	if (limit.n == 0)
		return 0;
	TRY(doubt_objects(st, limit.n, why, size, &n, e));
	allow(st, why, n, st->limit->override.deletes);
	if (why[0])
		return 0;
	TRY(doubt_references(st, why, size, &n, e));
	allow(st, why, n, st->limit->override.references);
	return 0;
}

int limit_begin(struct export_step *st, struct err *e)
{
	return limit_override_get(st->sync->store, st->conn->row.id, &st->limit->override, e);
}

int limit_deletes(struct export_step *st, struct step_end *end, bool *ret_stopped, struct err *e)
{
	struct record r = {.event = EVENT_DELETION_THRESHOLD};
	char why[200];

	TRY(limit_begin(st, e));
	TRY(doubt(st, why, sizeof(why), e));
	*ret_stopped = why[0] != '\0';
	if (!*ret_stopped)
		return 0;
	TRY(export_transaction(st, e));
	end->result = STEP_RESULT_DELETION_THRESHOLD;
	snprintf(end->error, sizeof(end->error),
		"%s; nothing was exported. Check them with \"adsyncctl pending list\". To permit "
		"them once, run \"adsyncctl threshold override-once\"",
		why);
	r.message = end->error;
	record_add(&r, RECORD_CONNECTOR, st->conn->name);
	TRY(outbox_add(st->sync->store, &r, e));
	return export_commit(st, e);
}

/*
 * The permission is for one export to this target of what was staged there when it was given: it
 * is deleted when that export has ended well. Otherwise the next one may still use it for the rest.
 */
int limit_done(struct export_step *st, struct err *e)
{
	static const struct limit_override none;

	if (!st->limit->override_used)
		return 0;
	TRY(export_transaction(st, e));
	TRY(limit_override_set(st->sync->store, st->conn->row.id, &none, e));
	return export_commit(st, e);
}

/* --- members of one group --- */

static int hold(
	struct export_step *st, int64_t cs, const char *dn, int64_t n, int64_t of, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct record r = {.event = EVENT_DELETION_THRESHOLD};
	struct error_row er;
	char text[400];
	int known = error_get(st->sync->store, cs, ERROR_EXPORT, &a, &er, e);

	TRY(known);
	snprintf(text, sizeof(text),
		"%" PRId64 " of %" PRId64
		" members of %.200s are to be removed, which is too many; they are kept. To permit "
		"it once, run \"adsyncctl threshold override-once\"",
		n, of, dn);
	st->sync->n_errors++;
	sync_count(st->sync, COUNTER_EXPORT_FAILURE);
	TRY(export_transaction(st, e));
	TRY(error_put(st->sync->store, cs, ERROR_EXPORT, error_type_word(ERROR_TYPE_MEMBER_REMOVAL),
		text, unix_now(), 0, NULL, e));
	if (known == 0 && er.known == ERROR_TYPE_MEMBER_REMOVAL && streq(er.text, text))
		return 0; /* reported already */
	r.message = text;
	record_add(&r, RECORD_CONNECTOR, st->conn->name);
	record_add(&r, RECORD_DN, dn);
	record_add(&r, RECORD_ERROR, error_type_word(ERROR_TYPE_MEMBER_REMOVAL));
	return outbox_add(st->sync->store, &r, e);
}

static bool is_too_much(const struct export_step *st, int64_t n, int64_t of)
{
	struct own_value limit, share;

	own_value(&st->sync->cfg->export, &st->conn->cfg->settings, "member_removal_threshold",
		NULL, &limit);
	own_value(&st->sync->cfg->export, &st->conn->cfg->settings, "member_removal_limit", NULL,
		&share);
	return (limit.n && n > limit.n) || limit_share_exceeded(n, of, share.n);
}

static int clear_hold(struct export_step *st, int64_t cs, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct error_row er;
	int r = error_get(st->sync->store, cs, ERROR_EXPORT, &a, &er, e);

	TRY(r);
	if (r != 0 || er.known != ERROR_TYPE_MEMBER_REMOVAL)
		return 0;
	TRY(export_transaction(st, e));
	return error_clear(st->sync->store, cs, ERROR_EXPORT, e);
}

int limit_removal(struct export_step *st, int64_t cs, const char *dn, bool *ret_held, struct err *e)
{
	int64_t n, of;

	*ret_held = bitmap_get(&st->limit->held, cs);
	if (bitmap_get(&st->limit->weighed, cs))
		return 0;
	bitmap_set(&st->limit->weighed, cs);
	TRY(staged_removals_of(st->sync->store, st->conn->cfg, cs, &n, &of, e));
	if (!is_too_much(st, n, of))
		return clear_hold(st, cs, e);
	if (st->limit->override.ends && n <= st->limit->override.removals) {
		st->limit->override_used = true;
		return clear_hold(st, cs, e);
	}
	bitmap_set(&st->limit->held, cs);
	*ret_held = true;
	return hold(st, cs, dn, n, of, e);
}

void limit_end(struct limit *l)
{
	bitmap_done(&l->weighed);
	bitmap_done(&l->held);
}
