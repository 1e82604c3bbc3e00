/* Containers of a directory. */
#include "store/container.h"
#include "model/dn.h"
#include "store/query.h"

static void read_row(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct container_row *row = ret;

	row->anchor = q_col_text(st, 0, a);
	row->dn = q_col_text(st, 1, a);
}

int container_get(struct store *s, int64_t connector, const char *anchor, struct arena *a,
	const char **ret_dn, struct err *e)
{
	assert(connector >= 0);
	return q_get(s, Q_CONTAINER_GET, q_read_text, a, ret_dn, e, I(connector), S(anchor));
}

int container_put(struct store *s, int64_t connector, const char *anchor, const char *dn,
	int64_t seen, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};

	assert(connector >= 0);
	return q_exec(
		s, Q_CONTAINER_PUT, e, I(connector), S(anchor), S(dn), S(dn_key(&a, dn)), I(seen));
}

int container_delete(struct store *s, int64_t connector, const char *anchor, struct err *e)
{
	assert(connector >= 0);
	return q_exec(s, Q_CONTAINER_DELETE, e, I(connector), S(anchor));
}

int container_delete_unseen(struct store *s, int64_t connector, int64_t seen, struct err *e)
{
	assert(connector >= 0);
	return q_exec(s, Q_CONTAINER_DELETE_UNSEEN, e, I(connector), I(seen));
}

int container_below(struct store *s, int64_t connector, const char *dn, struct arena *a,
	struct container_row **ret, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_list(
		s, Q_CONTAINER_BELOW, read_row, a, ret, ret_n, e, I(connector), S(dn_key(a, dn)));
}
