/* What of an object no rule brings to a target, see unsynced.h. */
#include "sync/unsynced.h"
#include "lang/expr/expr.h"

#include <stdlib.h>

#define EXTENSIONS_SETTING "directory_extensions"

struct way {
	const struct ruleset *rules;
	const struct connector_config *source, *target;
	const char *class; /* of the source's object */
};

/* Does the flow read the attribute? */
static bool flow_reads(const struct flow *f, unsigned attr)
{
	const unsigned *attrs;
	unsigned n;

	switch (f->kind) {
	case FLOW_DIRECT:
		return f->source == attr;
	case FLOW_EXPRESSION:
		attrs = expr_attrs(f->expr, &n);
		for (unsigned i = 0; i < n; i++)
			if (attrs[i] == attr)
				return true;
		return false;
	case FLOW_CONSTANT:
		break;
	}
	return false;
}

static bool is_sent(const struct way *w, const struct rule *r, const struct flow *f)
{
	const struct connector_type *t = w->target->type;
	const struct schema *schema = t->schema(&w->target->settings);

	for (unsigned i = 0; i < schema->n_classes; i++) {
		const struct schema_class *c = &schema->classes[i];
		const struct schema_attr *at = schema_attr_find(c, attr_name(f->dest));

		if (rule_class_fits(r->target_class, c->name) && !c->never_sent && at &&
			!(at->flags & SCHEMA_READ_ONLY))
			return true;
	}
	return false;
}

static bool class_meets(const char *a, const char *b)
{
	return rule_class_any(b) || rule_class_fits(a, b);
}

/* From the metaverse's attribute on. */
static bool leaves(const struct way *w, const char *mv_class, unsigned attr)
{
	unsigned n;
	const struct rule *const *all = ruleset_all(w->rules, &n);

	for (unsigned i = 0; i < n; i++) {
		const struct rule *r = all[i];

		if (r->direction != RULE_OUTBOUND || r->link == LINK_JOIN_NO_FLOW ||
			!class_meets(r->source_class, mv_class) ||
			!ruleset_in_force(w->rules, r, w->target->settings.name))
			continue;
		for (unsigned k = 0; k < r->n_flows; k++)
			if (flow_reads(&r->flows[k], attr) && is_sent(w, r, &r->flows[k]))
				return true;
	}
	return false;
}

static bool arrives(const struct way *w, unsigned attr)
{
	unsigned n;
	const struct rule *const *rules =
		ruleset_find(w->rules, RULE_INBOUND, w->source->settings.name, w->class, &n);

	for (unsigned i = 0; i < n; i++) {
		const struct rule *r = rules[i];

		for (unsigned k = 0; k < r->n_flows && r->link != LINK_JOIN_NO_FLOW; k++)
			if (flow_reads(&r->flows[k], attr) &&
				leaves(w, r->target_class, r->flows[k].dest))
				return true;
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	const struct unsynced_attr *x = a, *y = b;

	return strcasecmp(attr_name(x->attr), attr_name(y->attr));
}

/* The setting as it is, and those that are missing behind it. */
static const char *setting_line_of(
	const struct connector_config *source, const struct unsynced *u, struct arena *a)
{
	const char *line = EXTENSIONS_SETTING " = ", *sep = "";
	char **have = setting_list(&source->settings, EXTENSIONS_SETTING, ',', a);
	bool any = false;

	for (; *have; have++, sep = ", ")
		line = arena_printf(a, "%s%s%s", line, sep, *have);
	for (unsigned i = 0; i < u->n; i++) {
		if (u->attrs[i].why)
			continue;
		line = arena_printf(a, "%s%s%s", line, sep, attr_name(u->attrs[i].attr));
		sep = ", ";
		any = true;
	}
	return any ? line : NULL;
}

/* Why the attribute cannot be brought by the setting; NULL: it can. */
static const char *why_not(
	const struct way *w, const char *name, char *const *listed, struct arena *a)
{
	const struct extension_source *src = w->source->type->extension_source;
	const char *why = src ? src->problem(w->class, name) : NULL;

	if (why)
		return why;
	for (; listed && *listed; listed++)
		if (strcasecmp(*listed, name) == 0)
			return arena_printf(a,
				EXTENSIONS_SETTING
				" has it, and connector \"%s\" does not take "
				"it, or was not asked yet: an event of the last cycle says why",
				w->target->settings.name);
	return NULL;
}

void unsynced_find(const struct ruleset *rules, const struct connector_config *source,
	const struct connector_config *target, const struct entry *en, struct arena *a,
	struct unsynced *ret)
{
	const struct connector_type *t = source->type;
	struct way w = {rules, source, target, en->class};
	char **listed = t->extension_source
	                        ? setting_list(&source->settings, EXTENSIONS_SETTING, ',', a)
	                        : NULL;

	*ret = (struct unsynced){.attrs = arena_alloc(a, (en->n_attrs + 1) * sizeof(*ret->attrs))};
	for (unsigned i = 0; i < en->n_attrs; i++) {
		const struct attr *at = &en->attrs[i];
		const char *name = attr_name(at->id);

		if (!at->count || (t->attr_is_operational && t->attr_is_operational(name)) ||
			arrives(&w, at->id))
			continue;
		ret->attrs[ret->n++] =
			(struct unsynced_attr){at->id, at->count, why_not(&w, name, listed, a)};
	}
	if (ret->n)
		qsort(ret->attrs, ret->n, sizeof(*ret->attrs), by_name);
	if (t->extension_source)
		ret->setting = setting_line_of(source, ret, a);
}
