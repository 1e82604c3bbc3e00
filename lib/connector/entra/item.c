/*
 * Sub-requests made of export items: what can be sent on the surface, and what is asked first. What
 * a surface cannot write is a line of outside_surface().
 */
#include "connector/entra/item.h"
#include "connector/entra/body.h"
#include "connector/entra/match.h"
#include "connector/entra/refused.h"
#include "connector/entra/value.h"

#include <assert.h>

static bool wanted_true(const struct entry *en, const char *name)
{
	const struct value *v = entry_first(en, attr_intern(name));

	return v && v->type == VALUE_BOOLEAN && v->num;
}

/* Objects that Graph does not write: devices join by themselves, public folders are Exchange's. */
static bool never_sent(const struct connector *con, const char *class)
{
	const struct schema_class *c =
		class ? schema_class_find(entra_schema(con->surface), class) : NULL;

	return c && c->never_sent;
}

/* Why an object cannot be written on the surface; NULL: it can. */
static const char *outside_surface(const struct connector *c, const struct export_item *it)
{
	if (never_sent(c, it->class))
		return "devices and public folders cannot be written through Graph";
	if (it->kind == EXPORT_LINK && never_sent(c, it->target_class))
		return "devices and public folders cannot be written through Graph, so nothing "
		       "can refer to them";
	if (streq(it->class, "contact"))
		return "public Graph cannot write organizational contacts";
	if (it->kind == EXPORT_OBJECT && streq(it->class, "group") &&
		wanted_true(it->wanted, "mailEnabled"))
		return "public Graph cannot write mail-enabled groups";
	if (it->kind == EXPORT_LINK && it->target_class && streq(it->target_class, "contact"))
		return "public Graph cannot make contacts members";
	return NULL;
}

/* A value that rules made and no JSON of the service holds; NULL: none. The caller frees. */
static char *unfit(const struct connector *c, const struct part *p)
{
	const struct export_item *it = &p->items[0];
	struct entra_writing w = part_writing(c, p);
	const char *wrong;
	unsigned attr;

	if (it->kind != EXPORT_OBJECT)
		return NULL;
	w.delta = it->op == DELTA_UPDATE && !it->unknown_outcome ? it->delta : NULL;
	wrong = entra_write_problem(&w, &attr);
	return wrong ? xasprintf("%s: %s", attr_name(attr), wrong) : NULL;
}

/* The row says how Graph takes references of the attribute. */
static enum part_kind link_kind(const struct entra_attr *row, bool add)
{
	if (row->shape == SHAPE_LINK)
		return add ? PART_SET : PART_UNSET;
	if (!add)
		return PART_REMOVE;
	return row->shape == SHAPE_BIND ? PART_BIND : PART_ADD;
}

enum part_kind part_create_kind(const struct connector *c, struct part *p)
{
	const char *anchor = entry_string(p->items[0].wanted, attr_intern("sourceAnchor"));
	const char *id;

	if (p->class != ENTRA_USER)
		return PART_CREATE; /* the service matches by itself, or nothing is matched */
	id = entra_match_deleted(c->match, anchor);
	if (!id)
		return PART_MATCH;
	p->found = xstrdup(id);
	p->id = p->found;
	return PART_RESTORE;
}

static enum part_kind first_kind(const struct connector *c, struct part *p)
{
	const struct export_item *it = &p->items[0];

	switch (it->kind) {
	case EXPORT_OBJECT:
		if (it->unknown_outcome)
			return PART_FIND;
		return it->op == DELTA_ADD ? part_create_kind(c, p) : PART_UPDATE;
	case EXPORT_LINK:
		return link_kind(p->link, it->op == DELTA_ADD);
	case EXPORT_DELETE:
		return PART_DELETE;
	case EXPORT_RENAME: /* the type cannot: none comes */
		break;
	}
	return PART_OUTSIDE;
}

/*
 * Public Graph refuses a whole request for one value, and need not be asked: a new object waits, of
 * one that is there the rest is sent.
 */
static void hold_back(const struct connector *c, struct part *p)
{
	const struct export_item *it = &p->items[0];
	_cleanup_arena_ struct arena a = {0};
	const char *text;

	if (it->op == DELTA_UPDATE)
		part_leave_out(c, p);
	else
		p->problem = entra_problem(it->wanted, NULL, &a, &text);
}

static void find_link(const struct connector *c, struct part *p)
{
	const struct entra_attr *row = entra_attr_of(p->items[0].link_attr, p->class, c->surface);

	if (row && entra_is_link(row) && entra_attr_written(row, p->class, c->surface))
		p->link = row;
	else
		p->outside = "Entra ID has no such reference for objects of this class";
}

struct part *part_new(const struct connector *c, const struct export_item *item)
{
	struct part *p = xcalloc(1, sizeof(*p));
	bool nothing;

	p->items[p->n++] = *item;
	p->class = entra_class_find(item->class);
	p->id = "";
	if (item->anchor)
		entra_class_of_anchor(item->anchor, &p->id);
	p->outside = outside_surface(c, item);
	if (!p->outside && item->kind == EXPORT_LINK)
		find_link(c, p);
	p->unfit = p->outside ? NULL : unfit(c, p);
	if (!p->outside && item->kind == EXPORT_OBJECT)
		part_leave_out_extensions(c, p);
	if (!p->outside && item->kind == EXPORT_OBJECT && !item->unknown_outcome)
		hold_back(c, p);
	nothing = p->outside || p->unfit || p->problem || (p->n_refused && !part_has_rest(c, p));
	p->kind = nothing ? PART_OUTSIDE : first_kind(c, p);
	return p;
}

bool part_join(struct part *p, const struct export_item *item)
{
	const struct export_item *first = &p->items[0];

	if (p->kind != PART_BIND || p->n == PART_ITEMS_MAX || item->kind != EXPORT_LINK ||
		item->op != DELTA_ADD || item->link_attr != first->link_attr ||
		!streq(item->anchor, first->anchor))
		return false;
	p->items[p->n++] = *item;
	return true;
}
