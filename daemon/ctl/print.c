/* Tables and objects. */
#include "print.h"
#include "base/text.h"
#include "base/util.h"

#include <stdio.h>

#define COLUMNS_MAX 12

const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

void print_plain(FILE *f, const char *text)
{
	while (*text) {
		const char *from = text;
		uint32_t c = utf8_next(&text);

		if (c < ' ' || (c >= 0x7f && c < 0xa0))
			putc('?', f);
		else
			fwrite(from, 1, (size_t)(text - from), f);
	}
}

/* The text of a value; the buffer is used for numbers. */
static const char *value_text(const json_t *v, char *buf, size_t size)
{
	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v))
		snprintf(buf, size, "%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		snprintf(buf, size, "%s", json_is_true(v) ? "yes" : "no");
	else if (json_is_object(v) && json_is_string(json_object_get(v, "base64")))
		return json_string_value(json_object_get(v, "base64"));
	else if (json_is_array(v) || json_is_object(v))
		buf[MIN(json_dumpb(v, buf, size - 1, JSON_COMPACT), size - 1)] = '\0';
	else
		snprintf(buf, size, "-");
	return buf;
}

static int width(const char *s)
{
	return (int)utf8_len(s, strlen(s));
}

static void put_cell(const char *text, int wide, bool last)
{
	int n = width(text);

	fputs(text, stdout);
	if (!last)
		printf("%*s", wide - n + 2, "");
}

void print_table(const json_t *rows, const struct column *columns, unsigned n)
{
	int wide[COLUMNS_MAX];
	char buf[64];
	size_t i;
	json_t *row;

	for (unsigned c = 0; c < n; c++) {
		wide[c] = width(columns[c].title);
		json_array_foreach ((json_t *)rows, i, row) {
			int w = width(
				value_text(json_object_get(row, columns[c].key), buf, sizeof(buf)));

			if (columns[c].max && w > columns[c].max)
				w = columns[c].max;
			wide[c] = MAX(wide[c], w);
		}
		put_cell(columns[c].title, wide[c], c + 1 == n);
	}
	puts("");
	json_array_foreach ((json_t *)rows, i, row) {
		for (unsigned c = 0; c < n; c++) {
			const char *text =
				value_text(json_object_get(row, columns[c].key), buf, sizeof(buf));

			put_cell(text, MAX(wide[c], width(text)), c + 1 == n);
		}
		puts("");
	}
}

/* Of the names that print_fields() prints (scalar) or print_attributes() and the like. */
static int key_width(const json_t *o, int least, bool scalar)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)o, key, v)
		if (!scalar || (!json_is_object(v) && !json_is_array(v)))
			least = MAX(least, width(key));
	return least;
}

void print_fields(const json_t *o, const char *prefix)
{
	int wide = key_width(o, 28, true);
	const char *key;
	char buf[64];
	json_t *v;

	json_object_foreach ((json_t *)o, key, v)
		if (!json_is_object(v) && !json_is_array(v))
			printf("%s%-*s %s\n", prefix, wide, key, value_text(v, buf, sizeof(buf)));
}

int print_width(const json_t *rows, const char *key, int least)
{
	size_t i;
	json_t *row;

	json_array_foreach ((json_t *)rows, i, row)
		if (!key && json_is_string(row))
			least = MAX(least, width(json_string_value(row)));
		else if (key)
			least = MAX(least, width(text_of(row, key)));
	return least;
}

void print_step(const json_t *step, const char *result, int wide)
{
	const char *connector = text_of(step, "connector");

	printf("%s%*s %-14s %-28s ", connector, MAX(wide - width(connector), 0), "",
		text_of(step, "type"), result);
	print_counters(json_object_get(step, "counters"));
}

void print_attributes(const json_t *o, const char *title, const char *none)
{
	int wide = key_width(o, 32, false);
	const char *key;
	char buf[64];
	json_t *values, *v;
	size_t i;

	if (!json_object_size(o))
		return;
	printf("\n%s:\n", title);
	json_object_foreach ((json_t *)o, key, values) {
		if (json_array_size(values) == 0)
			printf("  %-*s %s\n", wide, key, none);
		json_array_foreach (values, i, v)
			printf("  %-*s %s\n", wide, i ? "" : key, value_text(v, buf, sizeof(buf)));
	}
}

static void print_side(const json_t *v)
{
	char *text = v ? json_dumps(v, JSON_ENCODE_ANY) : NULL;

	fputs(text ? text : "-", stdout);
	free(text);
}

void print_changes(const json_t *changes)
{
	int wide = key_width(changes, 32, false);
	const char *key;
	json_t *change;

	if (!json_object_size(changes))
		return;
	puts("\nPending export:");
	json_object_foreach ((json_t *)changes, key, change) {
		printf("  %-*s ", wide, key);
		print_side(json_object_get(change, "from"));
		fputs(" -> ", stdout);
		print_side(json_object_get(change, "to"));
		puts("");
	}
}

void print_counters(const json_t *o)
{
	const char *key, *sep = "";
	json_t *v;

	json_object_foreach ((json_t *)o, key, v) {
		printf("%s%s %lld", sep, key, (long long)json_integer_value(v));
		sep = ", ";
	}
}
