/*
 * $filter over an object of the directory, a JSON object (an audit record) or one element of a
 * collection.
 */
#include "odata/filter_match.h"

#include "tenant/body.h"

#include "base/err.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>

/* What is looked at: one of the three. */
struct subject {
	const struct object *object;
	const json_t *json;
	const char *text; /* JSON text of an element */
	size_t n;
};

struct found {
	const char *text; /* JSON text; NULL: null */
	size_t n;
	struct buf own; /* when it had to be made */
};

static void found_json(struct found *v, const json_t *json)
{
	if (!json || json_is_null(json))
		return;
	body_dump(&v->own, json, JSON_COMPACT);
	v->text = v->own.data;
	v->n = v->own.len;
}

static const json_t *walk(const json_t *json, const char *path)
{
	while (*path && json) {
		char name[128];
		size_t n = strcspn(path, "/");

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		json = body_get(json, name);
		path += n + (path[n] == '/');
	}
	return json;
}

static bool object_value(const struct object *o, const char *path, struct found *v)
{
	const char *slash = strchr(path, '/'), *text;
	int prop = property_find(o->type, path, slash ? (size_t)(slash - path) : strlen(path));
	_cleanup_json_ json_t *json = NULL;
	size_t n;

	if (strcasecmp(path, SOA_FLAG) == 0) {
		v->text = o->cloud_managed ? "true" : "false";
		v->n = strlen(v->text);
		return true;
	}
	if (strcasecmp(path, "id") == 0) {
		buf_addf(&v->own, "\"%s\"", o->id);
		v->text = v->own.data;
		v->n = v->own.len;
		return true;
	}
	if (prop < 0 || (slash && properties[prop].kind != KIND_EXTENSIONS))
		return false;
	text = object_prop(o, (unsigned)prop, &n);
	if (slash && text) {
		json = json_loadb(text, n, 0, NULL);
		found_json(v, walk(json, slash + 1));
	} else {
		v->text = text;
		v->n = n;
	}
	return true;
}

static bool value_of(const struct subject *s, const char *path, struct found *v)
{
	_cleanup_json_ json_t *json = NULL;

	if (s->object)
		return object_value(s->object, path, v);
	if (s->json) {
		found_json(v, walk(s->json, path));
		return true;
	}
	if (!*path) {
		v->text = s->text;
		v->n = s->n;
		return true;
	}
	json = json_loadb(s->text, s->n, 0, NULL);
	found_json(v, walk(json, path));
	return true;
}

static bool equal(const struct found *v, const char *literal)
{
	if (!v->text || !literal)
		return !v->text && !literal;
	if (*v->text == '-' || isdigit((unsigned char)*v->text)) /* the parser quotes numbers */
		return strlen(literal) == v->n + 2 && memcmp(v->text, literal + 1, v->n) == 0;
	return text_casecmp(v->text, v->n, literal, strlen(literal)) == 0;
}

/* Quotes left out, so that a shorter text sorts before a longer one. */
static int order(const struct found *v, const char *literal)
{
	size_t n = strlen(literal);

	if (v->n < 2 || n < 2)
		return 0;
	return text_casecmp(v->text + 1, v->n - 2, literal + 1, n - 2);
}

static bool starts(const struct found *v, const char *literal)
{
	size_t n = strlen(literal) - 1;

	return v->text && v->n > n && text_casecmp(v->text, n, literal, n) == 0;
}

static bool ends(const struct found *v, const char *literal)
{
	size_t n = strlen(literal) - 1;

	return v->text && v->n > n && text_casecmp(v->text + v->n - n, n, literal + 1, n) == 0;
}

static bool holds(const struct filter *f, const struct found *v)
{
	const char *first = f->literals[0];

	switch (f->op) {
	case OP_EQ:
		return equal(v, first);
	case OP_NE:
		return !equal(v, first);
	case OP_GT:
		return v->text && first && order(v, first) > 0;
	case OP_GE:
		return v->text && first && order(v, first) >= 0;
	case OP_LT:
		return v->text && first && order(v, first) < 0;
	case OP_LE:
		return v->text && first && order(v, first) <= 0;
	case OP_IN:
		for (unsigned i = 0; i < f->n_literals; i++)
			if (equal(v, f->literals[i]))
				return true;
		return false;
	case OP_STARTS:
		return starts(v, first);
	case OP_ENDS:
		return ends(v, first);
	}
	return false;
}

/* A word compared with a boolean, or the other way round. */
static bool types_differ(const struct filter *f, const struct object *o)
{
	int prop = o ? property_find(o->type, f->property, strlen(f->property)) : -1;

	for (unsigned i = 0; prop >= 0 && i < f->n_literals; i++)
		if (f->literals[i] &&
			(f->literals[i][0] != '"') != (properties[prop].kind == KIND_BOOLEAN))
			return true;
	return false;
}

static int match(const struct filter *f, const struct subject *s, const char **why);

/* The next element of a JSON array's text; false at its end. */
static bool next_element(const char **p, const char *end, const char **ret, size_t *ret_n)
{
	int depth = 0;
	bool text = false;

	while (*p < end && strchr("[, ", **p))
		(*p)++;
	*ret = *p;
	for (; *p < end; (*p)++) {
		if (text && **p == '\\')
			(*p)++;
		else if (**p == '"')
			text = !text;
		else if (!text && strchr("{[", **p))
			depth++;
		else if (!text && depth == 0 && strchr(",]", **p))
			break;
		else if (!text && strchr("}]", **p))
			depth--;
	}
	if (*p > end)
		*p = end;
	*ret_n = (size_t)(*p - *ret);
	return *ret_n > 0;
}

/* "proxyAddresses/$count eq 0" */
static int match_count(const struct filter *f, const struct object *o, const char **why)
{
	size_t n = strlen(f->property) - strlen(COUNT_STEP), len, element;
	int prop = property_find(o->type, f->property, n);
	const char *p, *end, *at;
	long count = 0;

	*why = f->property;
	if (prop < 0 || !f->literals[0] || (f->op != OP_EQ && f->op != OP_NE))
		return -1;
	p = object_prop(o, (unsigned)prop, &len);
	end = p ? p + len : NULL;
	while (p && next_element(&p, end, &at, &element))
		count++;
	return (count == atol(f->literals[0] + 1)) == (f->op == OP_EQ);
}

static int match_compare(const struct filter *f, const struct subject *s, const char **why)
{
	size_t n = strlen(f->property), step = strlen(COUNT_STEP);
	struct found v = {0};
	int prop = s->object ? property_find(s->object->type, f->property, n) : -1;
	bool list = prop >= 0 && property_is_list(&properties[prop]);
	int r = -1;

	if (s->object && n > step && streq(f->property + n - step, COUNT_STEP))
		return match_count(f, s->object, why);
	*why = f->property;
	if (!list && !types_differ(f, s->object) && value_of(s, f->property, &v))
		r = holds(f, &v);
	buf_done(&v.own);
	return r;
}

static int match_any(const struct filter *f, const struct subject *s, const char **why)
{
	struct found v = {0};
	struct subject element = {0};
	const char *p;
	int r = 0;

	*why = f->property;
	if (!value_of(s, f->property, &v)) {
		buf_done(&v.own);
		return -1;
	}
	p = v.text;
	while (r == 0 && p && next_element(&p, v.text + v.n, &element.text, &element.n))
		r = f->left ? match(f->left, &element, why) : 1;
	buf_done(&v.own);
	return r;
}

static int match(const struct filter *f, const struct subject *s, const char **why)
{
	int l, r;

	switch (f->kind) {
	case NODE_AND:
	case NODE_OR:
		l = match(f->left, s, why);
		r = l < 0 ? l : match(f->right, s, why);
		if (l < 0 || r < 0)
			return -1;
		return f->kind == NODE_AND ? l && r : l || r;
	case NODE_NOT:
		l = match(f->left, s, why);
		return l < 0 ? l : !l;
	case NODE_ANY:
		return match_any(f, s, why);
	case NODE_COMPARE:
		break;
	}
	return match_compare(f, s, why);
}

int filter_match(const struct filter *f, const struct object *o, const char **why)
{
	struct subject s = {.object = o};

	return match(f, &s, why);
}

int filter_match_json(const struct filter *f, const json_t *json, const char **why)
{
	struct subject s = {.json = json};

	return match(f, &s, why);
}
