/* Sub-requests: from an export item to Graph's words and back. */
#include "connector/entra/part.h"
#include "base/text.h"
#include "connector/entra/error.h"
#include "connector/entra/match.h"
#include "connector/entra/value.h"

#include <inttypes.h>
#include <openssl/rand.h>

static const char *const METHODS[] = {
	[PART_FIND] = "GET",
	[PART_MATCH] = "GET",
	[PART_ROLES] = "GET",
	[PART_RESTORE] = "POST",
	[PART_CREATE] = "POST",
	[PART_UPDATE] = "PATCH",
	[PART_DELETE] = "DELETE",
	[PART_ADD] = "PATCH",
	[PART_REMOVE] = "DELETE",
	[PART_SET] = "PUT",
	[PART_UNSET] = "DELETE",
};

/* --- from an item --- */

static bool wanted_true(const struct entry *en, const char *name)
{
	const struct value *v = entry_first(en, attr_intern(name));

	return v && v->type == VALUE_BOOLEAN && v->num;
}

/* Objects that no surface writes: devices join by themselves, public folders are Exchange's. */
static bool never_sent(const char *class)
{
	const struct schema_class *c =
		class ? schema_class_find(entra_schema(ENTRA_SYNC), class) : NULL;

	return c && c->never_sent;
}

/* Why an object cannot be written on the surface; NULL: it can. */
static const char *outside_surface(const struct connector *c, const struct export_item *it)
{
	if (never_sent(it->class))
		return "neither surface writes devices and public folders";
	if (it->kind == EXPORT_LINK && never_sent(it->target_class))
		return "neither surface writes devices and public folders, so none can be referred "
		       "to";
	if (c->sync_surface)
		return NULL;
	if (streq(it->class, "contact"))
		return "public Graph cannot write organizational contacts";
	if (it->kind == EXPORT_OBJECT && streq(it->class, "group") &&
		wanted_true(it->wanted, "mailEnabled"))
		return "public Graph cannot write mail-enabled groups";
	if (it->kind == EXPORT_LINK && it->target_class && streq(it->target_class, "contact"))
		return "public Graph cannot make contacts members";
	return NULL;
}

/* A value that rules made and no JSON of a service holds; NULL: none. */
static char *unfit(const struct export_item *it)
{
	for (unsigned i = 0; it->kind == EXPORT_OBJECT && i < it->wanted->n_attrs; i++) {
		const struct attr *a = &it->wanted->attrs[i];

		for (unsigned k = 0; k < a->count; k++) {
			const struct value *v = &a->values[k];
			const char *wrong =
				v->type == VALUE_STRING ? text_problem(v->data, v->len) : NULL;

			if (wrong)
				return xasprintf("%s: %s", attr_name(a->id), wrong);
		}
	}
	return NULL;
}

static enum part_kind link_kind(const struct export_item *it)
{
	bool add = it->op == DELTA_ADD;

	if (streq(attr_name(it->link_attr), "manager"))
		return add ? PART_SET : PART_UNSET;
	return add ? PART_ADD : PART_REMOVE;
}

/* How a new object comes into being. */
static enum part_kind create_kind(const struct connector *c, struct part *p)
{
	const char *anchor = entry_string(p->items[0].wanted, attr_intern("sourceAnchor"));
	const char *id;

	if (c->sync_surface || p->class != ENTRA_USER)
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
		return it->op == DELTA_ADD ? create_kind(c, p) : PART_UPDATE;
	case EXPORT_LINK:
		return link_kind(it);
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
	p->unfit = p->outside ? NULL : unfit(item);
	if (!p->outside && !c->sync_surface && item->kind == EXPORT_OBJECT &&
		!item->unknown_outcome)
		hold_back(c, p);
	nothing = p->outside || p->unfit || p->problem || (p->n_refused && !part_has_rest(c, p));
	p->kind = nothing ? PART_OUTSIDE : first_kind(c, p);
	return p;
}

bool part_join(struct part *p, const struct export_item *item)
{
	const struct export_item *first = &p->items[0];

	if (p->kind != PART_ADD || p->n == PART_ITEMS_MAX || item->kind != EXPORT_LINK ||
		link_kind(item) != PART_ADD || item->link_attr != first->link_attr ||
		!streq(item->anchor, first->anchor))
		return false;
	p->items[p->n++] = *item;
	return true;
}

void part_free(struct part *p)
{
	if (!p)
		return;
	free(p->found);
	free(p->unfit);
	free(p->refused);
	free(p->reduced.attrs);
	free(p->refusal);
	free(p);
}

/* --- writing --- */

static void write_find(const struct connector *c, const struct part *p, struct buf *b)
{
	const char *collection = entra_classes[p->class].collection;
	const char *source_anchor = entry_string(p->items[0].wanted, attr_intern("sourceAnchor"));
	bool by_name = !c->sync_surface && p->class == ENTRA_GROUP;

	if (*p->id) {
		buf_addf(b, "/%s/%s?$select=", collection, p->id);
	} else {
		buf_addf(b, "/%s?$filter=%s%%20eq%%20", collection,
			by_name ? "uniqueName" : "onPremisesImmutableId");
		entra_add_literal(b, source_anchor ? source_anchor : "");
		buf_adds(b, "&$select=");
	}
	entra_select(b, p->class, c->surface);
}

static void write_url(const struct connector *c, const struct part *p, struct buf *b)
{
	const char *collection = entra_classes[p->class].collection, *target = "";

	if (p->items[0].target_anchor)
		entra_class_of_anchor(p->items[0].target_anchor, &target);
	switch (p->kind) {
	case PART_FIND:
		write_find(c, p, b);
		break;
	case PART_MATCH:
		entra_match_url(p->items[0].wanted, b);
		break;
	case PART_ROLES:
		buf_addf(b, "/users/%s/memberOf/microsoft.graph.directoryRole?$select=displayName",
			p->id);
		break;
	case PART_RESTORE:
		buf_addf(b, "/directory/deletedItems/%s/restore", p->id);
		break;
	case PART_CREATE:
		buf_addf(b, "/%s", collection);
		break;
	case PART_UPDATE:
	case PART_DELETE:
	case PART_ADD:
		buf_addf(b, "/%s/%s", collection, p->id);
		break;
	case PART_REMOVE:
		buf_addf(b, "/%s/%s/members/%s/$ref", collection, p->id, target);
		break;
	case PART_SET:
	case PART_UNSET:
		buf_addf(b, "/%s/%s/manager/$ref", collection, p->id);
		break;
	case PART_OUTSIDE:
		break;
	}
}

static void write_members(const struct connector *c, const struct part *p, struct buf *b)
{
	buf_adds(b, "\"members@odata.bind\":[");
	for (unsigned i = 0; i < p->n; i++) {
		const char *id;

		entra_class_of_anchor(p->items[i].target_anchor, &id);
		buf_addf(b, "%s\"%s/directoryObjects/%s\"", i ? "," : "", c->base, id);
	}
	buf_addc(b, ']');
}

/*
 * What public Graph demands of a new user and group and the rules do not give. Nobody learns the
 * password: the user signs in through federation, or has it reset.
 */
static void write_required(const struct part *p, bool first, struct buf *b)
{
	const struct entry *en = p->items[0].wanted;
	_cleanup_buf_ struct buf nickname = {0};
	unsigned char random[24];
	const char *name;

	if (!entry_first(en, attr_intern("alias"))) {
		name = entry_string(en,
			attr_intern(p->class == ENTRA_USER ? "userPrincipalName" : "displayName"));
		name = name ? name : "";
		buf_addf(b, "%s\"mailNickname\":\"", first ? "" : ",");
		entra_nickname(name, p->class == ENTRA_USER ? strcspn(name, "@") : strlen(name),
			entry_string(en, attr_intern("sourceAnchor")), &nickname);
		buf_add_json(b, nickname.data, nickname.len);
		buf_addc(b, '"');
	}
	if (p->class != ENTRA_USER || RAND_bytes(random, sizeof(random)) != 1)
		return;
	buf_adds(b, ",\"passwordProfile\":{\"forceChangePasswordNextSignIn\":true,"
		    "\"password\":\"aA1!");
	for (unsigned i = 0; i < sizeof(random); i++)
		buf_addf(b, "%02x", random[i]);
	buf_adds(b, "\"}");
}

static void write_body(const struct connector *c, const struct part *p, struct buf *b)
{
	const struct export_item *it = &p->items[0];
	const char *id;
	unsigned n;

	switch (p->kind) {
	case PART_CREATE:
		n = entra_write(b, p->class, c->surface, it->wanted, NULL, false);
		if (!c->sync_surface)
			write_required(p, n == 0, b);
		break;
	case PART_UPDATE:
		entra_write(b, p->class, c->surface, it->wanted,
			p->reduced.attrs ? &p->reduced
			: p->all         ? NULL
					 : it->delta,
			p->all);
		break;
	case PART_ADD:
		write_members(c, p, b);
		break;
	case PART_SET:
		entra_class_of_anchor(it->target_anchor, &id);
		buf_addf(b, "\"@odata.id\":\"%s/users/%s\"", c->base, id);
		break;
	case PART_FIND:
	case PART_MATCH:
	case PART_ROLES:
	case PART_RESTORE:
	case PART_DELETE:
	case PART_REMOVE:
	case PART_UNSET:
	case PART_OUTSIDE:
		break;
	}
}

static bool has_body(enum part_kind k)
{
	return k == PART_CREATE || k == PART_UPDATE || k == PART_ADD || k == PART_SET;
}

void part_write(const struct connector *c, const struct part *p, unsigned id, struct buf *b)
{
	buf_addf(b, "{\"id\":\"%u\",\"method\":\"%s\",\"url\":\"", id, METHODS[p->kind]);
	write_url(c, p, b);
	buf_addc(b, '"');
	if (has_body(p->kind)) {
		buf_adds(b, ",\"headers\":{\"Content-Type\":\"application/json\"},\"body\":{");
		write_body(c, p, b);
		buf_addc(b, '}');
	}
	buf_addc(b, '}');
}

/* --- answers --- */

static enum part_verdict good(const struct connector *c, struct part *p, const json_t *body,
	struct arena *a, struct export_outcome *o)
{
	const char *id = entra_id(body);

	*o = (struct export_outcome){.result = CONN_OK};
	if (p->kind == PART_CREATE && !id) {
		o->result = CONN_OBJECT_BAD;
		o->error_type = "invalid-response";
		o->text = "the service created the object but did not tell its id";
	} else if (p->kind == PART_CREATE) {
		o->anchor = arena_printf(a, "%s%s", entra_classes[p->class].anchor_prefix, id);
	} else if (p->found) {
		o->anchor =
			arena_printf(a, "%s%s", entra_classes[p->class].anchor_prefix, p->found);
	}
	if (p->n_refused)
		part_refused(c, p, true, a, o);
	return PART_DONE;
}

/* Without the properties that are to blame, if there are some. */
static enum part_verdict reduced(
	const struct connector *c, struct part *p, struct arena *a, struct export_outcome *o)
{
	if (part_has_rest(c, p))
		return PART_CHANGED;
	*o = (struct export_outcome){0};
	if (p->found)
		o->anchor =
			arena_printf(a, "%s%s", entra_classes[p->class].anchor_prefix, p->found);
	part_refused(c, p, false, a, o);
	return PART_DONE;
}

static enum part_verdict refused(const struct part *p, const char *code, const char *message,
	long status, struct arena *a, struct export_outcome *o)
{
	*o = (struct export_outcome){
		.result = CONN_OBJECT_BAD,
		.error_type = arena_strdup(a, entra_error_name(status, code, message)),
		.text = arena_printf(a, "%s %s/%s: %ld %s: %s", METHODS[p->kind],
			entra_classes[p->class].collection, p->id, status, code, message),
	};
	if (strcasestr(message, "source of authority"))
		o->soa_in_cloud = true;
	return PART_DONE;
}

/* An answer that says nothing is no answer "there is none". */
static enum part_verdict unreadable(
	const struct part *p, const char *what, struct arena *a, struct export_outcome *o)
{
	*o = (struct export_outcome){
		.result = CONN_OBJECT_BAD,
		.error_type = "invalid-response",
		.text = arena_printf(a, "%s %s/%s: the answer %s", METHODS[p->kind],
			entra_classes[p->class].collection, p->id, what),
	};
	return PART_DONE;
}

/* The object that PART_FIND looked for, if it is there. */
static const json_t *found_object(const struct part *p, const json_t *body)
{
	return *p->id ? body : json_array_get(json_object_get(body, "value"), 0);
}

static bool is_up_to_date(
	const struct connector *c, const struct part *p, const json_t *object, struct arena *a)
{
	static unsigned sync_enabled;
	struct ref_change *changes;
	const struct value *on;
	struct entry en;
	struct delta d;
	unsigned n;

	if (!sync_enabled)
		sync_enabled = attr_intern("onPremisesSyncEnabled");
	entry_init(&en, a);
	if (entra_read(object, p->class, c->surface, &en, &changes, &n))
		return false;
	on = entry_first(&en, sync_enabled);
	if (c->sync_surface && !(on && on->num))
		return false;
	delta_owned(&en, p->items[0].wanted, false, a, &d);
	return d.n_attrs == 0;
}

static enum part_verdict found(const struct connector *c, struct part *p, long status,
	const json_t *body, struct arena *a, struct export_outcome *o)
{
	const json_t *object = status == 200 ? found_object(p, body) : NULL;
	const char *id = entra_id(object);

	if (!id) {
		if (*p->id && status != 404)
			return refused(
				p, "lookup-failed", "the object could not be read", status, a, o);
		if (*p->id) { /* it had been there; an import will tell */
			return refused(p, "Request_ResourceNotFound",
				"the object is no longer there", status, a, o);
		}
		if (status != 200 || object || !json_is_array(json_object_get(body, "value")))
			return unreadable(p, "does not tell whether it is there", a, o);
		p->kind = create_kind(c, p);
		return PART_CHANGED;
	}
	if (!*p->id) {
		p->found = xstrdup(id);
		p->id = p->found;
	}
	if (is_up_to_date(c, p, object, a)) {
		*o = (struct export_outcome){.result = CONN_OK};
		if (p->found)
			o->anchor = arena_printf(
				a, "%s%s", entra_classes[p->class].anchor_prefix, p->found);
		return PART_DONE;
	}
	p->kind = PART_UPDATE;
	p->all = true;
	if (!c->sync_surface)
		part_leave_out(c, p);
	return p->n_refused ? reduced(c, p, a, o) : PART_CHANGED;
}

/* From here on the object is there, and everything that is wanted is written to it. */
static enum part_verdict take_over(struct part *p)
{
	p->kind = PART_UPDATE;
	p->all = true;
	return PART_CHANGED;
}

static enum part_verdict matched(const struct connector *c, struct part *p, const json_t *body,
	struct arena *a, struct export_outcome *o)
{
	const char *id = "", *error, *text;
	enum entra_match_verdict v;

	if (json_object_get(body, "@odata.nextLink"))
		return unreadable(p, "has more candidates for a match than one page", a, o);
	v = entra_match_decide(
		c, p->items[0].wanted, json_object_get(body, "value"), a, &id, &error, &text);
	if (v == ENTRA_MATCH_REFUSED) {
		*o = (struct export_outcome){
			.result = CONN_OBJECT_BAD, .error_type = error, .text = text};
		return PART_DONE;
	}
	if (v == ENTRA_MATCH_NONE) {
		p->kind = PART_CREATE;
		return PART_CHANGED;
	}
	p->found = xstrdup(id);
	p->id = p->found;
	if (v == ENTRA_MATCH_HARD)
		return take_over(p);
	p->kind = PART_ROLES;
	return PART_CHANGED;
}

static enum part_verdict roles_told(
	struct part *p, const json_t *body, struct arena *a, struct export_outcome *o)
{
	const json_t *list = json_object_get(body, "value"), *first = json_array_get(list, 0);
	const char *name = json_string_value(json_object_get(first, "displayName"));

	if (!json_is_array(list) || (!first && json_object_get(body, "@odata.nextLink")))
		return unreadable(p, "does not tell the user's roles", a, o);
	if (!first)
		return take_over(p);
	*o = (struct export_outcome){
		.result = CONN_OBJECT_BAD,
		.error_type = "ExistingAdminRoleConflict",
		.text = arena_printf(a,
			"the cloud user %s has the same name or primary address and holds the role "
			"%s: it is never matched",
			p->id, name ? name : "?"),
	};
	return PART_DONE;
}

enum part_verdict part_answer(const struct connector *c, struct part *p, long status,
	const json_t *body, struct arena *a, struct export_outcome *o)
{
	const char *code, *message;
	bool gone_is_good =
		p->kind == PART_DELETE || p->kind == PART_REMOVE || p->kind == PART_UNSET;

	if (status == 429 || status == 503 || status == 401)
		return PART_AGAIN;
	if (status >= 500)
		return PART_UNKNOWN;
	entra_error(body, &code, &message);
	message = entra_error_text(body, message, a);
	if (p->kind == PART_FIND && (status == 200 || status == 404 || status == 400))
		return found(c, p, status, body, a, o);
	if (p->kind == PART_MATCH && status == 200)
		return matched(c, p, body, a, o);
	if (p->kind == PART_ROLES && status == 200)
		return roles_told(p, body, a, o);
	if (p->kind == PART_RESTORE && (status == 200 || status == 404))
		return take_over(p); /* 404: an earlier send of this has restored it */
	if (status >= 200 && status < 300)
		return good(c, p, body, a, o);
	if (gone_is_good && status == 404)
		return good(c, p, body, a, o);
	if (p->kind == PART_ADD && strcasestr(message, "source of authority"))
		return refused(p, code, message, status, a, o);
	if (p->kind == PART_ADD && p->n > 1)
		return PART_SPLIT;
	if (p->kind == PART_ADD && strcasestr(message, "already exist"))
		return good(c, p, body, a, o);
	if (part_reduce(c, p, status, code, message))
		return reduced(c, p, a, o);
	return refused(p, code, message, status, a, o);
}
