/*
 * ProvisionAzureADSyncObjects and its second version: each object of a request by itself, through
 * the checks of Graph's writes and those for what is synchronized. One that is refused is a result
 * and stops no other.
 */
#include "soap/operations.h"

#include "graph/resource.h"
#include "graph/rights.h"
#include "odata/query.h"
#include "order/orders.h"
#include "soap/encode.h"
#include "soap/references.h"
#include "soap/wire.h"
#include "tenant/body.h"
#include "tenant/clock.h"

#include <stdio.h>

#define CERTIFICATES_MAX 15

void item_fail(struct item *it, const struct soap_call *call, const char *text)
{
	if (it->failed)
		return;
	it->failed = true;
	it->text = arena_strdup(call->arena, text);
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
		item_fail(ret, call, "SyncObjectType is none that the service knows.");
	if (!ret->deletes && strcasecmp(operation, "Set") != 0 && strcasecmp(operation, "Add") != 0)
		item_fail(ret, call, "SyncOperation is none that the service knows.");
	if (!ret->bag)
		item_fail(ret, call,
			arena_printf(call->arena, "The value of %s cannot be read.", why));
	if (ret->failed)
		return false;
	ret->source_anchor = bag_text(ret->bag, "sourceAnchor");
	ret->cloud_anchor = bag_text(ret->bag, "cloudAnchor");
	ret->object = *ret->cloud_anchor
	                      ? object_by_cloud_anchor(em, ret->cloud_anchor)
	                      : object_by_source_anchor(em, ret->type, ret->source_anchor);
	if (!*ret->source_anchor && !ret->object)
		item_fail(ret, call,
			"The object has neither SourceAnchor nor a CloudAnchor that is known.");
	return !ret->failed;
}

/* What the bag of the object will be. */
static json_t *whole_bag(const struct emulator *em, const struct item *it)
{
	size_t n;
	const char *kept = it->object ? object_prop(it->object, P_BAG, &n) : NULL;
	json_t *whole = kept ? json_loadb(kept, n, 0, NULL) : json_object();

	bag_merge(whole, it->bag);
	references_settle_bag(em, it, whole);
	return whole;
}

/* Where the service has words of its own for an error of Graph's name. */
static const char *documented(const struct soap_call *call, const char *code)
{
	const char *client;

	if (streq(code, "DeletingCloudOnlyObjectNotAllowed"))
		return arena_printf(call->arena,
			"This synchronization operation, Delete, is not valid. Contact Technical "
			"Support. Tracking Id: %s",
			request_ids(&client));
	if (streq(code, "LargeObject"))
		return "The provisioned object is too large. Trim the number of attribute values "
		       "on this object.";
	return NULL;
}

/* The item fails by an error of that name. */
static void fail_by(const struct emulator *em, const struct soap_call *call, struct item *it,
	const char *code, const char *message)
{
	const char *text = documented(call, code);

	text = text ? text : message;
	if (str_starts(code, "Request_") || streq(code, "BadRequest") ||
		!em->orders->service.names_errors)
		item_fail(it, call, text);
	else
		item_fail(it, call, arena_printf(call->arena, "%s: %s", code, text));
}

/* The error that Graph has written. */
static void fail_as_graph(const struct emulator *em, const struct soap_call *call, struct item *it,
	const struct response *rs)
{
	_cleanup_json_ json_t *json = json_loadb(buf_str(&rs->body), rs->body.len, 0, NULL);
	const json_t *error = json_object_get(json, "error");

	fail_by(em, call, it, body_text(error, "code"), body_text(error, "message"));
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

/* By the code that serves Graph, with the rules for what comes through the service. */
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
		.service = true,
		.minimal = true};
	struct response rs = {.retry_after = -1, .after_bytes = -1};
	struct query query = {0};

	rq.query = &query;
	if (method == M_POST)
		handle_collection(em, &rq, it->type, &rs);
	else
		handle_object(em, &rq, it->object, &rs);
	if (rs.status >= 300)
		fail_as_graph(em, call, it, &rs);
	buf_done(&rs.body);
}

/* learn.microsoft.com/entra/identity/hybrid/connect/tshoot-connect-largeobjecterror */
static void check_size(const struct emulator *em, const struct soap_call *call, struct item *it)
{
	static const char *const names[] = {"userCertificate", "userSMIMECertificate"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (json_array_size(json_object_get(bag_get(it->bag, names[i]), "base64")) >
			CERTIFICATES_MAX)
			fail_by(em, call, it, "LargeObject", "");
}

/* Success, but what another object has is in quarantine: said when the values are sent. */
static void warn_of_quarantine(const struct soap_call *call, struct item *it)
{
	_cleanup_buf_ struct buf names = {0};
	size_t n, i;
	const char *kept = object_prop(it->object, P_ERRORS, &n);
	_cleanup_json_ json_t *errors = kept ? json_loadb(kept, n, 0, NULL) : NULL;
	json_t *v;

	json_array_foreach (errors, i, v)
		if (bag_get(it->bag, body_text(v, "propertyCausingError")))
			buf_addf(&names, "%s%s %s;", names.len ? " " : "",
				body_text(v, "propertyCausingError"), body_text(v, "value"));
	if (names.len && !*it->text)
		it->text = arena_printf(call->arena,
			"This object has been updated in your Azure Active Directory, but with "
			"some modified properties, because the following attributes are associated "
			"with another object [%s].",
			buf_str(&names));
}

static bool has_hidden(const struct item *it)
{
	const char *key;
	json_t *v;

	json_object_foreach (it->bag, key, v)
		if (!wire_is_shown(it->type, key))
			return true;
	return false;
}

static void set_object(struct emulator *em, const struct soap_call *call, struct item *it)
{
	_cleanup_json_ json_t *whole = whole_bag(em, it);
	const char *wrong;
	_cleanup_json_ json_t *body = wire_to_graph(it->type, it->bag, whole, !it->object, &wrong);
	_cleanup_buf_ struct buf text = {0};
	bool by_id = *it->cloud_anchor && it->object && !*it->source_anchor;
	const char *kept;
	size_t n;

	check_size(em, call, it);
	it->hides = has_hidden(it);
	if (wrong)
		item_fail(it, call,
			arena_printf(call->arena, "The value of %s cannot be used.", wrong));
	else if (!it->failed)
		ask_graph(em, call, it, by_id ? M_PATCH : M_POST, body);
	if (it->failed)
		return;
	if (!by_id)
		it->object = object_by_source_anchor(em, it->type, it->source_anchor);
	if (!it->object) {
		item_fail(it, call, "The object was not made.");
		return;
	}
	body_dump(&text, whole, JSON_COMPACT);
	kept = object_prop(it->object, P_BAG, &n);
	it->changed = !kept || n != text.len || memcmp(kept, text.data, n) != 0;
	object_set(em->dir, it->object, P_BAG, text.data, text.len);
	warn_of_quarantine(call, it);
}

static void delete_object(struct emulator *em, const struct soap_call *call, struct item *it)
{
	if (!it->object || it->object->deleted)
		return; /* it is not there: what was asked for */
	ask_graph(em, call, it, M_DELETE, NULL);
}

/* --- the request --- */

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

static const char *warning_text(const char *ordered)
{
	return *ordered ? ordered
	                : "This object has been updated in your Azure Active Directory, but with "
	                  "some modified properties.";
}

/* True: a test has ordered what becomes of it. */
static bool ordered(struct emulator *em, const struct soap_call *call, struct item *it)
{
	struct service_orders *o = &em->orders->service;
	const struct service_fault *f = service_fault_take_object(
		o->faults, call->operation, it->source_anchor, it->deletes ? "Delete" : "Set");
	bool managed = it->object && it->object->cloud_managed;

	if (f && f->kind == SERVICE_FAULT_IGNORED)
		return true;
	if ((f && f->kind == SERVICE_FAULT_FAILURE) || service_order_take(&o->failures)) {
		const char *text = f ? f->text : o->text;

		item_fail(it, call, *text ? text : "The object was refused on order.");
		return true;
	}
	if (f || service_order_take(&o->warnings))
		it->text = arena_strdup(call->arena, warning_text(f ? f->text : o->text));
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
	bool refused, good = em->orders->service.failed_changes == FAILED_CHANGES_GOOD;
	uint64_t repeated = em->orders->stats.duplicates;
	const char *text;

	if (it->failed || ordered(em, call, it))
		return;
	if (!it->deletes)
		references_check(em, call, it);
	refused = it->failed;
	text = it->text;
	if (refused && !good)
		return;
	it->failed = false; /* what else it has is written */
	write_item(em, call, it);
	if (!it->failed && !it->deletes && references_apply(em, it))
		it->changed = true;
	if (it->hides && !it->changed)
		em->orders->stats.hidden_duplicates += em->orders->stats.duplicates - repeated;
	if (it->hides || it->changed) /* Graph's body alone looked like a repetition */
		em->orders->stats.duplicates = repeated;
	if (refused) {
		it->failed = true;
		it->text = text;
	}
}

static bool is_over_limit(const struct emulator *em, unsigned n, unsigned links)
{
	const struct service_orders *o = &em->orders->service;

	return (long)n > o->batch_objects || (long)links > o->batch_links;
}

static void do_items(struct emulator *em, const struct soap_call *call, struct item *items,
	unsigned n, unsigned links, struct response *rs)
{
	const char *text = (long)links > em->orders->service.batch_links
	                           ? "The request has too many links."
	                           : "The request has too many objects.";
	bool over = is_over_limit(em, n, links);

	if (over && em->orders->service.over_limit == OVER_LIMIT_FAULT) {
		answer_fault(call, 0, text, rs);
		return;
	}
	answer_begin(call, true, rs);
	encode_start(&rs->body, 'b', "SyncObjectResults");
	for (unsigned i = 0; i < n; i++) {
		if (over)
			item_fail(&items[i], call, text);
		do_item(em, call, &items[i]);
		put_result(&items[i], em->orders->service.new_members, &rs->body);
	}
	encode_end(&rs->body);
	answer_end(true, rs);
	if (!em->orders->service.finalize_moves_sync)
		em->synced_at = tenant_now(em);
}

void operation_provision(struct emulator *em, const struct soap_call *call, struct response *rs)
{
	const struct element *list =
		element_child(element_child(call->body, "syncRequest"), "SyncObjects");
	struct item *items;
	unsigned n = 0, links = 0;

	for (const struct element *k = list ? list->first : NULL; k; k = k->next)
		n++;
	if (!n) {
		answer_fault(call, 0, "The request has no objects.", rs);
		return;
	}
	em->orders->stats.provisions++;
	em->orders->stats.objects += n;
	items = arena_zalloc(call->arena, n * sizeof(*items));
	n = 0;
	for (const struct element *k = list->first; k; k = k->next) {
		read_item(em, call, k, &items[n]);
		links += references_count(&items[n++]);
	}
	do_items(em, call, items, n, links, rs);
	for (unsigned i = 0; i < n; i++)
		json_decref(items[i].bag);
}
