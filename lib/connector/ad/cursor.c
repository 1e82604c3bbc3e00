/*
 * The cursor of an import of AD over LDAP, written and read as JSON. A new member is written, read
 * and described here; a cursor of another version is not read, so that the next import is full.
 */
#include "connector/ad/cursor.h"
#include "model/value.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#define CURSOR_VERSION 2

static const char *const method_names[] = {
#define X(id, word) [AD_METHOD_##id] = word,
	AD_METHODS(X)
#undef X
};

static const char *text_of(const json_t *o, const char *key, struct arena *a)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? arena_strdup(a, s) : NULL;
}

static enum ad_method method_of(const json_t *o)
{
	const char *s = json_string_value(json_object_get(o, "method"));

	for (int i = 0; s && i < AD_METHOD_COUNT; i++)
		if (streq(s, method_names[i]))
			return (enum ad_method)i;
	return AD_METHOD_NONE;
}

static unsigned array_of(const json_t *o, const char *key, const json_t **ret)
{
	*ret = json_object_get(o, key);
	return (unsigned)json_array_size(*ret);
}

static void read_domain(const json_t *o, struct ad_cursor_domain *ret, struct arena *a)
{
	const char *cookie = json_string_value(json_object_get(o, "cookie"));

	*ret = (struct ad_cursor_domain){
		.base = text_of(o, "base", a),
		.uri = text_of(o, "uri", a),
		.service = text_of(o, "service", a),
		.invocation = text_of(o, "invocation", a),
		.usn = json_integer_value(json_object_get(o, "usn")),
		.method = method_of(o),
	};
	if (cookie) {
		size_t n = strlen(cookie);
		char *raw = arena_alloc(a, n / 4 * 3 + 1);
		ssize_t len = base64_decode(raw, cookie, n);

		if (len > 0) {
			ret->cookie = raw;
			ret->cookie_len = (size_t)len;
		}
	}
}

static void read_lists(struct ad_cursor *c, const json_t *o, struct arena *a)
{
	const json_t *list;

	c->n_domains = array_of(o, "domains", &list);
	c->domains = arena_zalloc(a, (c->n_domains + 1) * sizeof(*c->domains));
	for (unsigned i = 0; i < c->n_domains; i++)
		read_domain(json_array_get(list, i), &c->domains[i], a);
	c->n_ous = array_of(o, "ous", &list);
	c->ous = arena_zalloc(a, (c->n_ous + 1) * sizeof(*c->ous));
	for (unsigned i = 0; i < c->n_ous; i++) {
		const json_t *ou = json_array_get(list, i);

		c->ous[i] = (struct ad_cursor_ou){
			text_of(ou, "text", a), text_of(ou, "guid", a), text_of(ou, "dn", a)};
	}
	c->n_types = array_of(o, "types", &list);
	c->types = arena_zalloc(a, (c->n_types + 1) * sizeof(*c->types));
	for (unsigned i = 0; i < c->n_types; i++) {
		const json_t *t = json_array_get(list, i);

		c->types[i].attr = text_of(t, "attr", a);
		c->types[i].type = (int)json_integer_value(json_object_get(t, "type"));
	}
	c->n_retry = array_of(o, "retry", &list);
	c->retry = arena_zalloc(a, (c->n_retry + 1) * sizeof(*c->retry));
	for (unsigned i = 0; i < c->n_retry; i++) {
		const char *s = json_string_value(json_array_get(list, i));

		c->retry[i] = arena_strdup(a, s ? s : "");
	}
}

bool ad_cursor_read(struct ad_cursor *ret, const void *data, size_t n, struct arena *a)
{
	json_t *o = n && data ? json_loadb(data, n, 0, NULL) : NULL;
	const char *digest = json_string_value(json_object_get(o, "digest"));
	bool good = digest && json_integer_value(json_object_get(o, "version")) == CURSOR_VERSION;

	*ret = (struct ad_cursor){0};
	if (good) {
		ret->digest = strtoull(digest, NULL, 16);
		ret->group = text_of(o, "group", a);
		read_lists(ret, o, a);
	}
	json_decref(o);
	return good;
}

static void set_text(json_t *o, const char *key, const char *v)
{
	if (v)
		json_object_set_new(o, key, json_string(v));
}

static json_t *write_domain(const struct ad_cursor_domain *d)
{
	json_t *o = json_object();

	set_text(o, "base", d->base);
	set_text(o, "uri", d->uri);
	set_text(o, "service", d->service);
	set_text(o, "invocation", d->invocation);
	json_object_set_new(o, "usn", json_integer(d->usn));
	set_text(o, "method", method_names[d->method]);
	if (d->cookie) {
		char *text = xmalloc(base64_len(d->cookie_len) + 1);

		base64_encode(text, d->cookie, d->cookie_len);
		set_text(o, "cookie", text);
		free(text);
	}
	return o;
}

char *ad_cursor_write(const struct ad_cursor *c)
{
	json_t *o = json_object(), *domains = json_array(), *ous = json_array();
	json_t *types = json_array(), *retry = json_array();
	char digest[24], *text;

	snprintf(digest, sizeof(digest), "%" PRIx64, c->digest);
	json_object_set_new(o, "version", json_integer(CURSOR_VERSION));
	set_text(o, "digest", digest);
	for (unsigned i = 0; i < c->n_domains; i++)
		json_array_append_new(domains, write_domain(&c->domains[i]));
	for (unsigned i = 0; i < c->n_ous; i++) {
		json_t *ou = json_object();

		set_text(ou, "text", c->ous[i].text);
		set_text(ou, "guid", c->ous[i].guid);
		set_text(ou, "dn", c->ous[i].dn);
		json_array_append_new(ous, ou);
	}
	for (unsigned i = 0; i < c->n_types; i++) {
		json_t *t = json_object();

		set_text(t, "attr", c->types[i].attr);
		json_object_set_new(t, "type", json_integer(c->types[i].type));
		json_array_append_new(types, t);
	}
	for (unsigned i = 0; i < c->n_retry; i++)
		json_array_append_new(retry, json_string(c->retry[i]));
	set_text(o, "group", c->group);
	json_object_set_new(o, "domains", domains);
	json_object_set_new(o, "ous", ous);
	json_object_set_new(o, "types", types);
	json_object_set_new(o, "retry", retry);
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	return text ? text : xstrdup("");
}

const struct ad_cursor_domain *ad_cursor_domain(const struct ad_cursor *c, const char *base)
{
	for (unsigned i = 0; i < c->n_domains; i++)
		if (c->domains[i].base && streq(c->domains[i].base, base))
			return &c->domains[i];
	return NULL;
}

const struct ad_cursor_ou *ad_cursor_ou(const struct ad_cursor *c, const char *text)
{
	for (unsigned i = 0; i < c->n_ous; i++)
		if (c->ous[i].text && streq(c->ous[i].text, text))
			return &c->ous[i];
	return NULL;
}

const char *ad_cursor_describe(const void *cursor, size_t n, struct arena *a)
{
	const char *text = "";
	struct ad_cursor c;

	if (!ad_cursor_read(&c, cursor, n, a))
		return text;
	for (unsigned i = 0; i < c.n_domains; i++) {
		const struct ad_cursor_domain *d = &c.domains[i];

		text = arena_printf(a, "%s%s: %s, last asked %s, highestCommittedUSN %" PRId64 "\n",
			text, d->base ? d->base : "-", method_names[d->method],
			d->uri ? d->uri : "-", d->usn);
	}
	if (c.n_retry)
		text = arena_printf(a,
			"%s%u objects could not be read; the next import tries them again\n", text,
			c.n_retry);
	return text;
}
