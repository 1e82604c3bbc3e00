/* Values that a directory refused. */
#include "store/refused.h"
#include "store/query.h"

int cs_refused_put(struct store *s, int64_t cs, unsigned attr, int64_t value, struct err *e)
{
	uint32_t id;

	assert(cs >= 0);
	TRY(store_attr(s, attr, &id, e));
	return q_exec(s, Q_REFUSED_PUT, e, I(cs), I(id), I(value));
}

int cs_refused_get(struct store *s, int64_t cs, unsigned attr, int64_t *ret, struct err *e)
{
	assert(cs >= 0);
	return q_get(s, Q_REFUSED_GET, q_read_id, NULL, ret, e, I(cs), I(s->map.to_store[attr]));
}

int cs_refused_clear(struct store *s, int64_t cs, struct err *e)
{
	assert(cs >= 0);
	return q_exec(s, Q_REFUSED_CLEAR, e, I(cs));
}
