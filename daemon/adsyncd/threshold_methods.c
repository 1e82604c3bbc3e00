/* The deletion threshold and retries: the few writes that the control interface makes itself. */
#include "threshold_methods.h"
#include "base/timefmt.h"
#include "sync/view/show.h"
#include "sync/export/guard.h"
#include "sync/run.h"

#include <errno.h>

/* Never beside a run: the daemon must not wait for the database. */
static struct store *open_for_writing(struct daemon *d, struct err *e)
{
	_cleanup_free_ char *path = run_store_path(d->config);
	struct store *s = NULL;

	if (d->job) {
		err_set(e, -EBUSY, NULL, 0, "a run is in progress; try again when it has ended");
		return NULL;
	}
	if (access(path, F_OK) < 0) {
		err_set(e, -ENOENT, NULL, 0, "no cycle has run yet");
		return NULL;
	}
	if (store_open(path, STORE_WRITE, &s, e) < 0)
		return NULL;
	if (store_begin(s, e) < 0) {
		store_close(s);
		return NULL;
	}
	return s;
}

/* Staged deletes of all connectors that export. */
static int count_all(struct store *s, struct guard_counts *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct connector_row *rows;
	unsigned n;

	*ret = (struct guard_counts){0};
	TRY(connector_list(s, &a, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		const struct connector_type *t = connector_type_find(rows[i].type);

		if (t && t->export)
			TRY(guard_count(s, rows[i].id, ret, e));
	}
	return 0;
}

json_t *threshold_json(struct daemon *d, struct store *s, struct err *e)
{
	struct threshold_override o;
	struct guard_counts c;
	char when[TIME_TEXT_SIZE];
	int64_t limit;

	if (threshold_get(s, d->config, &limit, e) < 0 || threshold_override_get(s, &o, e) < 0 ||
		count_all(s, &c, e) < 0)
		return NULL;
	return json_pack("{s:I, s:I, s:b, s:I, s:I, s:b, s:I, s:I, s:s?}", "threshold",
		(json_int_t)limit, "configured",
		(json_int_t)setting_number(&d->config->export, "deletion_threshold"), "enabled",
		limit != 0, "staged_deletes", (json_int_t)c.deletes, "groups_held",
		(json_int_t)c.held, "override", o.ends != 0, "override_deletes",
		(json_int_t)o.deletes, "override_removals", (json_int_t)o.removals, "override_ends",
		o.ends ? time_format(o.ends, when) : NULL);
}

int threshold_change(struct daemon *d, int64_t n, struct err *e)
{
	_cleanup_store_ struct store *s = open_for_writing(d, e);

	if (!s)
		return e->code;
	TRY(threshold_set(s, n, e));
	return store_commit(s, e);
}

int threshold_allow(struct daemon *d, struct threshold_override *ret, struct err *e)
{
	_cleanup_store_ struct store *s = open_for_writing(d, e);
	struct guard_counts c;

	if (!s)
		return e->code;
	TRY(count_all(s, &c, e));
	if (!c.deletes && !c.references) {
		store_rollback(s);
		return err_set(e, -ENOENT, NULL, 0,
			"nothing is staged that a threshold would stop: a permission in advance is "
			"not given");
	}
	*ret = (struct threshold_override){
		c.deletes, c.references, c.removals, unix_now() + OVERRIDE_SECONDS};
	TRY(threshold_override_set(s, ret, e));
	return store_commit(s, e);
}

int error_retry_named(struct daemon *d, const char *connector, const char *name, struct err *e)
{
	_cleanup_store_ struct store *s = open_for_writing(d, e);
	_cleanup_arena_ struct arena a = {0};
	struct cs_row row, *joined;
	bool any = false;
	unsigned n;

	if (!s)
		return e->code;
	TRY(show_find_row(s, connector, name, &a, &row, e));
	if (row.mv)
		TRY(cs_page_joined(s, row.mv, &a, &joined, &n, e));
	else {
		joined = &row;
		n = 1;
	}
	for (unsigned i = 0; i < n; i++) {
		int r = error_retry(s, joined[i].id, ERROR_EXPORT, e);

		TRY(r);
		any = any || r == 0;
	}
	if (!any) {
		store_rollback(s);
		return err_set(e, -ENOENT, NULL, 0, "%s has no export error", name);
	}
	return store_commit(s, e);
}
