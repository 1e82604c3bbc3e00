/* What is pending for a target, and the states on the way there, see target.h. */
#include "sync/export/target.h"
#include "model/dn.h"
#include "sync/soa.h"

#include <assert.h>

void pending_delta(const struct connector_config *cfg, const struct cs_row *row,
	const struct entry *imported, const struct entry *wanted, unsigned flags, struct arena *a,
	struct delta *ret)
{
	bool all = row->export_all && !(flags & PENDING_DIFFERENCES);

	delta_owned(imported, wanted, all, a, ret);
	if (cfg && row->blocked)
		soa_ours(row, soa_class(cfg, row), ret);
	assert(cfg || !(flags & PENDING_SETTLED));
	if (ret->n_attrs && flags & PENDING_SETTLED)
		delta_settle(ret, schema_class_find(cfg->type->schema(&cfg->settings), row->class));
}

const char *pending_dn(const struct connector_config *cfg, const struct cs_row *row,
	const struct entry *wanted, struct arena *a)
{
	const char *dn;

	if (!cfg->type->can_rename || !row->anchor || row->want != WANT_PRESENT)
		return NULL;
	dn = cfg->type->target_dn(wanted, a);
	return dn && !streq(dn_key(a, dn), dn_key(a, row->dn)) ? dn : NULL;
}

void row_set_state(struct cs_row *row, enum export_event event)
{
	row->state = export_state_next(row->state, event);
}

void link_set_state(struct cs_link *link, enum export_event event)
{
	link->state = export_state_next(link->state, event);
}
