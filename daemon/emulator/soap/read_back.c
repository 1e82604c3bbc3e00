/*
 * ReadBackAzureADSyncObjects and its second version: what is synchronized, with all that was sent.
 * Without pages it is everything, whatever the cookie: so open tools use it. With pages (an order;
 * how the service does that is not known) a cookie says where the reader is: behind which object of
 * a pass, and up to which change of the tenant the pass before came.
 */
#include "soap/operations.h"

#include "order/orders.h"
#include "soap/attribute.h"
#include "soap/bag.h"
#include "soap/encode.h"
#include "soap/wire.h"
#include "tenant/body.h"
#include "tenant/clock.h"

#include "base/codec.h"

#include <stdio.h>

struct place {
	unsigned long long from;  /* changes up to here are known to the reader; 0: nothing is */
	unsigned long long until; /* the tenant's last change as the pass began */
	unsigned next;            /* index of an object */
};

/* --- the cookie --- */

static bool read_cookie(const struct element *body, struct place *ret)
{
	const char *text = element_child_text(body, "inputCookie");
	char plain[128];
	ssize_t n = strlen(text) < sizeof(plain) ? base64_decode(plain, text, strlen(text)) : -1;

	if (!*text)
		return true;
	if (n <= 0)
		return false;
	plain[n] = '\0';
	return sscanf(plain, "%llu %llu %u", &ret->from, &ret->until, &ret->next) == 3;
}

static void put_cookie(const struct emulator *em, const struct place *p, bool more, struct buf *b)
{
	const struct service_orders *o = &em->orders->service;
	char plain[128];
	int n = snprintf(plain, sizeof(plain), "%llu %llu %u", p->from, p->until, p->next);

	encode_start(b, 'b', o->more_name);
	encode_bool_end(b, more);
	encode_start(b, 'b', o->cookie_name);
	encode_bytes_end(b, plain, (size_t)n);
}

/* --- an object --- */

static json_t *anchor_of(const struct object *o)
{
	size_t n;
	const char *text = object_prop(o, P_IMMUTABLE_ID, &n);

	return text ? json_loadb(text, n, JSON_DECODE_ANY, NULL) : NULL;
}

static void add_references(const struct emulator *em, const struct object *o, json_t *bag)
{
	json_t *list, *v;

	if (type_has_manager(o->type) && o->manager >= 0) {
		v = anchor_of(directory_get(em->dir, (uint32_t)o->manager));
		if (v)
			json_object_set_new(bag, "manager", v);
	}
	if (o->type != TYPE_GROUP)
		return;
	list = json_array();
	for (uint32_t i = 0; i < o->n_links; i++) {
		v = o->links[i].removed ? NULL
		                        : anchor_of(directory_get(em->dir, o->links[i].target));
		if (v)
			json_array_append_new(list, v);
	}
	json_object_set_new(bag, "member", list);
}

/* The first version has all attributes of the type. */
static void add_empty(const struct object *o, json_t *bag)
{
	for (unsigned i = 0; i < n_wire_attributes; i++)
		if (wire_attributes[i].types >> o->type & 1 &&
			!bag_get(bag, wire_attributes[i].name))
			json_object_set_new(bag, wire_attributes[i].name, json_null());
}

static void drop_empty(json_t *bag)
{
	const char *key;
	json_t *v;
	void *next;

	json_object_foreach_safe(
		bag, next, key, v) if (json_is_null(v) || (json_is_array(v) && !json_array_size(v)))
		json_object_del(bag, key);
}

static json_t *bag_of(const struct emulator *em, const struct object *o)
{
	size_t n;
	const char *kept = object_prop(o, P_BAG, &n);
	json_t *bag = json_loadb(kept, n, 0, NULL);
	char anchor[64];

	snprintf(anchor, sizeof(anchor), "%s_%s", wire_type_word(o->type), o->id);
	json_object_set_new(bag, "cloudAnchor", json_string(anchor));
	json_object_set_new(bag, "cloudMastered", json_boolean(o->cloud_managed));
	if (o->cloud_managed && em->orders->service.tells_block)
		json_object_set_new(bag, "blockOnPremisesSync", json_true());
	add_references(em, o, bag);
	return bag;
}

static void put_object(
	const struct emulator *em, const struct object *o, bool with_empty, struct buf *b)
{
	_cleanup_json_ json_t *bag = bag_of(em, o);

	with_empty ? add_empty(o, bag) : drop_empty(bag);
	encode_start(b, 'b', "AzureADSyncObject");
	bag_write(b, bag);
	encode_leaf(b, 'b', "SyncObjectType", wire_type_word(o->type));
	encode_leaf(b, 'b', "SyncOperation", o->deleted ? "Delete" : "Set");
	encode_end(b);
}

/* --- the request --- */

static bool is_due(const struct emulator *em, const struct object *o, const struct place *p)
{
	size_t n;

	if (!object_prop(o, P_BAG, &n) || o->created > tenant_visible(em))
		return false;
	return p->from ? o->seq > p->from : !o->deleted;
}

/* Up to a page of them; *p goes on. True: there are more. */
static bool put_objects(
	struct emulator *em, const struct soap_call *call, struct place *p, struct buf *b)
{
	long left = em->orders->service.page_size;
	bool paged = left > 0;

	if (em->orders->service.read_back == READ_BACK_EMPTY)
		return false;
	for (; p->next < directory_size(em->dir); p->next++) {
		const struct object *o = directory_get(em->dir, p->next);

		if (!is_due(em, o, p))
			continue;
		if (paged && left-- == 0)
			return true;
		put_object(em, o, !strchr(call->operation, '2'), b);
	}
	return false;
}

void operation_read_back(struct emulator *em, const struct soap_call *call, struct response *rs)
{
	bool paged = em->orders->service.page_size > 0, more;
	struct place p = {0};

	if (em->orders->service.read_back == READ_BACK_REFUSED) {
		answer_fault(call, 0, "The operation is not allowed.", rs);
		return;
	}
	if (paged && !read_cookie(call->body, &p)) {
		answer_fault(call, 0, "The cookie is not one of this service.", rs);
		return;
	}
	if (!p.next)
		p.until = directory_seq(em->dir);
	answer_begin(call, true, rs);
	encode_start(&rs->body, 'b', "ResultObjects");
	more = put_objects(em, call, &p, &rs->body);
	encode_end(&rs->body);
	if (!more)
		p = (struct place){.from = p.until ? p.until : 1};
	if (paged)
		put_cookie(em, &p, more, &rs->body);
	answer_end(true, rs);
}
