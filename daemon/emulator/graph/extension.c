/*
 * Directory extensions: applications, as far as they own definitions, and the definitions. Values
 * are properties of the objects.
 *
 * What is synchronized from Active Directory belongs to the application "Tenant Schema Extension
 * App", which is the system's: in a tenant Connect Sync's wizard defines something there, here an
 * application to which the tenant's file gives ADSynchronization.ReadWrite.All; and nobody takes it
 * away again.
 */
#include "graph/extension.h"

#include "odata/filter_match.h"
#include "odata/query.h"
#include "tenant/body.h"

#include "base/codec.h"
#include "base/err.h"

#include <ctype.h>
#include <stdio.h>

#define ANY(r) (1u << ROLE_##r)
#define READERS                                                                  \
	(ANY(APPLICATION_READ) | ANY(APPLICATION_WRITE) | ANY(APPLICATION_OWN) | \
		ANY(DIRECTORY_READ) | ANY(DIRECTORY_WRITE) | ANY(SYNC))
#define WRITERS (ANY(APPLICATION_WRITE) | ANY(DIRECTORY_WRITE))

/* Answers 400 and is false. */
#define refuse(rs, ...) (respond_error(rs, 400, "Request_BadRequest", __VA_ARGS__), false)

/* An application's object. */
struct registration {
	char id[37], app_id[UUID_TEXT_SIZE];
	const char *name;
	bool schema;
};

/* The nth; the last one is the system's. False: there are fewer. */
static bool registration_at(const struct emulator *em, unsigned n, struct registration *ret)
{
	const struct tenant *t = em->tenant;

	*ret = (struct registration){.schema = n == t->n_apps};
	if (n > t->n_apps)
		return false;
	if (ret->schema) {
		schema_app_id(t, ret->app_id);
		ret->name = "Tenant Schema Extension App";
	} else {
		snprintf(ret->app_id, sizeof(ret->app_id), "%s", t->apps[n].app_id);
		ret->name = t->apps[n].name ? t->apps[n].name : t->apps[n].app_id;
	}
	application_object_id(t, ret->app_id, ret->id);
	return true;
}

/* /applications/{id} or /applications(appId='{appId}'); *ret_next: the segment behind it. */
static bool registration_of(const struct emulator *em, const struct request *rq,
	struct registration *ret, unsigned *ret_next)
{
	static const char head[] = "applications(appId='";
	const char *first = rq->segments[0];
	const char *by_app =
		strncasecmp(first, head, strlen(head)) == 0 ? first + strlen(head) : NULL;
	const char *id = rq->n_segments > 1 ? rq->segments[1] : "";
	size_t n = by_app ? strcspn(by_app, "'") : 0;

	*ret_next = by_app ? 1 : 2;
	for (unsigned i = 0; registration_at(em, i, ret); i++)
		if (by_app ? strlen(ret->app_id) == n && strncasecmp(ret->app_id, by_app, n) == 0 &&
					streq(by_app + n, "')")
			   : strcasecmp(ret->id, id) == 0)
			return true;
	return false;
}

static json_t *render_registration(const struct registration *r)
{
	return json_pack(
		"{s:s, s:s, s:s}", "id", r->id, "appId", r->app_id, "displayName", r->name);
}

/* --- definitions as JSON --- */

static bool is_of(const struct extension *x, const struct registration *r)
{
	return !x->gone && strcasecmp(x->app_id, r->app_id) == 0;
}

static json_t *render(const struct emulator *em, const struct extension *x)
{
	json_t *targets = json_array();
	struct registration r;

	for (unsigned i = 0; i < TARGET_COUNT; i++)
		if (x->targets >> i & 1)
			json_array_append_new(targets, json_string(target_name((enum target)i)));
	for (unsigned i = 0; registration_at(em, i, &r) && !is_of(x, &r); i++)
		;
	return json_pack("{s:s, s:n, s:s, s:s, s:b, s:b, s:s, s:o}", "id", x->id, "deletedDateTime",
		"appDisplayName", r.name ? r.name : "", "dataType", data_type_name(x->type),
		"isMultiValued", x->many, "isSyncedFromOnPremises", x->synced, "name", x->name,
		"targetObjects", targets);
}

static void begin(const struct request *rq, const char *set, bool list, struct response *rs)
{
	rs->status = 200;
	buf_addf(&rs->body, "{\"@odata.context\":\"%s/%s/$metadata#%s%s\"%s", rq->base, rq->version,
		set, list ? "" : "/$entity", list ? ",\"value\":[" : "");
}

/* One of a list, if $filter holds. */
static void add_item(const struct request *rq, const json_t *v, bool *first, struct buf *b)
{
	const char *why;

	if (rq->query->filter && filter_match_json(rq->query->filter, v, &why) <= 0)
		return;
	if (!*first)
		buf_addc(b, ',');
	*first = false;
	body_dump(b, v, JSON_COMPACT);
}

/* synced: 1 only those, 0 only the others, -1 all; r NULL: of every application. */
static void list(struct emulator *em, const struct request *rq, const struct registration *r,
	int synced, struct response *rs)
{
	const struct extensions *xs = &em->extensions;
	bool first = true;

	begin(rq, "extensionProperties", true, rs);
	for (unsigned i = 0; i < xs->n; i++) {
		const struct extension *x = &xs->items[i];
		_cleanup_json_ json_t *v = NULL;

		if (x->gone || (r && !is_of(x, r)) || (synced >= 0 && x->synced != synced))
			continue;
		v = render(em, x);
		add_item(rq, v, &first, &rs->body);
	}
	buf_adds(&rs->body, "]}");
}

static void respond_entity(
	const struct request *rq, const char *set, int status, const json_t *v, struct response *rs)
{
	begin(rq, set, false, rs);
	rs->status = status;
	buf_addc(&rs->body, ',');
	body_dump(&rs->body, v, JSON_COMPACT | JSON_EMBED);
	buf_addc(&rs->body, '}');
}

/* --- a new one --- */

static bool may_define(const struct request *rq, const struct registration *r, struct response *rs)
{
	/* OwnedBy holds for what the application owns: its own registration only if it is told so
	 */
	bool own = rq->app->owns_itself && strcasecmp(rq->app->app_id, r->app_id) == 0;

	if (r->schema && has_role(rq, ROLE_SYNC))
		return true;
	if (!(rq->app->roles & WRITERS) && !(own && has_role(rq, ROLE_APPLICATION_OWN))) {
		respond_forbidden(rs);
		return false;
	}
	if (!r->schema)
		return true;
	respond_error(
		rs, 400, "CannotModifySystemOnlyServicePrincipal", "Property appId is invalid.");
	return false;
}

static bool read_targets(const json_t *list, struct extension *x, struct response *rs)
{
	size_t i;
	json_t *v;

	json_array_foreach ((json_t *)list, i, v) {
		const char *word = json_is_string(v) ? json_string_value(v) : "";
		unsigned k = 0;

		while (k < TARGET_COUNT && !streq(target_name((enum target)k), word))
			k++;
		if (k == TARGET_COUNT)
			return refuse(rs,
				"Invalid value specified for property 'targetObjects' of resource "
				"'ExtensionProperty'.");
		x->targets |= 1u << k;
	}
	return x->targets ||
	       refuse(rs, "A value is required for property 'targetObjects' of resource "
			  "'ExtensionProperty'.");
}

static bool read_type(const char *word, struct extension *x, struct response *rs)
{
	unsigned k = 0;

	while (k < DATA_TYPE_COUNT && !streq(data_type_name((enum data_type)k), word))
		k++;
	x->type = (enum data_type)k;
	return k < DATA_TYPE_COUNT ||
	       refuse(rs, "Invalid value specified for property 'dataType' of resource "
			  "'ExtensionProperty'.");
}

/* extension_<appId without dashes>_<name>; NULL with the answer: the name is none. */
static char *full_name(const struct registration *r, const char *name, struct response *rs)
{
	struct buf b = {0};

	if (!isalpha((unsigned char)*name) || !extension_name_good(name) || strchr(name, '-') ||
		strlen(name) > 120) {
		respond_error(rs, 400, "Request_BadRequest",
			"Invalid value specified for property 'name' of resource "
			"'ExtensionProperty'.");
		return NULL;
	}
	buf_adds(&b, "extension_");
	for (const char *p = r->app_id; *p; p++)
		if (*p != '-')
			buf_addc(&b, *p);
	buf_addf(&b, "_%s", name);
	return buf_steal(&b);
}

static bool read_definition(const struct emulator *em, const struct request *rq,
	const struct registration *r, struct extension *x, struct response *rs)
{
	static const char *const known[] = {
		"name", "dataType", "targetObjects", "isMultiValued", "@odata.type"};
	const json_t *many = body_get(rq->body, "isMultiValued");
	const char *key;
	json_t *v;

	json_object_foreach (rq->body, key, v) {
		unsigned k = 0;

		while (k < ARRAY_SIZE(known) && strcasecmp(known[k], key) != 0)
			k++;
		if (k == ARRAY_SIZE(known))
			return refuse(rs,
				"Property '%s' does not exist on type "
				"'microsoft.graph.extensionProperty' or is read-only.",
				key);
	}
	if (many && !json_is_boolean(many))
		return refuse(rs,
			"Invalid value specified for property 'isMultiValued' of resource "
			"'ExtensionProperty'.");
	x->many = json_is_true(many);
	x->synced = r->schema;
	if (!read_type(body_text(rq->body, "dataType"), x, rs) ||
		!read_targets(body_get(rq->body, "targetObjects"), x, rs))
		return false;
	if (em->extensions.n == EXTENSIONS_MAX)
		return refuse(
			rs, "The emulator keeps at most %d extension properties.", EXTENSIONS_MAX);
	x->name = full_name(r, body_text(rq->body, "name"), rs);
	return x->name &&
	       (!extension_named(&em->extensions, x->name) ||
		       refuse(rs, "An extension property exists with the name %s.", x->name));
}

static void define(struct emulator *em, const struct request *rq, const struct registration *r,
	struct response *rs)
{
	struct extension new = {0};
	_cleanup_json_ json_t *v = NULL;

	if (!may_define(rq, r, rs))
		return;
	if (!read_definition(em, rq, r, &new, rs)) {
		free(new.name);
		return;
	}
	uuid_random(new.id);
	new.app_id = xstrdup(r->app_id);
	*extensions_add(&em->extensions) = new;
	extensions_use(&em->extensions);
	v = render(em, &em->extensions.items[em->extensions.n - 1]);
	respond_entity(rq, "extensionProperties", 201, v, rs);
}

/* --- one of them --- */

static void one(struct emulator *em, const struct request *rq, const struct registration *r,
	const char *id, struct response *rs)
{
	struct extension *x = NULL;
	_cleanup_json_ json_t *v = NULL;

	for (unsigned i = 0; i < em->extensions.n; i++)
		if (is_of(&em->extensions.items[i], r) &&
			strcasecmp(em->extensions.items[i].id, id) == 0)
			x = &em->extensions.items[i];
	if (!x) {
		respond_not_found(rs, id);
	} else if (rq->method == M_GET) {
		v = render(em, x);
		respond_entity(rq, "extensionProperties", 200, v, rs);
	} else if (rq->method != M_DELETE) {
		respond_method(rs);
	} else if (x->synced) {
		respond_error(rs, 400, "CannotModifySystemOnlyServicePrincipal",
			"Property appId is invalid.");
	} else if (may_define(rq, r, rs)) {
		x->gone = true;
		em->extensions.n_changes++;
		extensions_use(&em->extensions);
		rs->status = 204;
	}
}

static void list_applications(struct emulator *em, const struct request *rq, struct response *rs)
{
	struct registration r;
	bool first = true;

	begin(rq, "applications", true, rs);
	for (unsigned i = 0; registration_at(em, i, &r); i++) {
		_cleanup_json_ json_t *v = render_registration(&r);

		add_item(rq, v, &first, &rs->body);
	}
	buf_adds(&rs->body, "]}");
}

static void route_application(struct emulator *em, const struct request *rq,
	const struct registration *r, unsigned next, struct response *rs)
{
	unsigned left = rq->n_segments - next;
	_cleanup_json_ json_t *v = NULL;

	if (left == 0 && rq->method == M_GET) {
		v = render_registration(r);
		respond_entity(rq, "applications", 200, v, rs);
	} else if (left == 0) {
		respond_method(rs);
	} else if (left > 2 || strcasecmp(rq->segments[next], "extensionProperties") != 0) {
		respond_error(rs, 400, "BadRequest", "Resource not found for the segment '%.100s'.",
			rq->segments[next]);
	} else if (left == 2) {
		one(em, rq, r, rq->segments[next + 1], rs);
	} else if (rq->method == M_GET) {
		list(em, rq, r, -1, rs);
	} else if (rq->method == M_POST) {
		define(em, rq, r, rs);
	} else {
		respond_method(rs);
	}
}

void handle_applications(struct emulator *em, struct request *rq, struct response *rs)
{
	struct registration r;
	unsigned next;

	if (!(rq->app->roles & READERS))
		respond_forbidden(rs);
	else if (rq->n_segments == 1 && strcasecmp(rq->segments[0], "applications") == 0)
		rq->method == M_GET ? list_applications(em, rq, rs) : respond_method(rs);
	else if (registration_of(em, rq, &r, &next))
		route_application(em, rq, &r, next, rs);
	else
		respond_not_found(rs, rq->segments[rq->n_segments > 1]);
}

void handle_available_extensions(struct emulator *em, struct request *rq, struct response *rs)
{
	const json_t *synced = body_get(rq->body, "isSyncedFromOnPremises");

	if (!has_role(rq, ROLE_DIRECTORY_READ) && !has_role(rq, ROLE_DIRECTORY_WRITE) &&
		!has_role(rq, ROLE_SYNC))
		respond_forbidden(rs);
	else if (synced && !json_is_boolean(synced) && !json_is_null(synced))
		respond_error(rs, 400, "Request_BadRequest",
			"Invalid value specified for parameter 'isSyncedFromOnPremises'.");
	else
		list(em, rq, NULL, json_is_boolean(synced) ? json_is_true(synced) : -1, rs);
}
