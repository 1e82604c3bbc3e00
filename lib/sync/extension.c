/* The setting directory_extensions, what is kept of it and what is made of it: extension.h. */
#include "sync/extension.h"
#include "base/codec.h"
#include "base/file.h"
#include "base/json.h"
#include "lang/rule/metaverse.h"

#include <ctype.h>

#define SETTING "directory_extensions"
#define FILE_BYTES_MAX (1024 * 1024)
#define NAME_PREFIX "extension_"

/* --- the setting, and what is kept --- */

/* "extension_" and the attribute's name in letters that every target allows. */
static const char *name_of(const char *attr, struct arena *a)
{
	char *name = (char *)arena_printf(a, NAME_PREFIX "%s", attr);

	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
	return name;
}

static void add_source(struct extensions *x, const struct connector_config *cc)
{
	char **names = cc->type->extension_source
	                       ? setting_list(&cc->settings, SETTING, ',', &x->arena)
	                       : NULL;

	for (; names && *names; names++) {
		struct extension_of *of = &x->items[x->n++];

		of->source = cc;
		of->item.attr = *names;
		cc->type->extension_source->guess(&of->item);
	}
}

static unsigned count_all(const struct config *cfg, struct arena *a)
{
	unsigned n = 0;

	for (unsigned i = 0; i < cfg->n_connectors; i++) {
		const struct connector_config *cc = &cfg->connectors[i];
		char **names = cc->type->extension_source
		                       ? setting_list(&cc->settings, SETTING, ',', a)
		                       : NULL;

		for (; names && *names; names++)
			n++;
	}
	return n;
}

static json_t *read_kept(const char *path)
{
	_cleanup_free_ char *text = NULL;
	struct err ignored = {0};
	json_t *kept = NULL;
	size_t n;

	if (file_read(path, FILE_BYTES_MAX, &text, &n, &ignored) == 0)
		kept = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(json_object_get(kept, "sources")) &&
		json_is_object(json_object_get(kept, "targets")))
		return kept;
	json_decref(kept);
	return json_pack("{s:{}, s:{}}", "sources", "targets");
}

struct extensions *extensions_read(const struct config *cfg)
{
	struct extensions *x = xcalloc(1, sizeof(*x));

	x->items = arena_zalloc(&x->arena, (count_all(cfg, &x->arena) + 1) * sizeof(*x->items));
	for (unsigned i = 0; i < cfg->n_connectors; i++)
		add_source(x, &cfg->connectors[i]);
	x->path = xasprintf("%s/extensions.json", setting_text(&cfg->adsyncd, "state_directory"));
	x->kept = read_kept(x->path);
	extensions_resolve(x);
	return x;
}

void extensions_free(struct extensions *x)
{
	if (!x)
		return;
	json_decref(x->kept);
	free(x->path);
	arena_done(&x->arena);
	free(x);
}

static const json_t *kept_of(
	const struct extensions *x, const char *side, const char *connector, const char *key)
{
	return json_object_get(json_object_get(json_object_get(x->kept, side), connector), key);
}

static const char *text_of(struct extensions *x, const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? arena_strdup(&x->arena, s) : NULL;
}

const char *extensions_key(struct extensions *x, const char *attr)
{
	char *key = arena_strdup(&x->arena, attr);

	for (char *p = key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return key;
}

/* What the source has said of it. */
static void take_kept(struct extensions *x, struct extension_of *of)
{
	const json_t *o =
		kept_of(x, "sources", of->source->settings.name, extensions_key(x, of->item.attr));
	const char *data = json_string_value(json_object_get(o, "data"));
	const char *attr = text_of(x, o, "attr");

	of->known = false;
	if (!data || extension_data_find(data) < 0 || !attr || strcasecmp(attr, of->item.attr) != 0)
		return;
	of->known = true;
	of->item.attr = attr;
	of->item.data = (enum extension_data)extension_data_find(data);
	of->item.multi = json_is_true(json_object_get(o, "multi"));
	of->item.refused = text_of(x, o, "refused");
}

void extensions_resolve(struct extensions *x)
{
	for (unsigned i = 0; i < x->n; i++) {
		struct extension_of *of = &x->items[i];

		take_kept(x, of);
		of->item.name = name_of(of->item.attr, &x->arena);
		for (unsigned k = 0; k < i && !of->item.refused; k++) {
			const struct extension_of *first = &x->items[k];

			if (!streq(first->item.name, of->item.name) || first->item.refused)
				continue;
			if (first->source == of->source)
				of->item.refused = arena_printf(
					&x->arena, "%s has the same name there", first->item.attr);
			else if (first->item.data != of->item.data ||
				 first->item.multi != of->item.multi)
				of->item.refused = arena_printf(&x->arena,
					"it is %s%s in connector \"%s\", and of another type here",
					extension_data_name(first->item.data),
					first->item.multi ? " of several values" : "",
					first->source->settings.name);
		}
	}
}

unsigned extensions_of_source(
	struct extensions *x, const struct connector_config *source, struct extension **ret)
{
	unsigned n = 0;

	*ret = arena_zalloc(&x->arena, (x->n + 1) * sizeof(**ret));
	for (unsigned i = 0; i < x->n; i++)
		if (x->items[i].source == source)
			(*ret)[n++] = x->items[i].item;
	return n;
}

unsigned extensions_of_target(
	struct extensions *x, const char *target, bool only_known, struct extension **ret)
{
	unsigned n = 0;

	*ret = arena_zalloc(&x->arena, (x->n + 1) * sizeof(**ret));
	for (unsigned i = 0; i < x->n; i++) {
		const struct extension_of *of = &x->items[i];
		const json_t *o = kept_of(x, "targets", target, of->item.name);
		bool again = of->item.refused || (only_known && !of->known);

		for (unsigned k = 0; k < n && !again; k++)
			again = streq((*ret)[k].name, of->item.name);
		if (again)
			continue;
		(*ret)[n] = of->item;
		(*ret)[n].property = text_of(x, o, "property");
		(*ret)[n].id = text_of(x, o, "id");
		(*ret)[n].users = json_is_true(json_object_get(o, "users"));
		(*ret)[n].missing = json_is_true(json_object_get(o, "missing"));
		(*ret)[n].groups = json_is_true(json_object_get(o, "groups"));
		(*ret)[n++].refused = text_of(x, o, "refused");
	}
	return n;
}

/* --- what is made of it --- */

static void add_to_metaverse(
	const struct extensions *x, const struct extension_source *src, struct schema *metaverse)
{
	struct schema_attr *attrs = xcalloc(x->n + 1, sizeof(*attrs));
	unsigned n = 0;

	for (unsigned i = 0; i < x->n; i++)
		if (!x->items[i].item.refused)
			attrs[n++] = (struct schema_attr){x->items[i].item.name,
				extension_value_type(x->items[i].item.data),
				x->items[i].item.multi ? SCHEMA_MULTI : 0};
	for (unsigned i = 0; src->rules[i].name; i++)
		metaverse_schema_add(metaverse, src->rules[i].target_class, attrs, n);
	free(attrs);
}

void extensions_use(struct extensions *x, const struct config *cfg, struct schema *metaverse)
{
	for (unsigned i = 0; i < x->n; i++)
		if (!i || x->items[i].source != x->items[i - 1].source)
			add_to_metaverse(x, x->items[i].source->type->extension_source, metaverse);
	for (unsigned i = 0; i < cfg->n_connectors; i++) {
		const struct connector_config *cc = &cfg->connectors[i];
		struct extension *items;
		unsigned n;

		if (!cc->type->extension_target)
			continue;
		n = extensions_of_target(x, cc->settings.name, false, &items);
		cc->type->extension_target->use(&cc->settings, items, n);
	}
}

/* One rule of a connector; an item flows from its attribute, or to it. */
static void add_rule(json_t *list, const struct extension_rule *r, bool inbound,
	const char *connector, json_t *flows)
{
	if (json_array_size(flows) == 0)
		return;
	json_array_append_new(
		list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:O}", "name", r->name,
			      "description", "Made of the setting " SETTING ".", "direction",
			      inbound ? "Inbound" : "Outbound", "connector", connector,
			      "sourceObjectType", r->source_class, "targetObjectType",
			      r->target_class, "linkType", "Join", "flows", flows));
}

static void add_flow(json_t *flows, const char *dest, const char *source)
{
	json_array_append_new(flows, json_pack("{s:s, s:s}", "dest", dest, "source", source));
}

static void add_inbound(json_t *list, const struct extensions *x, const struct connector_config *cc,
	const struct schema *metaverse)
{
	const struct extension_rule *r = cc->type->extension_source->rules;
	_cleanup_json_ json_t *flows = json_array();

	for (unsigned i = 0; i < x->n; i++)
		if (x->items[i].source == cc && !x->items[i].item.refused)
			add_flow(flows, x->items[i].item.name, x->items[i].item.attr);
	for (; r->name; r++)
		if (schema_class_find(metaverse, r->target_class))
			add_rule(list, r, true, cc->settings.name, flows);
}

static void add_outbound(json_t *list, struct extensions *x, const struct connector_config *cc,
	const struct schema *metaverse)
{
	const struct extension_rule *r = cc->type->extension_target->rules;
	_cleanup_json_ json_t *flows = json_array();
	struct extension *items;
	unsigned n = extensions_of_target(x, cc->settings.name, false, &items);

	for (unsigned i = 0; i < n; i++)
		add_flow(flows, items[i].name, items[i].name);
	for (; r->name; r++)
		if (schema_class_find(metaverse, r->source_class))
			add_rule(list, r, false, cc->settings.name, flows);
}

const char *extensions_rules(
	struct extensions *x, const struct config *cfg, const struct schema *metaverse)
{
	_cleanup_json_ json_t *list = json_array(), *root = NULL;
	_cleanup_free_ char *text = NULL;

	for (unsigned i = 0; i < cfg->n_connectors; i++) {
		const struct connector_config *cc = &cfg->connectors[i];

		if (cc->type->extension_source)
			add_inbound(list, x, cc, metaverse);
		if (cc->type->extension_target)
			add_outbound(list, x, cc, metaverse);
	}
	if (json_array_size(list) == 0)
		return NULL;
	root = json_pack("{s:O}", "rules", list);
	text = json_dumps(root, JSON_INDENT(1));
	return arena_strdup(&x->arena, text);
}

static uint64_t mix(uint64_t h, const char *text)
{
	return h * 31 + (text ? hash64(text, strlen(text)) : 7);
}

uint64_t extensions_digest(struct extensions *x, const char *connector)
{
	struct extension *items;
	uint64_t h = 0;
	unsigned n;

	if (!x)
		return 0;
	n = extensions_of_target(x, connector, false, &items);

	for (unsigned i = 0; i < x->n; i++)
		if (streq(x->items[i].source->settings.name, connector)) {
			h = mix(h, x->items[i].item.name);
			h = h * 31 + x->items[i].item.data * 2 + x->items[i].item.multi;
		}
	for (unsigned i = 0; i < n; i++)
		if ((items[i].property || items[i].missing) && !items[i].refused) {
			h = mix(h, items[i].property);
			h = h * 31 + items[i].users * 2 + items[i].groups;
		}
	return h;
}
