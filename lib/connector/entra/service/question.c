/* Questions about items, see question.h. */
#include "connector/entra/service/question.h"
#include "base/buf.h"
#include "connector/entra/call.h"
#include "connector/entra/read.h"
#include "model/dtyp.h"

#include <errno.h>

enum conn_result question_bad(
	struct learner *l, const struct entra_question *asked, const char *wrong)
{
	err_set(l->e, -EPROTO, l->c->graph, 0, "the answer to GET %.300s %s", asked->path, wrong);
	return CONN_RUN_BAD;
}

/* A refusal says nothing of what was done. */
enum conn_result question_refused(struct learner *l, const struct entra_question *asked)
{
	const char *code, *message;

	entra_error(asked->body, &code, &message);
	err_set(l->e, asked->status == 403 ? -EPERM : -EPROTO, l->c->graph, 0,
		"what became of a request that was not answered cannot be learnt: answered %ld %s "
		"(%s) to GET %.300s",
		asked->status, code, message, asked->path);
	return CONN_RUN_BAD;
}

/* --- values --- */

/* Is the attribute one of those that a message carries? As service/bag.c writes them. */
static const struct schema_attr *sent_attr(
	const struct learner *l, const struct schema_class *class, unsigned id)
{
	const struct schema_attr *of = class ? schema_attr_find(class, attr_name(id)) : NULL;

	return of && !(of->flags & (SCHEMA_READ_ONLY | SCHEMA_LOCAL)) &&
	                       of->type != VALUE_REFERENCE && id != l->source_anchor
	               ? of
	               : NULL;
}

/* What of the item Graph can show. *ret_unreadable: something of it it cannot. */
static void readable_part(
	const struct learner *l, const struct question *q, struct entry *ret, bool *ret_unreadable)
{
	const struct export_item *it = q->item;
	const struct schema_class *class = schema_class_find(l->schema, it->class);
	unsigned n = it->delta ? it->delta->n_attrs : it->wanted->n_attrs;

	*ret_unreadable = false;
	for (unsigned i = 0; i < n; i++) {
		unsigned id = it->delta ? it->delta->attrs[i].id : it->wanted->attrs[i].id;
		const struct attr *after =
			it->delta ? it->delta->attrs[i].after : &it->wanted->attrs[i];
		const struct schema_attr *of = sent_attr(l, class, id);

		if (!of || (!it->delta && !after->count))
			continue;
		if (of->flags & SCHEMA_UNREADABLE)
			*ret_unreadable = true;
		else if (after && after->count)
			entry_put(ret, id, after->values, after->count);
		else
			entry_clear(ret, id);
	}
}

/* Is it synchronized, with the values that were sent? Settled as an import does it. */
static enum conn_result compare(struct learner *l, struct question *q,
	const struct entra_question *asked, const json_t *object, bool *ret_ours, bool *ret_equal)
{
	_cleanup_arena_ struct arena a = {0};
	struct entry found, sent;
	struct ref_change *changes;
	struct delta d;
	unsigned n;
	const struct value *on;
	const char *wrong;
	bool unreadable;

	entry_init(&found, &a);
	entry_init(&sent, &a);
	wrong = entra_read(object, q->class, l->c->surface, l->c->extensions, &found, &changes, &n);
	if (wrong)
		return question_bad(l, asked, wrong);
	entra_read_absent(q->class, l->c->extensions, &found);
	on = entry_first(&found, l->sync_enabled);
	*ret_ours = on && on->num;
	readable_part(l, q, &sent, &unreadable);
	delta_owned(&found, &sent, false, &a, &d);
	delta_settle(&d, schema_class_find(l->schema, q->item->class));
	*ret_equal = *ret_ours && d.n_attrs == 0;
	return CONN_OK;
}

static const char *anchor_of(struct learner *l, const struct question *q, const char *id)
{
	return arena_printf(l->arena, "%s%s", entra_classes[q->class].anchor_prefix, id);
}

/* --- what each kind asks, and what the answer means --- */

static void write_find(const struct learner *l, const struct question *q, struct buf *b)
{
	bool several = streq(q->property, "proxyAddresses");

	buf_addf(b, "/%s?$filter=%s%s%%20eq%%20", entra_classes[q->class].collection, q->property,
		several ? "/any(p:p" : "");
	entra_add_literal(b, q->value);
	buf_adds(b, several ? ")&$select=" : "&$select=");
	entra_select(b, q->class, l->c->surface, l->c->extensions);
}

static enum conn_result judge_find(
	struct learner *l, struct question *q, const struct entra_question *asked)
{
	const json_t *list = json_object_get(asked->body, "value");
	unsigned n = 0;
	size_t i;
	json_t *v;

	if (asked->status != 200)
		return question_refused(l, asked);
	if (!json_is_array(list))
		return question_bad(l, asked, "has no list of objects");
	q->anchor = NULL;
	json_array_foreach ((json_t *)list, i, v) {
		bool ours, equal;
		enum conn_result r = compare(l, q, asked, v, &ours, &equal);

		if (r != CONN_OK)
			return r;
		if (!ours || q->done)
			continue;
		q->done = equal;
		q->anchor = anchor_of(l, q, entra_id(v));
		n++;
	}
	if (n > 1 && !q->done) /* which of them is ours cannot be told */
		q->anchor = NULL;
	return CONN_OK;
}

static void write_object(const struct learner *l, const struct question *q, struct buf *b)
{
	buf_addf(b, "/%s/%s?$select=", entra_classes[q->class].collection, q->id);
	entra_select(b, q->class, l->c->surface, l->c->extensions);
}

static enum conn_result judge_object(
	struct learner *l, struct question *q, const struct entra_question *asked)
{
	bool ours;

	if (asked->status == 404)
		return CONN_OK;
	if (asked->status != 200)
		return question_refused(l, asked);
	q->anchor = q->item->anchor;
	return compare(l, q, asked, asked->body, &ours, &q->done);
}

static void write_gone(const struct learner *l, const struct question *q, struct buf *b)
{
	(void)l;
	buf_addf(b, "/%s/%s?$select=id", entra_classes[q->class].collection, q->id);
}

static enum conn_result judge_gone(
	struct learner *l, struct question *q, const struct entra_question *asked)
{
	q->done = asked->status == 404;
	if (asked->status != 200 && !q->done)
		return question_refused(l, asked);
	if (!q->done && q->class == ENTRA_USER) /* only users go to the bin */
		q->kind = KIND_BIN;
	return CONN_OK;
}

static void write_bin(const struct learner *l, const struct question *q, struct buf *b)
{
	(void)l;
	buf_addf(b, "/directory/deletedItems/%s?$select=id", q->id);
}

static enum conn_result judge_bin(
	struct learner *l, struct question *q, const struct entra_question *asked)
{
	q->done = asked->status == 200;
	q->kind = KIND_GONE;
	return asked->status == 200 || asked->status == 404 ? CONN_OK : question_refused(l, asked);
}

const char *question_target(const struct question *q)
{
	const char *id = NULL;

	if (q->item->target_anchor)
		entra_class_of_anchor(q->item->target_anchor, &id);
	return id;
}

static void write_one(const struct learner *l, const struct question *q, struct buf *b)
{
	(void)l;
	buf_addf(b, "/%s/%s/%s?$select=id", entra_classes[q->class].collection, q->id,
		q->link->property);
}

static enum conn_result judge_one(
	struct learner *l, struct question *q, const struct entra_question *asked)
{
	const char *id = entra_id(asked->body), *target = question_target(q);

	if (asked->status != 200 && asked->status != 404)
		return question_refused(l, asked);
	if (asked->status == 200 && !id)
		return question_bad(l, asked, "is an object without id");
	if (q->item->op == DELTA_DELETE)
		q->done = asked->status == 404 || (target && !streq(id, target));
	else
		q->done = asked->status == 200 && target && streq(id, target);
	return CONN_OK;
}

static const struct {
	void (*write)(const struct learner *l, const struct question *q, struct buf *b);
	enum conn_result (*judge)(
		struct learner *l, struct question *q, const struct entra_question *asked);
} KINDS[KIND_COUNT] = {
	[KIND_FIND] = {write_find, judge_find},
	[KIND_OBJECT] = {write_object, judge_object},
	[KIND_GONE] = {write_gone, judge_gone},
	[KIND_BIN] = {write_bin, judge_bin},
	[KIND_ONE] = {write_one, judge_one},
};

void question_write(const struct learner *l, const struct question *q, struct buf *b)
{
	KINDS[q->kind].write(l, q, b);
}

enum conn_result question_judge(
	struct learner *l, struct question *q, const struct entra_question *asked)
{
	/* a class that need not be imported, and so need not be readable */
	if (asked->status == 403 && entra_classes[q->class].role) {
		q->unreadable = true;
		return CONN_OK;
	}
	return KINDS[q->kind].judge(l, q, asked);
}

/* --- what is asked of an item --- */

static const char *string_of(const struct learner *l, const struct entry *en, const char *attr)
{
	const struct value *v = entry_first(en, attr_intern(attr));
	char text[SID_TEXT_SIZE];

	if (!v)
		return NULL;
	if (streq(attr, "onPremiseSecurityIdentifier"))
		return v->type == VALUE_BINARY && sid_format(text, sizeof(text),
							  (const unsigned char *)v->data, v->len)
		               ? arena_strdup(l->arena, text)
		               : NULL;
	if (v->type == VALUE_BINARY && v->len == 16) {
		guid_format(text, (const unsigned char *)v->data);
		return arena_strdup(l->arena, text);
	}
	return v->type == VALUE_STRING && v->len ? v->data : NULL;
}

/*
 * By what an object is found that has no anchor yet: a property of Graph that only the service
 * writes, or an address. None of them needs ConsistencyLevel: eventual, whose index is behind the
 * directory (learn.microsoft.com/graph/aad-advanced-queries). A group is found by its SID alone: an
 * address may still be at another group that is to be deleted, and Graph shows no sourceAnchor by
 * which to tell. What is not found is sent again, which does no harm.
 */
static const struct {
	enum entra_class class;
	const char *attr, *property;
} IDENTITY[] = {
	{ENTRA_USER, "sourceAnchor", "onPremisesImmutableId"},
	{ENTRA_GROUP, "onPremiseSecurityIdentifier", "onPremisesSecurityIdentifier"},
	{ENTRA_CONTACT, "mail", "mail"},
	{ENTRA_CONTACT, "proxyAddresses", "proxyAddresses"},
	{ENTRA_DEVICE, "deviceId", "deviceId"},
};

static void identify(const struct learner *l, struct question *q)
{
	for (unsigned i = 0; i < ARRAY_SIZE(IDENTITY) && !q->value; i++) {
		if (IDENTITY[i].class != q->class)
			continue;
		q->value = string_of(l, q->item->wanted, IDENTITY[i].attr);
		q->property = IDENTITY[i].property;
	}
	q->open = q->value != NULL;
}

static void begin_object(const struct learner *l, struct question *q)
{
	_cleanup_arena_ struct arena a = {0};
	struct entry readable;

	entry_init(&readable, &a);
	readable_part(l, q, &readable, &q->unreadable);
	q->kind = q->id ? KIND_OBJECT : KIND_FIND;
	q->anchor = q->item->anchor;
	if (q->id)
		q->open = !q->unreadable; /* there is nothing more to be learnt */
	else
		identify(l, q);
}

static void begin_link(const struct learner *l, struct question *q)
{
	q->link = entra_attr_of(q->item->link_attr, q->class, l->c->surface);
	if (!q->link || !entra_is_link(q->link)) /* Graph does not show it */
		return;
	q->kind = q->link->shape == SHAPE_LINK ? KIND_ONE : KIND_MEMBERS;
	q->open = q->id && q->item->target_anchor;
}

void question_begin(const struct learner *l, struct question *q, const struct export_item *item)
{
	*q = (struct question){.item = item, .class = entra_class_find(item->class)};
	if (q->class == ENTRA_CLASS_COUNT)
		return;
	if (item->anchor && entra_class_of_anchor(item->anchor, &q->id) != q->class)
		q->id = NULL;
	switch (item->kind) {
	case EXPORT_OBJECT:
		begin_object(l, q);
		break;
	case EXPORT_LINK:
		begin_link(l, q);
		break;
	case EXPORT_DELETE:
		q->kind = KIND_GONE;
		q->open = q->id != NULL;
		break;
	case EXPORT_RENAME: /* the directory has no names to change */
		break;
	}
}
