/*
 * Rules from and to Connect Sync's XML. Elements that hold one text are rows of a table; those with
 * an inside (mappings, joins, scope) have a reader and a writer. An element that neither knows is a
 * note, never dropped in silence.
 */
#include "lang/import/syncrule.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/text.h"
#include "model/dtyp.h"
#include "lang/rule/rule.h"
#include "lang/rule/scope.h"

#include <errno.h>
#include <stdio.h>

#define NO_ID "{00000000-0000-0000-0000-000000000000}"

/* Elements that hold one text, in the order of the files, and their key in JSON. */
static const struct field {
	const char *element, *key;
	enum { TEXT, NUMBER, FLAG, GUID } kind;
	const char *absent; /* what is written, and read as "no key" */
} FIELDS[] = {
	{"id", "id", GUID, NO_ID},
	{"internal-id", "internalId", GUID, NULL}, /* absent: the same as id */
	{"version", "version", NUMBER, "1"},
	{"name", "name", TEXT, NULL},
	{"description", "description", TEXT, ""},
	{"immutable-tag", "immutableTag", TEXT, ""},
	{"direction", "direction", TEXT, NULL},
	{"disabled", "disabled", FLAG, "False"},
	{"connector", "connectorId", GUID, NULL},
	{"setting", "setting", TEXT, NULL}, /* ours; written only where there is one */
	{"sourceObjectType", "sourceObjectType", TEXT, NULL},
	{"targetObjectType", "targetObjectType", TEXT, NULL},
	{"linkType", "linkType", TEXT, NULL},
	{"precedence", "precedence", NUMBER, NULL},
	{"precedence-after", "precedenceAfter", GUID, NO_ID},
	{"precedence-before", "precedenceBefore", GUID, NO_ID},
	{"softDeleteExpiryInterval", "softDeleteExpiryInterval", TEXT, "00:00:00"},
	{"EnablePasswordSync", "enablePasswordSync", FLAG, "false"},
};
/* Elements that are read by functions of their own. */
static const char *const PARTS[] = {
	"attribute-mappings", "relationshipCriteria", "synchronizationCriteria"};

void syncrule_note(json_t *notes, const char *rule, const char *what, const char *reason)
{
	json_array_append_new(notes, json_pack("{s:s, s:s, s:s, s:b}", "rule", rule, "what", what,
					     "reason", reason, "lost", 1));
}

void syncrule_remark(json_t *notes, const char *rule, const char *what, const char *reason)
{
	json_array_append_new(notes, json_pack("{s:s, s:s, s:s, s:b}", "rule", rule, "what", what,
					     "reason", reason, "lost", 0));
}

struct reader {
	const char *path;
	const char *rule; /* its name, for notes */
	json_t *notes;
	struct arena *a;
};

static void note(const struct reader *r, const char *what, const char *reason)
{
	syncrule_note(r->notes, r->rule, what, reason);
}

/* Names every child that none of the known names covers. */
static void note_unknown(const struct reader *r, const struct xml_node *n, const char *const *known)
{
	for (const struct xml_node *c = n->first; c; c = c->next) {
		unsigned i = 0;

		while (known[i] && !streq(known[i], c->name))
			i++;
		if (!known[i])
			note(r,
				arena_printf(
					r->a, "<%s> in <%s>, line %d", c->name, n->name, c->line),
				"the element is not known; it was left out");
	}
}

static bool is_true(const char *s)
{
	return s && strcasecmp(s, "true") == 0;
}

/* The id that is written when a rule has none is read as none. */
static const char *id_of(const json_t *rule)
{
	const char *id = json_string_value(json_object_get(rule, "id"));

	return id ? id : NO_ID;
}

static void read_field(
	const struct reader *r, const struct field *f, const struct xml_node *root, json_t *rule)
{
	const char *text = xml_text(root, f->element, r->a);
	char *end;
	long long n;

	if (!text || !*text || (f->absent && streq(text, f->absent) && f->kind != FLAG))
		return;
	switch (f->kind) {
	case FLAG:
		if (is_true(text))
			json_object_set_new(rule, f->key, json_true());
		break;
	case NUMBER:
		n = strtoll(text, &end, 10);
		if (*text && !*end)
			json_object_set_new(rule, f->key, json_integer(n));
		else
			note(r, f->element, "a number was expected");
		break;
	case GUID:
	case TEXT:
		if (!streq(f->key, "internalId") || !streq(text, id_of(rule)))
			json_object_set_new(rule, f->key, json_string(text));
		break;
	}
}

/* <conditions> groups of clauses: [[{...}, AND], OR]. */
static json_t *read_groups(const struct reader *r, const struct xml_node *n,
	json_t *(*clause)(const struct reader *r, const struct xml_node *c))
{
	static const char *const known[] = {"conditions", NULL};
	json_t *groups = json_array();

	if (!n)
		return groups;
	note_unknown(r, n, known);
	for (const struct xml_node *g = n->first; g; g = g->next) {
		json_t *group;

		if (!streq(g->name, "conditions") || !g->first)
			continue;
		group = json_array();
		for (const struct xml_node *c = g->first; c; c = c->next)
			json_array_append_new(group, clause(r, c));
		json_array_append_new(groups, group);
	}
	return groups;
}

static void set_text(json_t *o, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(o, key, json_string(text));
}

static json_t *read_scope_clause(const struct reader *r, const struct xml_node *n)
{
	static const char *const known[] = {"csAttribute", "csOperator", "csValue", NULL};
	const char *value = xml_text(n, "csValue", r->a), *op = xml_text(n, "csOperator", r->a);
	json_t *c = json_object();

	note_unknown(r, n, known);
	set_text(c, "attribute", xml_text(n, "csAttribute", r->a));
	set_text(c, "operator", op);
	/* an operator that needs a value has one, be it empty */
	if ((value && *value) || !op || (!streq(op, "ISNULL") && !streq(op, "ISNOTNULL")))
		json_object_set_new(c, "value", json_string(value ? value : ""));
	return c;
}

static json_t *read_join_clause(const struct reader *r, const struct xml_node *n)
{
	static const char *const known[] = {"caseSensitive", "csAttribute", "ilmAttribute", NULL};
	json_t *c = json_object();

	note_unknown(r, n, known);
	set_text(c, "csAttribute", xml_text(n, "csAttribute", r->a));
	set_text(c, "mvAttribute", xml_text(n, "ilmAttribute", r->a));
	if (is_true(xml_text(n, "caseSensitive", r->a)))
		json_object_set_new(c, "caseSensitive", json_true());
	return c;
}

static json_t *source_attrs(const struct xml_node *src, struct arena *a)
{
	json_t *list = json_array();

	for (const struct xml_node *c = src ? src->first : NULL; c; c = c->next)
		if (streq(c->name, "attr"))
			json_array_append_new(list, json_string(xml_trim(c->text, a)));
	return list;
}

/* Direct: exactly one attribute and no expression; constant: text and no attribute. */
static bool read_source(const struct reader *r, const struct xml_node *m, json_t *flow)
{
	const struct xml_node *src = xml_child(m, "src"), *ex = xml_child(m, "expression");
	_cleanup_json_ json_t *attrs = source_attrs(src, r->a);
	size_t n = json_array_size(attrs);

	if (ex && *xml_trim(ex->text, r->a)) {
		json_object_set_new(flow, "expression", json_string(ex->text));
		if (n)
			json_object_set(flow, "sources", attrs);
	} else if (n == 1) {
		json_object_set(flow, "source", json_array_get(attrs, 0));
	} else if (n == 0 && src) {
		json_object_set_new(flow, "constant", json_string(src->text));
	} else {
		return false;
	}
	return true;
}

static json_t *read_flow(const struct reader *r, const struct xml_node *m)
{
	static const char *const known[] = {
		"dest", "src", "expression", "valueMergeType", "execute-once", NULL};
	const char *dest = xml_text(m, "dest", r->a), *merge = xml_text(m, "valueMergeType", r->a);
	_cleanup_json_ json_t *flow = json_object();

	note_unknown(r, m, known);
	set_text(flow, "dest", dest);
	if (!dest || !read_source(r, m, flow)) {
		note(r, arena_printf(r->a, "flow to %s, line %d", dest ? dest : "?", m->line),
			"it has neither one source attribute, nor a constant, nor an expression; "
			"it was left out");
		return NULL;
	}
	if (merge && *merge && !streq(merge, "Update"))
		set_text(flow, "mergeType", merge);
	if (is_true(xml_text(m, "execute-once", r->a)))
		json_object_set_new(flow, "executeOnce", json_true());
	return steal(&flow);
}

static json_t *read_flows(const struct reader *r, const struct xml_node *n)
{
	static const char *const known[] = {"mapping", NULL};
	json_t *flows = json_array();

	if (n)
		note_unknown(r, n, known);
	for (const struct xml_node *m = n ? n->first : NULL; m; m = m->next) {
		json_t *flow = streq(m->name, "mapping") ? read_flow(r, m) : NULL;

		if (flow)
			json_array_append_new(flows, flow);
	}
	return flows;
}

static void read_connector(json_t *rule)
{
	const char *id = json_string_value(json_object_get(rule, "connectorId"));
	bool entra = id && strcasecmp(id, SYNCRULE_ENTRA_ID) == 0;

	json_object_set_new(rule, "connectorType", json_string(entra ? "entra" : "ad"));
	if (entra || (id && streq(id, NO_ID)))
		json_object_del(rule, "connectorId");
}

static void note_unknown_fields(const struct reader *r, const struct xml_node *root)
{
	const char *known[ARRAY_SIZE(FIELDS) + ARRAY_SIZE(PARTS) + 1] = {NULL};
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(FIELDS); i++)
		known[n++] = FIELDS[i].element;
	for (unsigned i = 0; i < ARRAY_SIZE(PARTS); i++)
		known[n++] = PARTS[i];
	note_unknown(r, root, known);
}

json_t *syncrule_from_xml(const char *path, const struct xml_node *root, json_t *notes,
	struct arena *a, struct err *e)
{
	const char *name = xml_text(root, "name", a);
	struct reader r = {path, name, notes, a};
	_cleanup_json_ json_t *scope = NULL, *join = NULL;
	json_t *rule;

	if (!streq(root->name, "synchronizationRule") || !name || !*name) {
		err_set(e, -EINVAL, path, root->line,
			"<%s> is no <synchronizationRule> with a <name>", root->name);
		return NULL;
	}
	note_unknown_fields(&r, root);
	rule = json_object();
	for (unsigned i = 0; i < ARRAY_SIZE(FIELDS); i++)
		read_field(&r, &FIELDS[i], root, rule);
	if (!json_object_get(rule, "linkType"))
		json_object_set_new(rule, "linkType", json_string("Join"));
	read_connector(rule);
	scope = read_groups(&r, xml_child(root, "synchronizationCriteria"), read_scope_clause);
	if (json_array_size(scope))
		json_object_set(rule, "scope", scope);
	join = read_groups(&r, xml_child(root, "relationshipCriteria"), read_join_clause);
	if (json_array_size(join))
		json_object_set(rule, "join", join);
	json_object_set_new(rule, "flows", read_flows(&r, xml_child(root, "attribute-mappings")));
	return rule;
}

/* --- writing --- */

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void indent(struct buf *b, int level)
{
	for (int i = 0; i < level; i++)
		buf_adds(b, "  ");
}

/* <name>text</name>, or <name /> when there is none. */
static void element(struct buf *b, int level, const char *name, const char *text)
{
	indent(b, level);
	if (!text || !*text) {
		buf_addf(b, "<%s />\n", name);
		return;
	}
	buf_addf(b, "<%s>", name);
	xml_escape(b, text);
	buf_addf(b, "</%s>\n", name);
}

static void open_element(struct buf *b, int level, const char *name)
{
	indent(b, level);
	buf_addf(b, "<%s>\n", name);
}

static void close_element(struct buf *b, int level, const char *name)
{
	indent(b, level);
	buf_addf(b, "</%s>\n", name);
}

static const char *field_text(const struct field *f, const json_t *rule, char *buf, size_t size)
{
	const json_t *v = json_object_get(rule, f->key);
	const char *type = text_of(rule, "connectorType");

	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v)) {
		snprintf(buf, size, "%lld", (long long)json_integer_value(v));
		return buf;
	}
	if (f->kind == FLAG) /* the files spell the two flags differently */
		return json_is_true(v) ? (f->absent[0] == 'F' ? "True" : "true") : f->absent;
	if (streq(f->key, "internalId"))
		return id_of(rule);
	if (streq(f->key, "connectorId"))
		return type && streq(type, "entra") ? SYNCRULE_ENTRA_ID : NO_ID;
	if (streq(f->key, "linkType"))
		return "Join";
	return f->absent;
}

static const char *constant_text(const json_t *v, char *buf, size_t size)
{
	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_boolean(v))
		return json_is_true(v) ? "True" : "False";
	snprintf(buf, size, "%lld", (long long)json_integer_value(v));
	return buf;
}

static void write_attrs(struct buf *b, const json_t *attrs)
{
	size_t i;
	json_t *v;

	open_element(b, 3, "src");
	json_array_foreach ((json_t *)attrs, i, v)
		element(b, 4, "attr", json_string_value(v));
	close_element(b, 3, "src");
}

static void write_flow(struct buf *b, const json_t *flow)
{
	const json_t *sources = json_object_get(flow, "sources");
	const json_t *constant = json_object_get(flow, "constant");
	const char *source = text_of(flow, "source"), *merge = text_of(flow, "mergeType");
	char number[32];

	open_element(b, 2, "mapping");
	element(b, 3, "dest", text_of(flow, "dest"));
	if (source) {
		_cleanup_json_ json_t *one = json_pack("[s]", source);

		write_attrs(b, one);
	} else if (constant) {
		element(b, 3, "src", constant_text(constant, number, sizeof(number)));
	} else if (json_array_size(sources)) {
		write_attrs(b, sources);
	}
	if (text_of(flow, "expression"))
		element(b, 3, "expression", text_of(flow, "expression"));
	element(b, 3, "valueMergeType", merge ? merge : "Update");
	if (json_is_true(json_object_get(flow, "executeOnce")))
		element(b, 3, "execute-once", "true");
	close_element(b, 2, "mapping");
}

static void write_join_clause(struct buf *b, const json_t *c)
{
	open_element(b, 3, "condition");
	if (json_is_true(json_object_get(c, "caseSensitive")))
		element(b, 4, "caseSensitive", "True");
	element(b, 4, "csAttribute", text_of(c, "csAttribute"));
	element(b, 4, "ilmAttribute", text_of(c, "mvAttribute"));
	close_element(b, 3, "condition");
}

static void write_scope_clause(struct buf *b, const json_t *c)
{
	open_element(b, 3, "scope");
	element(b, 4, "csAttribute", text_of(c, "attribute"));
	element(b, 4, "csOperator", text_of(c, "operator"));
	element(b, 4, "csValue", text_of(c, "value"));
	close_element(b, 3, "scope");
}

static void write_groups(struct buf *b, const char *name, const json_t *groups,
	void (*clause)(struct buf *b, const json_t *c))
{
	size_t i, k;
	json_t *group, *c;

	if (!json_array_size(groups)) {
		element(b, 1, name, NULL);
		return;
	}
	open_element(b, 1, name);
	json_array_foreach ((json_t *)groups, i, group) {
		open_element(b, 2, "conditions");
		json_array_foreach (group, k, c)
			clause(b, c);
		close_element(b, 2, "conditions");
	}
	close_element(b, 1, name);
}

void syncrule_to_xml(const json_t *rule, struct buf *b)
{
	const json_t *flows = json_object_get(rule, "flows");
	char number[32];
	size_t i;
	json_t *flow;

	buf_adds(b, "<synchronizationRule>\n");
	for (i = 0; i < ARRAY_SIZE(FIELDS); i++)
		if (!streq(FIELDS[i].key, "setting") || json_object_get(rule, "setting"))
			element(b, 1, FIELDS[i].element,
				field_text(&FIELDS[i], rule, number, sizeof(number)));
	if (json_array_size(flows)) {
		open_element(b, 1, "attribute-mappings");
		json_array_foreach ((json_t *)flows, i, flow)
			write_flow(b, flow);
		close_element(b, 1, "attribute-mappings");
	} else {
		element(b, 1, "attribute-mappings", NULL);
	}
	write_groups(b, "relationshipCriteria", json_object_get(rule, "join"), write_join_clause);
	write_groups(
		b, "synchronizationCriteria", json_object_get(rule, "scope"), write_scope_clause);
	buf_adds(b, "</synchronizationRule>");
}

void syncrule_file_id(const json_t *rule, char ret[40])
{
	const char *id = text_of(rule, "id"), *name = text_of(rule, "name");
	unsigned char guid[16];
	char text[GUID_TEXT_SIZE];
	uint64_t h[2];

	if (id && strlen(id) < 40 && !strpbrk(id, "/\\")) {
		strcpy(ret, id);
		return;
	}
	h[0] = hash64(name, strlen(name));
	h[1] = hash64(h, sizeof(h[0]));
	memcpy(guid, h, sizeof(guid));
	guid_format(text, guid);
	snprintf(ret, 40, "{%s}", text);
}
