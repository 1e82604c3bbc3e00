/* See references.h. */
#include "soap/references.h"

#include "order/orders.h"
#include "soap/attribute.h"
#include "tenant/body.h"
#include "tenant/clock.h"

/* --- who is meant --- */

struct object *object_by_source_anchor(
	const struct emulator *em, enum object_type t, const char *anchor)
{
	_cleanup_buf_ struct buf b = {0};

	buf_addc(&b, '"');
	buf_add_json(&b, anchor, strlen(anchor));
	buf_addc(&b, '"');
	return *anchor ? directory_key(em->dir, KEY_IMMUTABLE, t, b.data, b.len) : NULL;
}

struct object *object_by_cloud_anchor(const struct emulator *em, const char *anchor)
{
	const char *id = strchr(anchor, '_');
	struct object *o = id ? directory_find(em->dir, id + 1, strlen(id + 1)) : NULL;

	return o && !o->purged ? o : NULL;
}

/* An object of any type that a reference names; NULL: the tenant does not know it (yet). */
static struct object *referred(const struct emulator *em, const char *anchor, bool by_cloud_anchor)
{
	struct object *o = by_cloud_anchor ? object_by_cloud_anchor(em, anchor) : NULL;
	uint64_t seen;
	size_t n;

	for (unsigned t = 0; !o && !by_cloud_anchor && t < TYPE_COUNT; t++) {
		o = object_by_source_anchor(em, (enum object_type)t, anchor);
		o = o && o->deleted ? NULL : o;
	}
	if (!o || o->deleted)
		return NULL;
	/* what is new is not found by references yet */
	seen = object_prop(o, P_BAG, &n) ? tenant_resolved(em) : tenant_visible(em);
	return o->created <= seen ? o : NULL;
}

unsigned references_count(const struct item *it)
{
	unsigned n = 0;
	const char *key;
	json_t *v;

	json_object_foreach (it->bag, key, v)
		if (attribute_reference(key) == REFERENCE_MANY)
			n += (unsigned)json_array_size(v);
	for (const struct reference_change *c = it->changes; c; c = c->next)
		n++;
	return n;
}

/* --- what is not known --- */

static void refuse(
	const struct soap_call *call, struct item *it, const char *key, const char *anchor)
{
	item_fail(it, call,
		arena_printf(call->arena, "The object that %.60s refers to is not known: %.100s.",
			key, anchor));
}

static void check_value(const struct emulator *em, const struct soap_call *call, struct item *it,
	const char *key, const json_t *v)
{
	size_t i;
	json_t *one;

	if (json_is_string(v) && !referred(em, json_string_value(v), false))
		refuse(call, it, key, json_string_value(v));
	if (json_is_array(v))
		json_array_foreach ((json_t *)v, i, one)
			check_value(em, call, it, key, one);
}

void references_check(const struct emulator *em, const struct soap_call *call, struct item *it)
{
	const char *key;
	json_t *v;

	if (em->orders->service.unresolved != UNRESOLVED_REFUSED)
		return;
	json_object_foreach (it->bag, key, v)
		if (attribute_reference(key))
			check_value(em, call, it, key, v);
	for (const struct reference_change *c = it->changes; c; c = c->next)
		if (c->add && !referred(em, c->anchor, c->by_cloud_anchor))
			refuse(call, it, c->key, c->anchor);
}

/* Those of an object that wait: [{"key": "member", "anchor": "...", "cloud": false}]. */
static json_t *waiting_of(const struct object *o)
{
	size_t n;
	const char *text = object_prop(o, P_UNRESOLVED, &n);
	json_t *list = text ? json_loadb(text, n, 0, NULL) : NULL;

	return list ? list : json_array();
}

/* anchor NULL: all of the key. */
static void waiting_drop(json_t *list, const char *key, const char *anchor)
{
	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *w = json_array_get(list, i);

		if (strcasecmp(body_text(w, "key"), key) == 0 &&
			(!anchor || streq(body_text(w, "anchor"), anchor)))
			json_array_remove(list, i);
	}
}

static void waiting_add(const struct emulator *em, json_t *list, const char *key,
	const char *anchor, bool by_cloud_anchor)
{
	if (em->orders->service.unresolved != UNRESOLVED_KEPT)
		return;
	waiting_drop(list, key, anchor);
	json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "key", key, "anchor", anchor,
					    "cloud", by_cloud_anchor));
}

static void waiting_set(struct emulator *em, struct object *o, const json_t *list)
{
	_cleanup_buf_ struct buf text = {0};

	if (json_array_size(list)) {
		body_dump(&text, list, JSON_COMPACT);
		em->orders->unresolved = true;
	}
	object_set(em->dir, o, P_UNRESOLVED, text.len ? text.data : NULL, text.len);
}

/* --- those that Graph shows --- */

static bool is_shown(const struct object *o, const char *key)
{
	return (strcasecmp(key, "member") == 0 && o->type == TYPE_GROUP) ||
	       (strcasecmp(key, "manager") == 0 && type_has_manager(o->type));
}

static bool set_link(
	struct emulator *em, struct object *o, const char *key, struct object *target, bool present)
{
	if (o->type == TYPE_GROUP)
		return object_link_set(em->dir, o, target, present);
	if ((present && !type_has_manager(target->type)) ||
		present == (o->manager == (int64_t)target->index))
		return false;
	object_set_manager(em->dir, o, present ? target : NULL);
	o->manager_seq = directory_seq(em->dir) + 1;
	return true;
}

/* The whole list replaces what was there. */
static bool replace_members(
	struct emulator *em, struct object *o, const json_t *list, json_t *waiting)
{
	bool changed = false;
	size_t i;
	json_t *v;
	_cleanup_free_ bool *keep = xcalloc(directory_size(em->dir) + 1, sizeof(*keep));

	waiting_drop(waiting, "member", NULL);
	json_array_foreach ((json_t *)list, i, v) {
		struct object *target = referred(em, json_string_value(v), false);

		if (!target) {
			waiting_add(em, waiting, "member", json_string_value(v), false);
			continue;
		}
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

static bool replace_manager(struct emulator *em, struct object *o, const json_t *v, json_t *waiting)
{
	const char *anchor = json_string_value(v);
	struct object *old = o->manager >= 0 ? directory_get(em->dir, (uint32_t)o->manager) : NULL;
	struct object *target = anchor ? referred(em, anchor, false) : NULL;

	waiting_drop(waiting, "manager", NULL);
	if (anchor && !target)
		waiting_add(em, waiting, "manager", anchor, false);
	if (target)
		return set_link(em, o, "manager", target, true);
	return json_is_null(v) && old && set_link(em, o, "manager", old, false);
}

static bool do_change(
	struct emulator *em, struct object *o, const struct reference_change *c, json_t *waiting)
{
	struct object *target = referred(em, c->anchor, c->by_cloud_anchor);

	if (!is_shown(o, c->key))
		return false;
	waiting_drop(waiting, c->key, c->anchor);
	if (!target && c->add)
		waiting_add(em, waiting, c->key, c->anchor, c->by_cloud_anchor);
	return target && set_link(em, o, c->key, target, c->add);
}

bool references_apply(struct emulator *em, struct item *it)
{
	const json_t *members = bag_get(it->bag, "member"), *manager = bag_get(it->bag, "manager");
	struct object *o = it->object;
	_cleanup_json_ json_t *waiting = NULL;
	bool changed = false;

	if (!members && !manager && !it->changes)
		return false;
	waiting = waiting_of(o);
	if (members && o->type == TYPE_GROUP)
		changed = replace_members(em, o, members, waiting);
	if (manager && type_has_manager(o->type))
		changed = replace_manager(em, o, manager, waiting) || changed;
	for (const struct reference_change *c = it->changes; c; c = c->next)
		changed = do_change(em, o, c, waiting) || changed;
	waiting_set(em, o, waiting);
	if (changed)
		object_touch(em->dir, o);
	return changed;
}

/* Of one object; true: some wait on. */
static bool resolve(struct emulator *em, struct object *o)
{
	_cleanup_json_ json_t *list = waiting_of(o);
	bool changed = false;

	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *w = json_array_get(list, i);
		struct object *target = referred(
			em, body_text(w, "anchor"), json_is_true(json_object_get(w, "cloud")));

		if (!target)
			continue;
		changed = set_link(em, o, body_text(w, "key"), target, true) || changed;
		json_array_remove(list, i);
	}
	waiting_set(em, o, list);
	if (changed)
		object_touch(em->dir, o);
	return json_array_size(list) > 0;
}

void references_resolve(struct emulator *em)
{
	bool any = false;
	size_t n;

	if (!em->orders->unresolved)
		return;
	for (uint32_t i = 0; i < directory_size(em->dir); i++) {
		struct object *o = directory_get(em->dir, i);

		if (!o->deleted && object_prop(o, P_UNRESOLVED, &n))
			any = resolve(em, o) || any;
	}
	em->orders->unresolved = any;
}

/* --- those that only the bag has --- */

static void change_list(json_t *bag, const struct reference_change *c)
{
	json_t *old = bag_get(bag, c->key), *list = json_is_array(old) ? old : json_array();

	for (size_t i = json_array_size(list); i-- > 0;)
		if (streq(json_string_value(json_array_get(list, i)), c->anchor))
			json_array_remove(list, i);
	if (c->add)
		json_array_append_new(list, json_string(c->anchor));
	if (list != old)
		json_object_set_new(bag, c->key, list);
}

static void drop_unknown(const struct emulator *em, json_t *bag, const char *key, json_t *v)
{
	for (size_t i = json_array_size(v); i-- > 0;)
		if (!referred(em, json_string_value(json_array_get(v, i)), false))
			json_array_remove(v, i);
	if (json_is_string(v) && !referred(em, json_string_value(v), false))
		json_object_del(bag, key);
}

void references_settle_bag(const struct emulator *em, const struct item *it, json_t *bag)
{
	static const char *const shown[] = {"member", "manager"};
	const char *key;
	json_t *v;
	void *next;

	for (const struct reference_change *c = it->changes; c; c = c->next)
		change_list(bag, c);
	json_object_foreach_safe(bag, next, key, v)
	{
		if (strcasecmp(key, shown[0]) == 0 || strcasecmp(key, shown[1]) == 0)
			json_object_del(bag, key);
		else if (em->orders->service.unresolved == UNRESOLVED_DROPPED &&
			 attribute_reference(key))
			drop_unknown(em, bag, key, v);
	}
}
