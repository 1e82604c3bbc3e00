/* The cursor of an import from Graph, written and read. */
#include "connector/entra/cursor.h"
#include "base/codec.h"
#include "base/json.h"
#include "connector/entra/call.h"
#include "connector/entra/read.h"

#include <inttypes.h>
#include <stdio.h>

#define CURSOR_VERSION 1

/* A property that was defined anew under its old name has lost its values, and no query tells. */
static void add_definitions(struct buf *b, const struct entra_extensions *x)
{
	for (unsigned i = 0; x && i < x->n; i++)
		if (x->rows[i].sub)
			buf_addf(b, " %s", x->rows[i].sub);
}

/* What the delta queries were asked for: a new attribute comes only with a query of its own. */
static const char *selected(
	const struct entra_cursor *cursor, const struct connector *c, char text[17])
{
	_cleanup_buf_ struct buf b = {0};

	for (unsigned i = 0; i < ENTRA_CLASS_COUNT; i++) {
		if (!cursor->classes[i].wanted)
			continue;
		entra_select(&b, (enum entra_class)i, c->surface, c->extensions);
		add_definitions(&b, c->extensions);
		buf_addc(&b, ';');
	}
	snprintf(text, 17, "%016" PRIx64, hash64(b.data, b.len));
	return text;
}

static const char *surface_word(const struct connector *c)
{
	if (c->surface == ENTRA_SERVICE)
		return "service";
	return c->clouds ? "graph, cloud" : "graph";
}

static bool says(const json_t *json, const char *key, const char *want)
{
	const char *have = json_string_value(json_object_get(json, key));

	return have && streq(have, want);
}

void entra_cursor_done(struct entra_cursor *c)
{
	json_decref(c->json);
	c->json = NULL;
}

bool entra_cursor_read(
	struct entra_cursor *ret, const struct connector *c, const void *data, size_t n)
{
	char select[17];
	json_t *json = ret->json = data ? json_loadb(data, n, 0, NULL) : NULL;
	bool good = json_integer_value(json_object_get(json, "version")) == CURSOR_VERSION &&
	            says(json, "surface", surface_word(c)) &&
	            says(json, "select", selected(ret, c, select));

	ret->exchange = exchange_state_find(json_string_value(json_object_get(json, "exchange")));
	ret->told = json_string_value(json_object_get(json, "told"));
	for (unsigned i = 0; i < ENTRA_CLASS_COUNT; i++) {
		const json_t *v = json_object_get(json, entra_classes[i].collection);
		const char *url = json_string_value(v);

		ret->classes[i].left_out = entra_classes[i].role && json_is_null(v);
		ret->classes[i].link = url;
		if (ret->classes[i].wanted && !ret->classes[i].left_out)
			good = good && url && entra_own_url(c, url);
	}
	return good;
}

char *entra_cursor_write(const struct entra_cursor *cursor, const struct connector *c)
{
	json_t *json = json_object();
	char *text, select[17];

	json_object_set_new(json, "version", json_integer(CURSOR_VERSION));
	json_object_set_new(json, "surface", json_string(surface_word(c)));
	json_object_set_new(json, "select", json_string(selected(cursor, c, select)));
	for (unsigned i = 0; i < ENTRA_CLASS_COUNT; i++)
		if (cursor->classes[i].wanted)
			json_object_set_new(json, entra_classes[i].collection,
				cursor->classes[i].left_out ? json_null()
							    : json_string(cursor->classes[i].link));
	if (cursor->exchange != EXCHANGE_NONE)
		json_object_set_new(
			json, "exchange", json_string(exchange_state_word(cursor->exchange)));
	if (cursor->told)
		json_object_set_new(json, "told", json_string(cursor->told));
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

const char *entra_cursor_state(const void *data, size_t n, struct arena *a)
{
	_cleanup_json_ json_t *json = json_loadb(data, n, 0, NULL);
	const char *ret = "";

	for (unsigned i = 0; i < ENTRA_CLASS_COUNT; i++)
		if (json_is_null(json_object_get(json, entra_classes[i].collection)))
			ret = arena_printf(a, "%s%s cannot be read: the role %s is missing\n", ret,
				entra_classes[i].collection, entra_classes[i].role);
	switch (exchange_state_find(json_string_value(json_object_get(json, "exchange")))) {
	case EXCHANGE_NONE:
		return ret;
	case EXCHANGE_READ:
		return arena_printf(
			a, "%sIsExchangeCloudManaged was read from Exchange Online\n", ret);
	case EXCHANGE_REFUSED:
	case EXCHANGE_FAILED:
		return arena_printf(a,
			"%sIsExchangeCloudManaged was not read from Exchange Online (event 6990 "
			"says why): what was known of it holds\n",
			ret);
	}
	return ret;
}
