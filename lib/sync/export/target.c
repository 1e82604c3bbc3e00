/* What is pending for a target, and the states on the way there, see target.h. */
#include "sync/export/target.h"

void pending_delta(const struct connector_config *cfg, const struct cs_row *row,
	const struct entry *imported, const struct entry *wanted, unsigned flags, struct arena *a,
	struct delta *ret)
{
	bool all = row->export_all && !(flags & PENDING_DIFFERENCES);

	delta_owned(imported, wanted, all, a, ret);
	if (ret->n_attrs && flags & PENDING_SETTLED)
		delta_settle(ret, schema_class_find(cfg->type->schema(&cfg->settings), row->class));
}

void row_set_state(struct cs_row *row, enum export_event event)
{
	row->state = export_state_next(row->state, event);
}

void link_set_state(struct cs_link *link, enum export_event event)
{
	link->state = export_state_next(link->state, event);
}
