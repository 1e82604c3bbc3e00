/*
 * Lists of objects that adsyncctl soa reads (CSV, or a name in a line): a list, or one error with
 * its line. What was read, written as a table and read again, is the same.
 */
#include "base/arena.h"
#include "base/json.h"
#include "csv.h"
#include "fuzz.h"
#include "soa_list.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *parse(const char *text, size_t n, struct err *e)
{
	json_t *list = NULL;

	if (soa_list_parse(text, n, "list", &list, e) < 0) {
		if (!e->text[0] || list)
			abort();
		return NULL;
	}
	return list;
}

/* A text of NULL is an empty cell. */
static void put(FILE *f, const json_t *o, const char *key, bool last)
{
	const char *s = json_string_value(json_object_get(o, key));

	csv_put(f, s ? s : "", last);
}

static char *write_table(const json_t *list, size_t *ret_n)
{
	char *text;
	FILE *f = open_memstream(&text, ret_n);
	json_t *o;
	size_t i;

	fputs("Identity,Mode,Wave\n", f);
	json_array_foreach ((json_t *)list, i, o) {
		json_int_t wave = json_integer_value(json_object_get(o, "wave"));
		char number[32] = "";

		if (wave)
			snprintf(number, sizeof(number), "%lld", (long long)wave);
		put(f, o, "identity", false);
		put(f, o, "mode", false);
		csv_put(f, number, true);
	}
	fclose(f);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_json_ json_t *list = NULL, *again = NULL;
	_cleanup_free_ char *text = NULL;
	struct err e = {0};
	size_t size;

	if (n > 1 << 16)
		return 0;
	list = parse((const char *)data, n, &e);
	if (!list)
		return 0;
	text = write_table(list, &size);
	again = parse(text, size, &e);
	if (!again || !json_equal(list, again)) {
		json_dumpf(list, stderr, JSON_INDENT(1));
		json_dumpf(again, stderr, JSON_INDENT(1));
		fprintf(stderr, "%s\n", e.text);
		abort();
	}
	return 0;
}
