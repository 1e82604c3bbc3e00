/* Orders. */
#include "order/orders.h"

#include "base/err.h"

struct orders *orders_new(const char *snapshots)
{
	struct orders *o = xcalloc(1, sizeof(*o));

	o->snapshots = snapshots;
	return o;
}

struct orders *orders_free(struct orders *o)
{
	if (!o)
		return NULL;
	faults_clear(&o->faults);
	throttle_free(o->throttle);
	free(o);
	return NULL;
}
