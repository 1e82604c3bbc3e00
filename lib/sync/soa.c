/* The source of authority: decisions first, then what is done about them. */
#include "sync/soa.h"
#include "store/mv_link.h"
#include "store/outbox.h"
#include "sync/export/target.h"

#include <inttypes.h>
#include <stdio.h>

/*
 * An AD-mastered group keeps references to converted users and drops references to converted
 * groups (no dual write: the sync client does not know what the cloud group holds).
 */
bool soa_keeps_reference(const struct cs_row *source, const struct cs_row *target)
{
	if (!target->id || target->want != WANT_PRESENT)
		return false;
	return !(streq(source->class, "group") && streq(target->class, "group") && target->blocked);
}

int soa_event(struct sync *s, const struct sync_connector *conn, const struct cs_row *row,
	const char *ad_dn, enum delta_op op, const char *attributes, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const char *dn = ad_dn ? ad_dn : row->dn;
	char run[24];
	struct record r = {.event = EVENT_SOA_BLOCKED};

	snprintf(run, sizeof(run), "%" PRId64, s->run);
	r.message = op == DELTA_DELETE ? arena_printf(&a,
						 "%s is no longer in scope or was deleted, but its "
						 "source of authority is "
						 "in the cloud (isCloudManaged is true): the Entra "
						 "object is kept and is no "
						 "longer connected.",
						 dn)
	                               : arena_printf(&a,
						 "The change to %s was not synchronized: its "
						 "source of authority is in the "
						 "cloud (isCloudManaged is true). Changed: %s.",
						 dn, attributes ? attributes : "-");
	record_add(&r, RECORD_CONNECTOR, conn->name);
	record_add(&r, RECORD_DN, dn);
	record_add(&r, RECORD_CLOUD_ANCHOR, row->anchor);
	record_add(&r, RECORD_OPERATION, delta_op_name(op));
	record_add(&r, RECORD_ATTRIBUTES, attributes);
	record_add(&r, RECORD_RUN, run);
	sync_count(s, COUNTER_SOA_BLOCKED);
	return outbox_add(s->store, &r, e);
}

/* The object's source of authority moved; the groups that hold it must be looked at again. */
int soa_set(struct sync *s, struct cs_row *row, bool blocked, struct err *e)
{
	struct store *store = s->store;
	enum export_event event = blocked ? EXPORT_EVENT_BLOCKED : EXPORT_EVENT_UNBLOCKED;

	row->blocked = blocked;
	if (row->want == WANT_PRESENT) {
		row_set_state(row, event);
		row->export_all = !blocked;
	}
	TRY(cs_update(store, row, true, e));
	if (row->mv)
		TRY(mv_link_touch_target(store, row->mv, e));
	sync_count(s, COUNTER_STAGE_UPDATE);
	return 0;
}
