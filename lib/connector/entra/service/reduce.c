/* What is left out of an object, see reduce.h. */
#include "connector/entra/service/reduce.h"
#include "connector/entra/extension.h"

static const struct delta_attr *changed(const struct export_item *it, unsigned attr)
{
	for (unsigned i = 0; i < it->delta->n_attrs; i++)
		if (it->delta->attrs[i].id == attr)
			return &it->delta->attrs[i];
	return NULL;
}

static bool is_refused(const struct service_reduced *r, unsigned attr)
{
	for (unsigned i = 0; i < r->n_refused; i++)
		if (r->refused[i] == attr)
			return true;
	return false;
}

/* The tenant's name of it, which is on the wire. */
static const char *name_of(const struct connector *c, const struct export_item *it, unsigned attr)
{
	const struct entra_attr *row =
		entra_extension_row(c->extensions, attr, entra_class_find(it->class));

	return row && row->property ? row->property : attr_name(attr);
}

static void find_refused(const struct connector *c, const struct export_item *it,
	struct service_reduced *r, struct arena *a)
{
	for (unsigned i = 0; i < it->wanted->n_attrs; i++) {
		struct delta_attr attr = {.id = it->wanted->attrs[i].id};
		struct delta one = {&attr, 1};
		const char *text, *error;

		if (it->op != DELTA_ADD && !changed(it, attr.id))
			continue;
		error = entra_extension_problem(it->wanted, &one, a, &text);
		if (!error)
			continue;
		r->refused[r->n_refused++] = attr.id;
		r->error = r->error ? r->error : error;
		r->names = arena_printf(
			a, "%s%s%s", r->names, *r->names ? ", " : "", name_of(c, it, attr.id));
	}
}

/* What is left of the item. */
static void leave_out(struct export_item *it, struct service_reduced *r, struct arena *a)
{
	const struct entry *wanted = it->wanted;
	unsigned n = it->delta ? it->delta->n_attrs : 0;

	entry_init(&r->wanted, a);
	r->wanted.class = wanted->class;
	r->wanted.dn = wanted->dn;
	r->wanted.anchor = wanted->anchor;
	for (unsigned i = 0; i < wanted->n_attrs; i++)
		if (!is_refused(r, wanted->attrs[i].id))
			entry_put(&r->wanted, wanted->attrs[i].id, wanted->attrs[i].values,
				wanted->attrs[i].count);
	r->delta.attrs = arena_alloc(a, (n + 1) * sizeof(*r->delta.attrs));
	for (unsigned i = 0; i < n; i++)
		if (!is_refused(r, it->delta->attrs[i].id))
			r->delta.attrs[r->delta.n_attrs++] = it->delta->attrs[i];
	it->wanted = &r->wanted;
	it->delta = &r->delta;
}

struct service_reduced *service_reduce(
	const struct connector *c, struct export_item *item, struct arena *a)
{
	struct service_reduced found = {.id = item->id, .names = ""}, *r;
	const char *text;

	if (!c->extensions || item->kind != EXPORT_OBJECT ||
		!entra_extension_problem(item->wanted, NULL, a, &text))
		return NULL;
	found.refused = arena_alloc(a, (item->wanted->n_attrs + 1) * sizeof(*found.refused));
	find_refused(c, item, &found, a);
	if (!found.n_refused)
		return NULL;
	r = arena_alloc(a, sizeof(*r));
	*r = found;
	leave_out(item, r, a);
	return r;
}

void service_reduced_outcome(
	const struct service_reduced *r, bool sent, struct arena *a, struct export_outcome *o)
{
	o->result = CONN_OBJECT_BAD;
	o->error_type = r->error;
	o->refused = r->refused;
	o->n_refused = r->n_refused;
	o->rest_sent = sent;
	o->text = arena_printf(a, "refused: %s (not sent: the service would refuse it)%s", r->names,
		sent ? "; the other properties were written" : "");
}
