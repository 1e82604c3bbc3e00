/* The Entra connector's schema: the attribute table (table.c) as each surface has it. */
#include "connector/entra/schema.h"
#include "base/codec.h"
#include "base/err.h"
#include "model/authority.h"

#include <assert.h>
#include <stdio.h>

const struct entra_class_info entra_classes[] = {
#define X(id, class, collection, type, prefix, role, soa_role) \
	{class, collection, type, prefix, role, soa_role},
	ENTRA_CLASSES(X)
#undef X
};

static const char *const NAMES[] = {
#define X(id, class, ...) class,
	ENTRA_CLASSES(X) ENTRA_OTHER_CLASSES(X)
#undef X
};
_Static_assert(ARRAY_SIZE(NAMES) == ENTRA_SCHEMA_CLASSES, "a class without a name");

/* What adsyncd 0.1.0 called them; rules of that time still load. */
static const struct schema_alias ALIASES[] = {
	{"companyName", "company"},
	{"msExchArchiveGUID", "msExchArchiveGuid"},
	{"msExchELCExpirySuspensionEnd", "msExchElcExpirySuspensionEnd"},
	{"msExchELCExpirySuspensionStart", "msExchElcExpirySuspensionStart"},
	{"msExchELCMailboxFlags", "msExchElcMailboxFlags"},
	{"msExchImmutableID", "msExchImmutableId"},
	{"msExchRetentionURL", "msExchRetentionUrl"},
	{"msRTCSIP-ApplicationOptions", "msRtcSipApplicationOptions"},
	{"msRTCSIP-DeploymentLocator", "msRtcSipDeploymentLocator"},
	{"msRTCSIP-Line", "msRtcSipLine"},
	{"msRTCSIP-OptionFlags", "msRtcSipOptionFlags"},
	{"msRTCSIP-OwnerUrn", "msRtcSipOwnerUrn"},
	{"msRTCSIP-PrimaryUserAddress", "msRtcSipPrimaryUserAddress"},
	{"msRTCSIP-UserEnabled", "msRtcSipUserEnabled"},
};

bool entra_class_sent(enum entra_class class, enum entra_surface surface)
{
	return class < ENTRA_CLASS_COUNT &&
	       (surface == ENTRA_SERVICE || !entra_classes[class].role);
}

const struct entra_attr *entra_attrs(unsigned *ret_n)
{
	static bool filled;

	for (unsigned i = 0; !filled && i < entra_table_rows; i++) {
		struct entra_attr *a = &entra_table[i];

		if (a->property) {
			int n = snprintf(a->key, sizeof(a->key), "%s%s", a->property,
				entra_is_link(a) ? "@delta" : "");

			assert(n < (int)sizeof(a->key));
			(void)n;
		}
		a->id = attr_intern(a->name);
	}
	filled = true;
	*ret_n = entra_table_rows;
	return entra_table;
}

/* A group's key on public Graph alone. */
static bool is_graphs_key(const struct entra_attr *a, enum entra_class class)
{
	return class == ENTRA_GROUP && a->property && streq(a->property, "uniqueName");
}

bool entra_attr_used(const struct entra_attr *a, enum entra_class class, enum entra_surface surface)
{
	if (!(a->where & 1u << class) || !a->property)
		return false;
	if (surface == ENTRA_SERVICE && is_graphs_key(a, class))
		return false;
	return !a->lifecycle || surface == ENTRA_GRAPH_LIFECYCLE;
}

/* Does the service take it? Whether anybody shows it afterwards is another question. */
static bool service_writes(const struct entra_attr *a, enum entra_class class)
{
	return a->where & 1u << class && entra_class_sent(class, ENTRA_SERVICE) &&
	       !is_graphs_key(a, class) && !a->clouds &&
	       (a->service || !(a->flags & SCHEMA_READ_ONLY));
}

bool entra_attr_written(
	const struct entra_attr *a, enum entra_class class, enum entra_surface surface)
{
	if (surface == ENTRA_SERVICE)
		return service_writes(a, class);
	return entra_attr_used(a, class, surface) && !(a->flags & SCHEMA_READ_ONLY) && !a->shown;
}

const struct entra_attr *entra_attr_of(
	unsigned id, enum entra_class class, enum entra_surface surface)
{
	/* of the row, from 1; 0: none */
	static uint16_t numbers[ENTRA_SURFACES][ENTRA_CLASS_COUNT][ATTR_MAX];
	static bool filled[ENTRA_SURFACES];
	unsigned n;
	const struct entra_attr *all = entra_attrs(&n);

	assert(id < ATTR_MAX && class < ENTRA_CLASS_COUNT && surface < ENTRA_SURFACES);
	for (unsigned i = n; !filled[surface] && i-- > 0;)
		for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++)
			if (entra_attr_used(&all[i], (enum entra_class)c, surface))
				numbers[surface][c][all[i].id] = (uint16_t)(i + 1);
	filled[surface] = true;
	return numbers[surface][class][id] ? &all[numbers[surface][class][id] - 1] : NULL;
}

/* Is the attribute of the class shown by another row on the surface? */
static bool carried_elsewhere(
	const struct entra_attr *a, enum entra_class c, enum entra_surface surface)
{
	unsigned n;
	const struct entra_attr *all = entra_attrs(&n);

	for (unsigned i = 0; i < n; i++)
		if (&all[i] != a && all[i].id == a->id && entra_attr_used(&all[i], c, surface))
			return true;
	return false;
}

/*
 * The flags of a row. Attributes that a surface cannot write are read-only, so that outbound leaves
 * their flows out. Objects that it cannot write stay as they are: the export reports each once.
 */
static unsigned flags_of(const struct entra_attr *a, enum entra_class c, enum entra_surface surface)
{
	if (!entra_class_sent(c, surface))
		return a->flags & ~(unsigned)SCHEMA_READ_ONLY;
	if (surface == ENTRA_SERVICE && !service_writes(a, c))
		return a->flags | SCHEMA_READ_ONLY;
	if (surface == ENTRA_SERVICE && !entra_attr_used(a, c, surface))
		return (a->flags & ~(unsigned)(SCHEMA_READ_ONLY | SCHEMA_LOCAL)) |
		       SCHEMA_UNREADABLE;
	if (c == ENTRA_CONTACT || surface == ENTRA_SERVICE)
		return a->flags;
	if (a->shown || (a->lifecycle && surface != ENTRA_GRAPH_LIFECYCLE))
		return a->flags | SCHEMA_READ_ONLY;
	return a->flags;
}

/* Who may have the authority over an attribute, besides those who have the whole object's. */
static unsigned authority_of(const struct entra_attr *a, enum entra_class c)
{
	for (unsigned i = 0; c == ENTRA_USER && entra_exchange_attrs[i]; i++)
		if (streq(entra_exchange_attrs[i], a->name))
			return AUTHORITY_EXCHANGE;
	return 0;
}

static void build(struct schema_class *class, struct schema_attr *attrs, enum entra_class c,
	enum entra_surface surface)
{
	unsigned n, count = 0;
	const struct entra_attr *all = entra_attrs(&n);

	for (unsigned i = 0; i < n; i++) {
		const struct entra_attr *a = &all[i];

		if (!(a->where & 1u << c) || (surface == ENTRA_SERVICE && is_graphs_key(a, c)))
			continue;
		if (!entra_attr_used(a, c, surface) && carried_elsewhere(a, c, surface))
			continue;
		attrs[count++] = (struct schema_attr){a->name, entra_form_type(a->form),
			flags_of(a, c, surface), authority_of(a, c)};
	}
	*class = (struct schema_class){NAMES[c], attrs, count,
		.never_sent = !entra_class_sent(c, surface), .matched_there = c == ENTRA_DEVICE};
}

const struct schema *entra_schema(enum entra_surface surface)
{
	static struct schema_class classes[ENTRA_SURFACES][ENTRA_SCHEMA_CLASSES];
	static struct schema schemas[ENTRA_SURFACES];
	struct schema *s = &schemas[surface];

	if (s->n_classes)
		return s;
	for (unsigned c = 0; c < ENTRA_SCHEMA_CLASSES; c++)
		build(&classes[surface][c], xcalloc(entra_table_rows, sizeof(struct schema_attr)),
			(enum entra_class)c, surface);
	*s = (struct schema){"entra", classes[surface], ENTRA_SCHEMA_CLASSES, .open = false,
		.aliases = ALIASES, .n_aliases = ARRAY_SIZE(ALIASES)};
	return s;
}

unsigned entra_surfaces(const char *class, const char *attr)
{
	unsigned n, ret = 0;
	const struct entra_attr *all = entra_attrs(&n);
	enum entra_class c = entra_class_find(class);

	if (entra_is_extension(attr) && (c == ENTRA_USER || c == ENTRA_GROUP))
		return ENTRA_ALL_SURFACES;
	for (unsigned i = 0; i < n && c < ENTRA_CLASS_COUNT; i++)
		for (unsigned s = 0; s < ENTRA_SURFACES && streq(all[i].name, attr); s++)
			if (entra_class_sent(c, (enum entra_surface)s) &&
				entra_attr_written(&all[i], c, (enum entra_surface)s) &&
				(c != ENTRA_CONTACT || s == ENTRA_SERVICE))
				ret |= 1u << s;
	return ret;
}

const char *entra_surfaces_text(unsigned surfaces)
{
	static const struct {
		unsigned surfaces;
		const char *text;
	} texts[] = {
		{1u << ENTRA_SERVICE, "service"},
		{1u << ENTRA_SERVICE | 1u << ENTRA_GRAPH_LIFECYCLE,
			"service, or graph with lifecycle_info = yes"},
		{ENTRA_ALL_SURFACES & ~(1u << ENTRA_SERVICE), "graph"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].surfaces == surfaces)
			return texts[i].text;
	return "graph, service";
}

enum entra_class entra_class_find(const char *name)
{
	unsigned c = 0;

	while (c < ENTRA_CLASS_COUNT && !streq(entra_classes[c].name, name))
		c++;
	return (enum entra_class)c;
}

enum entra_class entra_class_of_type(const char *odata)
{
	unsigned c = 0;

	while (c < ENTRA_CLASS_COUNT && !streq(entra_classes[c].odata_type, odata))
		c++;
	return (enum entra_class)c;
}

enum entra_class entra_class_of_anchor(const char *anchor, const char **ret_id)
{
	for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++)
		if (str_starts(anchor, entra_classes[c].anchor_prefix)) {
			*ret_id = anchor + strlen(entra_classes[c].anchor_prefix);
			return (enum entra_class)c;
		}
	*ret_id = anchor;
	return ENTRA_CLASS_COUNT;
}

const char *entra_dn(const char *source_anchor, struct arena *a)
{
	size_t n = strlen(source_anchor);
	char *dn = arena_alloc(a, n * 2 + sizeof("CN={}")), *p = stpcpy(dn, "CN={");

	hex_encode(p, source_anchor, n);
	strcat(p, "}");
	return dn;
}

const char *entra_source_anchor(const char *dn, struct arena *a)
{
	size_t n = dn ? strlen(dn) : 0;
	char *text;

	if (n < sizeof("CN={00}") - 1 || strncasecmp(dn, "CN={", 4) != 0 || dn[n - 1] != '}')
		return NULL;
	n = (n - sizeof("CN={}") + 1) / 2;
	text = arena_zalloc(a, n + 1);
	if (hex_decode(text, dn + 4, strlen(dn) - sizeof("CN={}") + 1) < 0 || strlen(text) != n)
		return NULL;
	return text;
}
