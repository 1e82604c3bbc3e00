/* Changes of the store between runs, see change.h. */
#include "sync/change.h"
#include "base/timefmt.h"
#include "store/cs_page.h"
#include "store/error.h"
#include "sync/export/limit.h"
#include "sync/export/staged.h"
#include "sync/run.h"
#include "sync/view/show.h"

#include <errno.h>

struct change {
	struct store *s;
	int lock;
};

static void change_done(struct change *c)
{
	if (c->s)
		store_rollback(c->s); /* after a commit this does nothing */
	store_close(c->s);
	closep(&c->lock);
}
#define _cleanup_change_ _cleanup_(change_done)

static int begin(struct change *c, const struct config *cfg, struct err *e)
{
	_cleanup_free_ char *path = run_store_path(cfg);
	int r;

	if (access(path, F_OK) < 0)
		return err_set(e, -ENOENT, NULL, 0, "no cycle has run yet");
	r = run_lock(cfg, &c->lock, e);
	if (r == -EBUSY)
		return err_set(e, r, NULL, 0, "a run is in progress; try again when it has ended");
	TRY(r);
	TRY(store_open(path, STORE_WRITE, &c->s, e));
	return store_begin(c->s, e);
}

int change_threshold(const struct config *cfg, int64_t n, struct err *e)
{
	_cleanup_change_ struct change c = {.lock = -1};

	TRY(begin(&c, cfg, e));
	TRY(limit_threshold_set(c.s, n, e));
	return store_commit(c.s, e);
}

int change_allow(const struct config *cfg, struct limit_override *ret, struct err *e)
{
	_cleanup_change_ struct change c = {.lock = -1};
	_cleanup_arena_ struct arena a = {0};
	struct connector_row *rows;
	unsigned n;

	TRY(begin(&c, cfg, e));
	TRY(connector_list(c.s, &a, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		struct limit_override o = {0};
		struct staged staged;

		TRY(staged_in(c.s, cfg, &rows[i], &staged, e));
		if (staged.deletes || staged.references)
			o = (struct limit_override){staged.deletes, staged.references,
				staged.removals, unix_now() + OVERRIDE_SECONDS};
		TRY(limit_override_set(c.s, rows[i].id, &o, e));
	}
	TRY(limit_override_sum(c.s, ret, e));
	if (!ret->ends)
		return err_set(e, -ENOENT, NULL, 0,
			"there is nothing to permit: no deletes and no removed references are "
			"pending, and a permission cannot be given in advance");
	return store_commit(c.s, e);
}

int change_retry(const struct config *cfg, const char *connector, const char *name, struct err *e)
{
	_cleanup_change_ struct change c = {.lock = -1};
	_cleanup_arena_ struct arena a = {0};
	struct cs_row row, *joined = &row;
	bool any = false;
	unsigned n = 1;

	TRY(begin(&c, cfg, e));
	TRY(show_find_row(c.s, connector, name, &a, &row, e));
	if (row.mv)
		TRY(cs_page_joined(c.s, row.mv, &a, &joined, &n, e));
	for (unsigned i = 0; i < n; i++) {
		int r = error_retry(c.s, joined[i].id, ERROR_EXPORT, e);

		TRY(r);
		any = any || r == 0;
	}
	if (!any)
		return err_set(e, -ENOENT, NULL, 0, "%s has no export error", name);
	return store_commit(c.s, e);
}
