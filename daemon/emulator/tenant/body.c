/* Bodies. */
#include "tenant/body.h"

#include <strings.h>

#define JSON_DEPTH_MAX 64

/* Brackets inside brackets, outside of strings; jansson's own limit is far higher. */
static bool is_too_deep(const char *p, size_t n)
{
	unsigned depth = 0;
	bool text = false;

	for (size_t i = 0; i < n; i++) {
		if (text && p[i] == '\\')
			i++;
		else if (p[i] == '"')
			text = !text;
		else if (!text && (p[i] == '{' || p[i] == '[') && ++depth > JSON_DEPTH_MAX)
			return true;
		else if (!text && (p[i] == '}' || p[i] == ']') && depth)
			depth--;
	}
	return false;
}

json_t *body_parse(const char *text, size_t n)
{
	return is_too_deep(text, n) ? NULL : json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
}

json_t *body_get(const json_t *body, const char *name)
{
	const char *key;
	json_t *v = json_object_get(body, name);

	if (v)
		return v;
	json_object_foreach ((json_t *)body, key, v)
		if (strcasecmp(key, name) == 0)
			return v;
	return NULL;
}

const char *body_text(const json_t *body, const char *name)
{
	const char *v = json_string_value(body_get(body, name));

	return v ? v : "";
}

long body_number(const json_t *o, const char *key, long def)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? (long)json_integer_value(v) : def;
}

static int dump_part(const char *text, size_t n, void *b)
{
	buf_add(b, text, n);
	return 0;
}

void body_dump(struct buf *b, const json_t *v, size_t flags)
{
	json_dump_callback(v, dump_part, b, flags | JSON_ENCODE_ANY);
}
