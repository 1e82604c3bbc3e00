/*
 * ProvisionAzureADSyncObjects and its second version: each object of a request by itself, through
 * the same checks as Graph's writes of synchronization. One that is refused is a result and stops
 * no other.
 */
#include "soap/operations.h"

#include "graph/resource.h"
#include "graph/rights.h"
#include "odata/query.h"
#include "order/orders.h"
#include "soap/bag.h"
#include "soap/encode.h"
#include "soap/wire.h"
#include "tenant/body.h"
#include "tenant/clock.h"

#include <stdio.h>

#define OBJECTS_MAX 1000 /* in one request; the service's own limit is not known */
#define LINKS_MAX 15000  /* MaxLinksSupportedAcrossBatchInProvision2 */

struct item {
	const struct element *of;
	enum object_type type;
	bool deletes;
	json_t *bag; /* as it came */
	struct reference_change *changes;
	const char *source_anchor, *cloud_anchor;
	struct object *object; /* NULL: there is none yet */
	/* the result */
	bool failed;
	const char *text; /* in the call's arena; "" */
};

static void fail(struct item *it, const struct soap_call *call, const char *text)
{
	if (it->failed)
		return;
	it->failed = true;
	it->text = arena_strdup(call->arena, text);
}

/* --- who is meant --- */

static struct object *by_source_anchor(
	const struct emulator *em, enum object_type t, const char *anchor)
{
	_cleanup_buf_ struct buf b = {0};

	buf_addc(&b, '"');
	buf_add_json(&b, anchor, strlen(anchor));
	buf_addc(&b, '"');
	return *anchor ? directory_key(em->dir, KEY_IMMUTABLE, t, b.data, b.len) : NULL;
}

/* "User_<id>" */
static struct object *by_cloud_anchor(const struct emulator *em, const char *anchor)
{
	const char *id = strchr(anchor, '_');
	struct object *o = id ? directory_find(em->dir, id + 1, strlen(id + 1)) : NULL;

	return o && !o->purged ? o : NULL;
}

/* An object of any type that a reference names; NULL: the tenant does not know it (yet). */
static struct object *referred(const struct emulator *em, const char *anchor, bool is_cloud_anchor)
{
	struct object *o = is_cloud_anchor ? by_cloud_anchor(em, anchor) : NULL;

	for (unsigned t = 0; !o && !is_cloud_anchor && t < TYPE_COUNT; t++)
		o = by_source_anchor(em, (enum object_type)t, anchor);
	/* what is new is not found by references yet */
	return o && !o->deleted && o->created <= tenant_visible(em) ? o : NULL;
}

/* --- one object --- */

static bool read_item(const struct emulator *em, const struct soap_call *call,
	const struct element *of, struct item *ret)
{
	const char *operation = element_child_text(of, "SyncOperation"), *why = "";

	*ret = (struct item){.of = of, .text = "", .source_anchor = "", .cloud_anchor = ""};
	ret->type = wire_type(element_child_text(of, "SyncObjectType"));
	ret->deletes = strcasecmp(operation, "Delete") == 0;
	ret->bag = bag_read(element_child(of, "PropertyValues"), call->arena, &ret->changes, &why);
	if (ret->type == TYPE_COUNT)
		fail(ret, call, "SyncObjectType is none that the service knows.");
	if (!ret->deletes && strcasecmp(operation, "Set") != 0 && strcasecmp(operation, "Add") != 0)
		fail(ret, call, "SyncOperation is none that the service knows.");
	if (!ret->bag)
		fail(ret, call, arena_printf(call->arena, "The value of %s cannot be read.", why));
	if (ret->failed)
		return false;
	ret->source_anchor = bag_text(ret->bag, "sourceAnchor");
	ret->cloud_anchor = bag_text(ret->bag, "cloudAnchor");
	ret->object = *ret->cloud_anchor ? by_cloud_anchor(em, ret->cloud_anchor)
	                                 : by_source_anchor(em, ret->type, ret->source_anchor);
	if (!*ret->source_anchor && !ret->object)
		fail(ret, call,
			"The object has neither SourceAnchor nor a CloudAnchor that is known.");
	return !ret->failed;
}

/* What the bag of the object will be. */
static json_t *whole_bag(const struct item *it)
{
	size_t n;
	const char *kept = it->object ? object_prop(it->object, P_BAG, &n) : NULL;
	json_t *whole = kept ? json_loadb(kept, n, 0, NULL) : json_object();

	bag_merge(whole, it->bag);
	return whole;
}

/* The message of an error as Graph writes it, with its code where that says more. */
static const char *words_of(const struct soap_call *call, const struct response *rs)
{
	_cleanup_json_ json_t *json = json_loadb(buf_str(&rs->body), rs->body.len, 0, NULL);
	const json_t *error = json_object_get(json, "error");
	const char *code = body_text(error, "code"), *message = body_text(error, "message");

	if (str_starts(code, "Request_") || streq(code, "BadRequest"))
		return arena_strdup(call->arena, message);
	return arena_printf(call->arena, "%s: %s", code, message);
}

/* What of the bag are references, by Graph's names. */
static json_t *reference_names(const struct item *it)
{
	bool members = bag_get(it->bag, "member"), manager = bag_get(it->bag, "manager");
	json_t *names = json_array();

	for (const struct reference_change *c = it->changes; c; c = c->next) {
		members = members || strcasecmp(c->key, "member") == 0;
		manager = manager || strcasecmp(c->key, "manager") == 0;
	}
	if (members && it->type == TYPE_GROUP)
		json_array_append_new(names, json_string("members"));
	if (manager && type_has_manager(it->type))
		json_array_append_new(names, json_string("manager"));
	return names;
}

/* As Graph does it for an application of synchronization. */
static void ask_graph(struct emulator *em, const struct soap_call *call, struct item *it,
	enum method method, json_t *body)
{
	_cleanup_json_ json_t *references = reference_names(it);
	struct request rq = {.method = method,
		.app = call->app,
		.base = call->base,
		.path = "",
		.n_segments = 2, /* one object */
		.references = references,
		.version = "v1.0",
		.body = body,
		.minimal = true};
	struct response rs = {.retry_after = -1, .after_bytes = -1};
	struct query query = {0};

	rq.query = &query;
	if (method == M_POST)
		handle_collection(em, &rq, it->type, &rs);
	else
		handle_object(em, &rq, it->object, &rs);
	if (rs.status >= 300)
		fail(it, call, words_of(call, &rs));
	buf_done(&rs.body);
}

static void set_object(struct emulator *em, const struct soap_call *call, struct item *it)
{
	_cleanup_json_ json_t *whole = whole_bag(it);
	const char *wrong;
	_cleanup_json_ json_t *body = wire_to_graph(it->type, it->bag, whole, &wrong);
	_cleanup_buf_ struct buf text = {0};
	bool by_id = *it->cloud_anchor && it->object && !*it->source_anchor;

	if (wrong)
		fail(it, call, arena_printf(call->arena, "The value of %s cannot be used.", wrong));
	else
		ask_graph(em, call, it, by_id ? M_PATCH : M_POST, body);
	if (it->failed)
		return;
	if (!by_id)
		it->object = by_source_anchor(em, it->type, it->source_anchor);
	if (!it->object) {
		fail(it, call, "The object was not made.");
		return;
	}
	body_dump(&text, whole, JSON_COMPACT);
	object_set(em->dir, it->object, P_BAG, text.data, text.len);
}

static void delete_object(struct emulator *em, const struct soap_call *call, struct item *it)
{
	if (!it->object || it->object->deleted)
		return; /* it is not there: what was asked for */
	ask_graph(em, call, it, M_DELETE, NULL);
}

/* --- references --- */

/* What the tenant does not know is left out without a word. */
static bool set_link(
	struct emulator *em, struct object *o, const char *key, struct object *target, bool present)
{
	if (!target)
		return false;
	if (strcasecmp(key, "member") == 0 && o->type == TYPE_GROUP)
		return object_link_set(em->dir, o, target, present);
	if (strcasecmp(key, "manager") != 0 || !type_has_manager(o->type) ||
		(present && !type_has_manager(target->type)))
		return false;
	if (!present && o->manager != (int64_t)target->index)
		return false;
	if (present && o->manager == (int64_t)target->index)
		return false;
	object_set_manager(em->dir, o, present ? target : NULL);
	o->manager_seq = directory_seq(em->dir) + 1;
	return true;
}

/* The whole list replaces what was there. */
static bool replace_members(struct emulator *em, struct object *o, const json_t *list)
{
	bool changed = false;
	size_t i;
	json_t *v;
	_cleanup_free_ bool *keep = xcalloc(directory_size(em->dir) + 1, sizeof(*keep));

	json_array_foreach ((json_t *)list, i, v) {
		struct object *target = referred(em, json_string_value(v), false);

		if (!target)
			continue;
		keep[target->index] = true;
		changed = object_link_set(em->dir, o, target, true) || changed;
	}
	for (uint32_t k = 0; k < o->n_links; k++)
		if (!o->links[k].removed && !keep[o->links[k].target])
			changed = object_link_set(em->dir, o,
					  directory_get(em->dir, o->links[k].target), false) ||
			          changed;
	return changed;
}

static bool replace_manager(struct emulator *em, struct object *o, const json_t *v)
{
	const char *anchor = json_string_value(v);
	struct object *old = o->manager >= 0 ? directory_get(em->dir, (uint32_t)o->manager) : NULL;

	if (anchor)
		return set_link(em, o, "manager", referred(em, anchor, false), true);
	return json_is_null(v) && set_link(em, o, "manager", old, false);
}

static void set_references(struct emulator *em, struct item *it)
{
	const json_t *members = bag_get(it->bag, "member"), *manager = bag_get(it->bag, "manager");
	struct object *o = it->object;
	bool changed = false;

	if (members && o->type == TYPE_GROUP)
		changed = replace_members(em, o, members);
	if (manager && type_has_manager(o->type))
		changed = replace_manager(em, o, manager) || changed;
	for (const struct reference_change *c = it->changes; c; c = c->next)
		changed = set_link(em, o, c->key, referred(em, c->anchor, c->by_cloud_anchor),
				  c->add) ||
		          changed;
	if (changed)
		object_touch(em->dir, o);
}

/* --- the request --- */

static unsigned count_links(const struct item *it)
{
	unsigned n = (unsigned)json_array_size(bag_get(it->bag, "member"));

	for (const struct reference_change *c = it->changes; c; c = c->next)
		n++;
	return n;
}

static void put_result(const struct item *it, bool new_members, struct buf *b)
{
	char anchor[64] = "";
	const char *source = it->source_anchor;

	if (it->object)
		snprintf(anchor, sizeof(anchor), "%s_%s", wire_type_word(it->type), it->object->id);
	encode_start(b, 'b', "AzureADSyncObjectResult");
	encode_leaf(b, 'b', "CloudAnchor", anchor);
	encode_leaf(b, 'b', "ResultCode", it->failed ? "Failure" : "Success");
	if (new_members) {
		encode_leaf(b, 'b', "ObjectType",
			wire_type_word(it->type == TYPE_COUNT ? TYPE_USER : it->type));
		encode_leaf(b, 'b', "ResultErrorCode", it->failed ? "1" : "0");
	}
	if (*it->text)
		encode_leaf(b, 'b', "ResultErrorDescription", it->text);
	else
		encode_nil(b, 'b', "ResultErrorDescription");
	encode_leaf(b, 'b', "SourceAnchor", source);
	encode_end(b);
}

/* True: a test has ordered what becomes of it. */
static bool ordered(struct emulator *em, const struct soap_call *call, struct item *it)
{
	struct service_orders *o = &em->orders->service;
	bool managed = it->object && it->object->cloud_managed;

	if (service_order_take(&o->failures)) {
		fail(it, call, *o->text ? o->text : "The object was refused on order.");
		return true;
	}
	if (service_order_take(&o->warnings))
		it->text = *o->text
		                   ? o->text
		                   : "This object has been updated in your Azure Active Directory, "
		                     "but with some modified properties.";
	return managed && o->cloud_managed == CLOUD_MANAGED_IGNORED;
}

/* As AD's for the time of the write, where it is ordered that the flag does not count. */
static void write_item(struct emulator *em, const struct soap_call *call, struct item *it)
{
	bool lifted = it->object && it->object->cloud_managed &&
	              em->orders->service.cloud_managed == CLOUD_MANAGED_ACCEPTED;
	struct object *o = it->object;

	if (lifted) {
		o->cloud_managed = false;
		object_set(em->dir, o, P_SYNC_ENABLED, "true", 4);
	}
	if (it->deletes)
		delete_object(em, call, it);
	else
		set_object(em, call, it);
	if (lifted && !o->deleted) {
		o->cloud_managed = true;
		object_set(em->dir, o, P_SYNC_ENABLED, NULL, 0);
	}
}

static void do_item(struct emulator *em, const struct soap_call *call, struct item *it)
{
	if (it->failed || ordered(em, call, it))
		return;
	write_item(em, call, it);
	if (!it->failed && !it->deletes)
		set_references(em, it);
}

void operation_provision(struct emulator *em, const struct soap_call *call, struct response *rs)
{
	const struct element *list =
		element_child(element_child(call->body, "syncRequest"), "SyncObjects");
	struct item *items;
	unsigned n = 0, links = 0;

	for (const struct element *k = list ? list->first : NULL; k; k = k->next)
		n++;
	if (!n || n > OBJECTS_MAX) {
		answer_fault(call, 0, "The request has no objects, or too many.", rs);
		return;
	}
	items = arena_zalloc(call->arena, n * sizeof(*items));
	n = 0;
	for (const struct element *k = list->first; k; k = k->next) {
		read_item(em, call, k, &items[n]);
		links += count_links(&items[n++]);
	}
	answer_begin(call, true, rs);
	encode_start(&rs->body, 'b', "SyncObjectResults");
	for (unsigned i = 0; i < n; i++) {
		if (links > LINKS_MAX)
			fail(&items[i], call, "The request has too many links.");
		do_item(em, call, &items[i]);
		put_result(&items[i], em->orders->service.new_members, &rs->body);
	}
	encode_end(&rs->body);
	answer_end(true, rs);
	for (unsigned i = 0; i < n; i++)
		json_decref(items[i].bag);
}
