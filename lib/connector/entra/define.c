/*
 * Definitions of directory extensions in the tenant. With surface = graph they belong to adsyncd's
 * own application, which needs a right of its own for that; with surface = service to the tenant's
 * application for what is synchronized. Without the right, or where a definition does not fit, the
 * attribute is left out with a reason, and nothing else is stopped
 * (learn.microsoft.com/graph/api/application-post-extensionproperty).
 */
#include "connector/entra/define.h"
#include "base/json.h"
#include "connector/entra/call.h"
#include "connector/entra/read.h"

#include <errno.h>

#define SCHEMA_APP "Tenant Schema Extension App"
#define DEFINITIONS_MAX 5000 /* of one application */
#define RIGHT "Application.ReadWrite.OwnedBy (or Application.ReadWrite.All)"

struct definer {
	struct connector *c;
	struct extension *items;
	unsigned n;
	struct arena *a;
	struct err *e;
	char *id, *app_id; /* of the application, owned */
};

static void refuse_all(struct definer *d, const char *why)
{
	for (unsigned i = 0; i < d->n; i++)
		if (!d->items[i].refused)
			d->items[i].refused = why;
}

static const char *missing_right(struct definer *d, const char *what)
{
	if (d->c->surface == ENTRA_SERVICE)
		return arena_printf(d->a,
			"the application may not %s of \"" SCHEMA_APP "\" (403): give it the "
			"application role Application.ReadWrite.All with admin consent, or "
			"Application.Read.All where all definitions are there",
			what);
	return arena_printf(d->a,
		"application %s may not %s of its own registration (403): give it the "
		"application role " RIGHT " with admin consent",
		d->c->oauth.o.client_id, what);
}

/* Of reading definitions. */
static const char *why_refused(struct definer *d, const struct entra_reply *reply)
{
	if (reply->status == 403)
		return missing_right(d, "read definitions");
	return arena_printf(d->a, "the service answered %ld %s (%s)", reply->status, reply->code,
		reply->message);
}

static char *application_url(const struct definer *d)
{
	_cleanup_buf_ struct buf b = {0};

	buf_addf(&b, "%s/applications?$filter=%s%%20eq%%20", d->c->base,
		d->c->surface == ENTRA_SERVICE ? "displayName" : "appId");
	entra_add_literal(
		&b, d->c->surface == ENTRA_SERVICE ? SCHEMA_APP : d->c->oauth.o.client_id);
	buf_adds(&b, "&$select=id,appId");
	return buf_steal(&b);
}

/* Where definitions belong. OK with d->id NULL: refused, all items say why. */
static enum conn_result find_application(struct definer *d)
{
	_cleanup_free_ char *url = NULL;
	_cleanup_json_ json_t *json = NULL;
	struct entra_reply reply;
	const json_t *app;
	enum conn_result r;

	if (d->c->surface != ENTRA_SERVICE && !d->c->oauth.o.client_id) {
		refuse_all(d, "client_id is not set: definitions belong to an application");
		return CONN_OK;
	}
	url = application_url(d);
	r = entra_ask(d->c, url, false, &reply, d->e);
	json = reply.json;
	if (r != CONN_OK)
		return r;
	app = json_array_get(json_object_get(json, "value"), 0);
	if (reply.status != 200)
		refuse_all(d, why_refused(d, &reply));
	else if (!entra_id(app) || !json_is_string(json_object_get(app, "appId")))
		refuse_all(d, "the tenant has no registration of this application: it belongs to "
			      "another tenant");
	if (d->items[0].refused)
		return CONN_OK;
	d->id = xstrdup(entra_id(app));
	d->app_id = xstrdup(json_string_value(json_object_get(app, "appId")));
	return CONN_OK;
}

/* extension_<appId without dashes>_<name>; in the arena. */
static const char *property_name(const struct definer *d, const struct extension *x)
{
	_cleanup_buf_ struct buf b = {0};

	buf_adds(&b, "extension_");
	for (const char *p = d->app_id; *p; p++)
		if (*p != '-')
			buf_addc(&b, *p);
	buf_addf(&b, "%s", x->name + strlen("extension"));
	return arena_strdup(d->a, buf_str(&b));
}

static bool has_target(const json_t *definition, const char *word)
{
	size_t i;
	json_t *v;

	json_array_foreach (json_object_get(definition, "targetObjects"), i, v)
		if (json_is_string(v) && streq(json_string_value(v), word))
			return true;
	return false;
}

/* What the tenant has of the item. */
static void take(struct definer *d, struct extension *x, const json_t *definition)
{
	const char *name = json_string_value(json_object_get(definition, "name"));
	const char *type = json_string_value(json_object_get(definition, "dataType"));
	const char *id = json_string_value(json_object_get(definition, "id"));
	bool many = json_is_true(json_object_get(definition, "isMultiValued"));

	if (!type || !streq(type, extension_data_name(x->data)) || many != x->multi) {
		x->refused = arena_printf(d->a,
			"the tenant has %s as %s of %s, and the directory has %s of %s: delete the "
			"definition in Entra, with its values, and it is made again",
			name, type ? type : "?", many ? "several values" : "one value",
			extension_data_name(x->data), x->multi ? "several values" : "one value");
		return;
	}
	x->property = arena_strdup(d->a, name);
	x->id = id ? arena_strdup(d->a, id) : "";
	x->users = has_target(definition, "User");
	x->groups = has_target(definition, "Group");
}

static void take_page(struct definer *d, const json_t *list)
{
	for (unsigned i = 0; i < d->n; i++) {
		struct extension *x = &d->items[i];
		const char *wanted = property_name(d, x);
		size_t k;
		json_t *v;

		json_array_foreach ((json_t *)list, k, v) {
			const char *name = json_string_value(json_object_get(v, "name"));

			if (name && !x->property && !x->refused && strcasecmp(name, wanted) == 0)
				take(d, x, v);
		}
	}
}

static enum conn_result bad_list(struct definer *d, const char *url, const char *wrong)
{
	err_set(d->e, -EPROTO, d->c->graph, 0, "the answer to GET %.400s %s", url, wrong);
	return CONN_RUN_BAD;
}

static enum conn_result read_definitions(struct definer *d)
{
	char *url = xasprintf("%s/applications/%s/extensionProperties?$top=999", d->c->base, d->id);
	struct entra_pages pages = {0};
	enum conn_result r = CONN_OK;

	while (url && r == CONN_OK) {
		_cleanup_json_ json_t *json = NULL;
		struct entra_reply reply;
		const char *next = NULL, *wrong;

		r = entra_ask(d->c, url, false, &reply, d->e);
		json = reply.json;
		if (r == CONN_OK && reply.status != 200) {
			refuse_all(d, why_refused(d, &reply));
			break;
		}
		if (r != CONN_OK)
			break;
		wrong = entra_next_page(d->c, &pages, url, json, &next);
		if (!wrong && pages.objects > DEFINITIONS_MAX)
			wrong = "has too many definitions";
		if (wrong)
			r = bad_list(d, url, wrong);
		else
			take_page(d, json_object_get(json, "value"));
		next = r == CONN_OK && next ? arena_strdup(d->a, next) : NULL;
		free(url);
		url = next ? xstrdup(next) : NULL;
	}
	free(url);
	return r;
}

static enum conn_result make_one(struct definer *d, struct extension *x)
{
	_cleanup_free_ char *url =
		xasprintf("%s/applications/%s/extensionProperties", d->c->base, d->id);
	_cleanup_json_ json_t *body = json_pack("{s:s, s:s, s:b, s:[s, s]}", "name",
		x->name + strlen("extension_"), "dataType", extension_data_name(x->data),
		"isMultiValued", x->multi, "targetObjects", "User", "Group");
	_cleanup_free_ char *text = json_dumps(body, JSON_COMPACT);
	_cleanup_json_ json_t *json = NULL;
	struct entra_reply reply;
	enum conn_result r = entra_post(d->c, url, text, &reply, d->e);

	json = reply.json;
	if (r != CONN_OK)
		return r;
	if (reply.status == 201)
		take(d, x, json);
	else if (reply.status == 403)
		refuse_all(d, missing_right(d, "create definitions"));
	else
		x->refused = arena_printf(d->a, "the service refuses the definition: %ld %s: %s",
			reply.status, reply.code, reply.message);
	return CONN_OK;
}

static enum conn_result define_all(struct definer *d, bool make)
{
	enum conn_result r = find_application(d);

	if (r == CONN_OK && d->id)
		r = read_definitions(d);
	for (unsigned i = 0; i < d->n && r == CONN_OK && make; i++)
		if (!d->items[i].property && !d->items[i].refused)
			r = make_one(d, &d->items[i]);
	return r;
}

static enum conn_result define(struct connector *c, struct extension *items, unsigned n, bool make,
	struct arena *a, struct err *e)
{
	struct definer d = {.c = c, .items = items, .n = n, .a = a, .e = e};
	enum conn_result r = n ? entra_ready(c, e) : CONN_OK;

	for (unsigned i = 0; i < n; i++) {
		items[i].property = items[i].id = items[i].refused = NULL;
		items[i].users = items[i].groups = items[i].missing = false;
	}
	if (n && r == CONN_OK)
		r = define_all(&d, make);
	for (unsigned i = 0; i < n && r == CONN_OK; i++)
		items[i].missing = !items[i].property && !items[i].refused;
	free(d.id);
	free(d.app_id);
	return r;
}

static const struct extension_rule rules[] = {
	{"Out to AAD - User DirectoryExtension", "person", "user"},
	{"Out to AAD - Group DirectoryExtension", "group", "group"},
	{NULL},
};

const struct extension_target entra_extension_target = {
	.rules = rules,
	.define = define,
	.use = entra_extensions_use,
};
