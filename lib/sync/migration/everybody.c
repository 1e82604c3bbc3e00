/* A walk over the target, see everybody.h. */
#include "sync/migration/everybody.h"
#include "base/json.h"
#include "store/cs_page.h"

#include <errno.h>

#define PAGE_IDS 500

/* Can an authority be over objects of the class? */
static bool is_switched(const struct connector_type *t, const char *class)
{
	for (unsigned i = 0; i < t->n_authorities; i++)
		for (const char *const *c = t->authorities[i].classes; c && *c; c++)
			if (streq(*c, class))
				return true;
	return false;
}

static int go_on(const struct migration *m, int64_t looked_at, struct err *e)
{
	if (!m->host)
		return 0;
	if (work_canceled(m->host))
		return err_set(e, -ECANCELED, NULL, 0, "stopped");
	if (looked_at % 1000 == 0)
		work_progress(m->host, json_pack("{s:I}", "objects", (json_int_t)looked_at));
	return 0;
}

int everybody(struct migration *m, int (*found)(void *ctx, const struct subject *s, struct err *e),
	void *ctx, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	int64_t ids[PAGE_IDS], after = 0, looked_at = 0;
	unsigned n;

	do {
		TRY(cs_page_imported_ids(m->store, m->target_row.id, after, PAGE_IDS, ids, &n, e));
		for (unsigned i = 0; i < n; i++) {
			struct cs_row row;
			struct subject s;
			int r;

			TRY(go_on(m, ++looked_at, e));
			arena_reset(&a);
			after = ids[i];
			r = cs_get(m->store, ids[i], &a, &row, e);
			TRY(r);
			if (r == STORE_NONE || !is_switched(m->target->type, row.class))
				continue;
			TRY(identity_of_row(m, &row, &s, e));
			TRY(found(ctx, &s, e));
		}
	} while (n == PAGE_IDS);
	return 0;
}
