/*
 * Sources are asked for types, targets for definitions; what they say is kept in the file of
 * extension.h. Nothing here stops a run: without an answer what was known before holds.
 */
#include "sync/extension_learn.h"
#include "base/file.h"
#include "base/json.h"
#include "sync/extension.h"
#include "sync/outbox.h"

struct learning {
	struct sync *sync;
	struct extensions *x;
	struct connector_host host;
	const struct extension_asking *how;
};

static bool is_canceled(void *ctx)
{
	return sync_canceled(ctx);
}

static json_t *side(const struct learning *l, const char *name)
{
	return json_object_get(l->x->kept, name);
}

/* Had the other one the same reason? Then it was told. */
static bool is_told(const json_t *before, const char *key, const char *refused)
{
	const char *was =
		json_string_value(json_object_get(json_object_get(before, key), "refused"));

	return !refused || (was && streq(was, refused));
}

/* --- sources --- */

/* What was listed the last time and is not now: its values stay in the targets. */
static int tell_gone(
	struct learning *l, const struct connector_config *cc, const json_t *before, struct err *e)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)before, key, v) {
		bool listed = false;

		for (unsigned i = 0; i < l->x->n; i++)
			listed |= l->x->items[i].source == cc &&
			          streq(extensions_key(l->x, l->x->items[i].item.attr), key);
		if (listed || json_object_get(v, "refused"))
			continue;
		TRY(outbox_warn(l->sync, cc->settings.name,
			arena_printf(&l->x->arena,
				"%s is no longer in directory_extensions of connector \"%s\": the "
				"values that were exported stay as they are and are not changed "
				"any more. To remove them, delete the definition of the attribute "
				"there.",
				json_string_value(json_object_get(v, "attr")), cc->settings.name),
			e));
	}
	return 0;
}

static bool all_known(const struct learning *l, const struct connector_config *cc)
{
	for (unsigned i = 0; i < l->x->n; i++)
		if (l->x->items[i].source == cc && !l->x->items[i].known)
			return false;
	return true;
}

static enum conn_result ask_source(struct learning *l, const struct connector_config *cc,
	struct extension *items, unsigned n, struct err *e)
{
	struct connector *c = NULL;
	bool asked;
	enum conn_result r = cc->type->open(&cc->settings, &l->host, &c, e);

	if (r == CONN_OK)
		r = cc->type->extension_source->learn(c, items, n, &l->x->arena, &asked, e);
	cc->type->close(c);
	return r;
}

static int keep_source(struct learning *l, const struct connector_config *cc,
	const struct extension *items, unsigned n, struct err *e)
{
	const char *name = cc->settings.name;
	_cleanup_json_ json_t *before = json_incref(json_object_get(side(l, "sources"), name));
	json_t *now = json_object();

	for (unsigned i = 0; i < n; i++) {
		const struct extension *it = &items[i];

		json_object_set_new(now, extensions_key(l->x, it->attr),
			json_pack("{s:s, s:s, s:b, s:s*, s:O*}", "attr", it->attr, "data",
				extension_data_name(it->data), "multi", it->multi, "refused",
				it->refused, "conflict",
				json_object_get(
					json_object_get(before, extensions_key(l->x, it->attr)),
					"conflict")));
	}
	if (n)
		json_object_set_new(side(l, "sources"), name, now);
	else
		json_object_del(side(l, "sources"), name);
	if (!n)
		json_decref(now);
	for (unsigned i = 0; i < n; i++)
		if (!is_told(before, extensions_key(l->x, items[i].attr), items[i].refused))
			TRY(outbox_warn(l->sync, name,
				arena_printf(&l->x->arena,
					"directory_extensions of connector \"%s\": %s cannot be a "
					"directory extension: %s. It is left out.",
					name, items[i].attr, items[i].refused),
				e));
	return tell_gone(l, cc, before, e);
}

static int learn_source(struct learning *l, const struct connector_config *cc, struct err *e)
{
	const json_t *before = json_object_get(side(l, "sources"), cc->settings.name);
	struct extension *items;
	unsigned n = extensions_of_source(l->x, cc, &items);
	struct err ignored = {0};

	if (!n && !before)
		return 0;
	if (!l->how->again && all_known(l, cc) && json_object_size(before) == n)
		return 0;
	if (n && ask_source(l, cc, items, n, &ignored) != CONN_OK)
		return 0; /* the import tells why */
	return keep_source(l, cc, items, n, e);
}

/* What another source has in another way, which only shows when all are known. */
static int tell_conflicts(struct learning *l, struct err *e)
{
	for (unsigned i = 0; i < l->x->n; i++) {
		const struct extension_of *of = &l->x->items[i];
		const char *source = of->source->settings.name;
		json_t *kept = json_object_get(json_object_get(side(l, "sources"), source),
			extensions_key(l->x, of->item.attr));
		const char *told = json_string_value(json_object_get(kept, "conflict"));

		if (!kept || !of->item.refused || json_object_get(kept, "refused")) {
			json_object_del(kept, "conflict");
			continue;
		}
		if (told && streq(told, of->item.refused))
			continue;
		json_object_set_new(kept, "conflict", json_string(of->item.refused));
		TRY(outbox_warn(l->sync, source,
			arena_printf(&l->x->arena,
				"directory_extensions of connector \"%s\": %s is left out: %s.",
				source, of->item.attr, of->item.refused),
			e));
	}
	return 0;
}

/* --- targets --- */

static enum conn_result ask_target(struct learning *l, const struct connector_config *cc,
	struct extension *items, unsigned n, struct err *e)
{
	struct connector *c = NULL;
	enum conn_result r = cc->type->open(&cc->settings, &l->host, &c, e);

	if (r == CONN_OK)
		r = cc->type->extension_target->define(c, items, n, l->how->make, &l->x->arena, e);
	cc->type->close(c);
	return r;
}

/* One text for all that have the same reason. */
static int tell_refused(struct learning *l, const char *target, const json_t *before,
	const struct extension *items, unsigned n, struct err *e)
{
	for (unsigned i = 0; i < n; i++) {
		const char *names = items[i].attr;
		bool first = !is_told(before, items[i].name, items[i].refused);

		for (unsigned k = 0; k < i && first; k++)
			first = !items[k].refused || !streq(items[k].refused, items[i].refused);
		for (unsigned k = i + 1; k < n && first; k++)
			if (items[k].refused && streq(items[k].refused, items[i].refused))
				names = arena_printf(&l->x->arena, "%s, %s", names, items[k].attr);
		if (first)
			TRY(outbox_warn(l->sync, target,
				arena_printf(&l->x->arena,
					"Connector \"%s\" gets no directory extension of %s: %s. "
					"Everything else goes on.",
					target, names, items[i].refused),
				e));
	}
	return 0;
}

static int learn_target(struct learning *l, const struct connector_config *cc, struct err *e)
{
	const char *name = cc->settings.name;
	_cleanup_json_ json_t *before = json_incref(json_object_get(side(l, "targets"), name));
	struct extension *items;
	unsigned n = extensions_of_target(l->x, name, true, &items);
	struct err ignored = {0};
	json_t *now;

	if (!n) {
		json_object_del(side(l, "targets"), name);
		return 0;
	}
	if (ask_target(l, cc, items, n, &ignored) != CONN_OK)
		return 0; /* the import tells why */
	now = json_object();
	for (unsigned i = 0; i < n; i++)
		json_object_set_new(now, items[i].name,
			json_pack("{s:s*, s:s*, s:b, s:b, s:b, s:s*}", "property",
				items[i].property, "id", items[i].id, "users", items[i].users,
				"groups", items[i].groups, "missing", items[i].missing, "refused",
				items[i].refused));
	json_object_set_new(side(l, "targets"), name, now);
	return tell_refused(l, name, before, items, n, e);
}

/* --- all --- */

static int write_kept(const struct learning *l, const json_t *before, struct err *e)
{
	_cleanup_free_ char *text = NULL;

	if (json_equal(before, l->x->kept))
		return 0;
	text = json_dumps(l->x->kept, JSON_INDENT(1) | JSON_SORT_KEYS);
	return file_write(l->x->path, 0600, text, strlen(text), e);
}

static bool is_asked(const struct learning *l, const struct connector_config *cc)
{
	return !l->how->only || streq(l->how->only, cc->settings.name);
}

int extensions_learn(struct sync *s, const struct extension_asking *how, struct err *e)
{
	_cleanup_extensions_ struct extensions *x = extensions_read(s->cfg);
	_cleanup_json_ json_t *before = json_deep_copy(x->kept);
	struct learning l = {.sync = s, .x = x, .how = how};

	l.host = (struct connector_host){.canceled = is_canceled, .ctx = s};
	for (unsigned i = 0; i < s->cfg->n_connectors; i++) {
		const struct connector_config *cc = &s->cfg->connectors[i];

		if (cc->type->extension_source && is_asked(&l, cc))
			TRY(learn_source(&l, cc, e));
	}
	extensions_resolve(x);
	TRY(tell_conflicts(&l, e));
	for (unsigned i = 0; i < s->cfg->n_connectors; i++) {
		const struct connector_config *cc = &s->cfg->connectors[i];

		if (cc->type->extension_target && is_asked(&l, cc))
			TRY(learn_target(&l, cc, e));
	}
	return write_kept(&l, before, e);
}
