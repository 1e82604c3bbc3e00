/* Containers of a directory. */
#include "store/container.h"
#include "base/text.h"
#include "store/query.h"
#include "model/dn.h"

#include <errno.h>

int container_get(struct store *s, int64_t connector, const char *anchor, struct arena *a,
	const char **ret_dn, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CONTAINER_GET, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_text(st, 2, anchor);
	r = q_step(s, Q_CONTAINER_GET, e);
	if (r <= 0)
		return r < 0 ? r : STORE_NONE;
	*ret_dn = q_col_text(st, 0, a);
	q_end(s, Q_CONTAINER_GET);
	return 0;
}

int container_put(struct store *s, int64_t connector, const char *anchor, const char *dn,
	int64_t seen, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	sqlite3_stmt *st = q_start(s, Q_CONTAINER_PUT, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_text(st, 2, anchor);
	q_text(st, 3, dn);
	q_text(st, 4, dn_key(&a, dn));
	q_int(st, 5, seen);
	return q_run(s, Q_CONTAINER_PUT, e);
}

int container_delete(struct store *s, int64_t connector, const char *anchor, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CONTAINER_DELETE, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_text(st, 2, anchor);
	return q_run(s, Q_CONTAINER_DELETE, e);
}

int container_delete_unseen(struct store *s, int64_t connector, int64_t seen, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CONTAINER_DELETE_UNSEEN, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, seen);
	return q_run(s, Q_CONTAINER_DELETE_UNSEEN, e);
}

int container_below(struct store *s, int64_t connector, const char *dn, struct arena *a,
	struct container_row **ret, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CONTAINER_BELOW, e);
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_text(st, 2, dn_key(a, dn));
	while ((r = q_step(s, Q_CONTAINER_BELOW, e)) > 0) {
		struct container_row *c = rows_add(&rows);

		c->anchor = q_col_text(st, 0, a);
		c->dn = q_col_text(st, 1, a);
	}
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}
