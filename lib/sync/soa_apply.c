/* The effects: the row's mask and state, and the event. */
#include "sync/soa_apply.h"
#include "base/timefmt.h"
#include "store/authority.h"
#include "store/mv.h"
#include "store/mv_link.h"
#include "store/outbox.h"
#include "sync/export/target.h"
#include "sync/images.h"
#include "sync/soa.h"

#include <inttypes.h>
#include <stdio.h>

/* What the rules call it; NULL: nothing. */
static int name_of(
	struct sync *s, const struct cs_row *row, struct arena *a, const char **ret, struct err *e)
{
	static unsigned display_name;
	struct entry en;

	if (!display_name)
		display_name = attr_intern("displayName");
	TRY(row_entry(s, row, true, a, &en, e));
	*ret = entry_string(&en, display_name);
	return 0;
}

/* What the event tells stays in the store, too. */
static int keep_skip(struct sync *s, const struct sync_connector *conn, const struct cs_row *row,
	const char *source_dn, const char *name, enum delta_op op, const char *attributes,
	struct err *e)
{
	const struct skip_row skip = {
		.at = unix_now(),
		.run = s->run,
		.connector = conn->name,
		.class = row->class,
		.dn = row->dn,
		.anchor = row->anchor,
		.source_dn = source_dn,
		.name = name,
		.blocked = row->blocked,
		.operation = delta_op_name(op),
		.attributes = attributes,
	};

	return skip_add(s->store, &skip, e);
}

int soa_event(struct sync *s, const struct sync_connector *conn, const struct cs_row *row,
	const char *source_dn, enum delta_op op, const char *attributes, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const char *reason = soa_reason(conn->type, row->blocked);
	const char *dn = source_dn ? source_dn : row->dn;
	struct record r = {.event = EVENT_SOA_BLOCKED};
	const char *name, *called = dn;
	char run[24];

	TRY(name_of(s, row, &a, &name, e));
	TRY(keep_skip(s, conn, row, source_dn, name, op, attributes, e));
	if (!source_dn && name) /* the object of the source, which would say it, is gone */
		called = arena_printf(&a, "%s (%s)", name, row->dn);
	snprintf(run, sizeof(run), "%" PRId64, s->run);
	if (op == DELTA_DELETE)
		r.message = arena_printf(&a,
			"%s is no longer in scope or was deleted, but %s: the object in connector "
			"\"%s\" is kept and is no longer connected.",
			called, reason, conn->name);
	else
		r.message =
			arena_printf(&a, "The change to %s was not synchronized: %s. Changed: %s.",
				called, reason, attributes ? attributes : "-");
	record_add(&r, RECORD_CONNECTOR, conn->name);
	record_add(&r, RECORD_DN, dn);
	record_add(&r, RECORD_CLOUD_ANCHOR, row->anchor);
	record_add(&r, RECORD_OPERATION, delta_op_name(op));
	record_add(&r, RECORD_ATTRIBUTES, attributes);
	record_add(&r, RECORD_RUN, run);
	sync_count(s, COUNTER_SOA_BLOCKED);
	return outbox_add(s->store, &r, e);
}

int soa_turn_to(struct sync *s, struct cs_row *row, unsigned blocked, struct err *e)
{
	unsigned before = row->blocked;

	row->blocked = blocked;
	if (want_has_values(row->want))
		switch (soa_turn(before, row->blocked)) {
		case SOA_TAKEN:
			row_set_state(row, EXPORT_EVENT_BLOCKED);
			row->export_all = false;
			break;
		case SOA_RETURNED:
			row_set_state(row, EXPORT_EVENT_UNBLOCKED);
			row->export_all = true;
			if (row->mv) /* references that came meanwhile are looked at */
				TRY(mv_touch(s->store, row->mv, e));
			break;
		case SOA_SAME:
			break;
		}
	if (row->id && row->blocked != before)
		TRY(authority_put(s->store, row->id, unix_now(), e));
	if (row->mv) /* the groups that hold it are to be looked at again */
		TRY(mv_link_touch_target(s->store, row->mv, e));
	return 0;
}

int soa_set(struct sync *s, struct cs_row *row, enum authority authority, bool set, struct err *e)
{
	TRY(soa_turn_to(s, row, set ? row->blocked | authority : row->blocked & ~authority, e));
	TRY(cs_update(s->store, row, true, e));
	sync_count(s, COUNTER_STAGE_UPDATE);
	return 0;
}

int soa_hold(struct sync *s, const struct sync_connector *conn, struct cs_row *row,
	enum delta_op op, const char *attributes, struct err *e)
{
	bool new = !(row->blocked & AUTHORITY_ALL);

	row->blocked |= AUTHORITY_ALL;
	row->export_all = false;
	if (op == DELTA_DELETE)
		row->want = WANT_NOTHING;
	row_set_state(row, EXPORT_EVENT_BLOCKED);
	TRY(cs_update(s->store, row, false, e));
	if (new)
		TRY(authority_put(s->store, row->id, unix_now(), e));
	return soa_event(s, conn, row, NULL, op, attributes, e);
}
