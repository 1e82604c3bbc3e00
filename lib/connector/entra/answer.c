/*
 * What the answer to a sub-request means: the outcome of its items, or the request that comes next
 * (a look-up that found nothing is followed by the create, a match by the takeover).
 */
#include "connector/entra/answer.h"
#include "connector/entra/call.h"
#include "connector/entra/error.h"
#include "connector/entra/item.h"
#include "connector/entra/match.h"
#include "connector/entra/read.h"
#include "connector/entra/refused.h"

#include <assert.h>

static enum part_verdict good(const struct connector *c, struct part *p, const json_t *body,
	struct arena *a, struct export_outcome *o)
{
	const char *id = entra_id(body);

	*o = (struct export_outcome){.result = CONN_OK};
	if (p->kind == PART_CREATE && !id) {
		o->result = CONN_OBJECT_BAD;
		o->error_type = entra_error_word(ENTRA_ERROR_INVALID_RESPONSE);
		o->text = "the service created the object but did not return its id";
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
		.text = arena_printf(a, "%s %s/%s: %ld %s: %s", part_method(p->kind),
			entra_classes[p->class].collection, p->id, status, code, message),
	};
	if (strcasestr(message, "source of authority"))
		o->soa_in_cloud = true;
	return PART_DONE;
}

/* An answer that says nothing does not mean that the object is absent. */
static enum part_verdict unreadable(
	const struct part *p, const char *what, struct arena *a, struct export_outcome *o)
{
	*o = (struct export_outcome){
		.result = CONN_OBJECT_BAD,
		.error_type = entra_error_word(ENTRA_ERROR_INVALID_RESPONSE),
		.text = arena_printf(a, "%s %s/%s: the answer %s", part_method(p->kind),
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
	struct ref_change *changes;
	struct entry en;
	struct delta d;
	unsigned n;

	entry_init(&en, a);
	if (entra_read(object, p->class, c->surface, c->extensions, &en, &changes, &n))
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
			return refused(p, entra_error_word(ENTRA_ERROR_LOOKUP_FAILED),
				"the object could not be read", status, a, o);
		if (*p->id) { /* it had been there; an import will tell */
			return refused(p, entra_error_word(ENTRA_ERROR_REQUEST_RESOURCE_NOT_FOUND),
				"the object is no longer there", status, a, o);
		}
		if (status != 200 || object || !json_is_array(json_object_get(body, "value")))
			return unreadable(p, "does not say whether the object exists", a, o);
		p->kind = part_create_kind(c, p);
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
		return unreadable(
			p, "lists more users that could match than fit on one page", a, o);
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
		return unreadable(p, "does not say which roles the user has", a, o);
	if (!first)
		return take_over(p);
	*o = (struct export_outcome){
		.result = CONN_OBJECT_BAD,
		.error_type = entra_error_word(ENTRA_ERROR_EXISTING_ADMIN_ROLE_CONFLICT),
		.text = arena_printf(a,
			"the cloud user %s has the same name or primary address and has the role "
			"%s: a user with an administrator role is never matched",
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
	bool adds = p->kind == PART_BIND || p->kind == PART_ADD;

	assert(p->kind < PART_OUTSIDE);
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
	if (adds && strcasestr(message, "source of authority"))
		return refused(p, code, message, status, a, o);
	if (adds && p->n > 1)
		return PART_SPLIT;
	if (adds && strcasestr(message, "already exist"))
		return good(c, p, body, a, o);
	if (part_reduce(c, p, status, code, message))
		return reduced(c, p, a, o);
	return refused(p, code, message, status, a, o);
}
