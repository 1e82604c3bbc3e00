/* Values that a directory refused. */
#include "store/refused.h"
#include "store/query.h"

int cs_refused_put(struct store *s, int64_t cs, unsigned attr, int64_t value, struct err *e)
{
	uint32_t id = s->map.to_store[attr] ? s->map.to_store[attr] : s->map.add(&s->map, attr);
	sqlite3_stmt *st = q_start(s, Q_REFUSED_PUT, e);

	if (!st)
		return e->code;
	if (!id)
		return store_attr_error(s, e);
	q_int(st, 1, cs);
	q_int(st, 2, id);
	q_int(st, 3, value);
	return q_run(s, Q_REFUSED_PUT, e);
}

int cs_refused_get(struct store *s, int64_t cs, unsigned attr, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_REFUSED_GET, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	q_int(st, 2, s->map.to_store[attr]);
	r = q_step(s, Q_REFUSED_GET, e);
	if (r <= 0)
		return r < 0 ? r : STORE_NONE;
	*ret = sqlite3_column_int64(st, 0);
	q_end(s, Q_REFUSED_GET);
	return 0;
}

int cs_refused_clear(struct store *s, int64_t cs, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_REFUSED_CLEAR, e);

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	return q_run(s, Q_REFUSED_CLEAR, e);
}
