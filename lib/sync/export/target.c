/* What is pending for a target, and the states on the way there, see target.h. */
#include "sync/export/target.h"
#include "model/dn.h"
#include "sync/soa.h"

/* Removes SCHEMA_FILL_ONLY attributes that have a value already, or get none. */
static void drop_filled(struct delta *d, const struct schema_class *class)
{
	unsigned n = 0;

	for (unsigned i = 0; class && i < d->n_attrs; i++) {
		const struct delta_attr *da = &d->attrs[i];
		const struct schema_attr *at = schema_attr_find(class, attr_name(da->id));
		bool fill = at && at->flags & SCHEMA_FILL_ONLY;

		if (!fill || ((!da->before || !da->before->count) && da->after && da->after->count))
			d->attrs[n++] = *da;
	}
	d->n_attrs = class ? n : d->n_attrs;
}

static void insert(struct delta *d, const struct delta_attr *da)
{
	unsigned at = d->n_attrs++;

	for (; at && d->attrs[at - 1].id > da->id; at--)
		d->attrs[at] = d->attrs[at - 1];
	d->attrs[at] = *da;
}

static bool is_hidden(const struct schema_class *class, unsigned attr)
{
	const struct schema_attr *at = class ? schema_attr_find(class, attr_name(attr)) : NULL;

	return at && at->flags & SCHEMA_UNREADABLE;
}

/*
 * Attributes to be cleared of which no value is known, and there may be one: those in doubt, and,
 * where everything is sent, those that the directory never shows.
 */
static void add_unsure(struct delta *d, const struct schema_class *class,
	const struct entry *imported, const struct entry *wanted, bool all)
{
	for (unsigned i = 0; i < wanted->n_attrs; i++) {
		const struct attr *after = &wanted->attrs[i];
		const struct attr *before = imported ? entry_get(imported, after->id) : NULL;

		if (after->count || (before ? before->count : !all))
			continue;
		if (before || is_hidden(class, after->id))
			insert(d, &(struct delta_attr){after->id, before, after});
	}
}

const struct schema_class *row_class(const struct connector_config *cfg, const struct cs_row *row)
{
	return schema_class_find(cfg->type->schema(&cfg->settings), row->class);
}

void pending_delta(const struct schema_class *class, const struct cs_row *row,
	const struct entry *imported, const struct entry *wanted, unsigned flags, struct arena *a,
	struct delta *ret)
{
	bool all = row->export_all && !(flags & PENDING_DIFFERENCES);

	delta_owned(imported, wanted, all, a, ret);
	if (row->acknowledged || all)
		add_unsure(ret, class, imported, wanted, all);
	soa_ours(row, class, ret);
	drop_filled(ret, class);
	if (flags & PENDING_SETTLED)
		delta_settle(ret, class);
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
