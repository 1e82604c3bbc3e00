/* Orders. */
#include "order/orders.h"

#include "base/err.h"

struct orders *orders_new(const char *snapshots, const json_t *service)
{
	struct orders *o = xcalloc(1, sizeof(*o));

	o->snapshots = snapshots;
	o->service_settings = service;
	o->unresolved = true;
	service_orders_init(&o->service, service);
	return o;
}

struct orders *orders_free(struct orders *o)
{
	if (!o)
		return NULL;
	faults_clear(&o->faults);
	service_orders_done(&o->service);
	throttle_free(o->throttle);
	free(o);
	return NULL;
}
