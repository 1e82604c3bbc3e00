/* Lists of objects, see soa_list.h. */
#include "soa_list.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "csv.h"

#include <errno.h>
#include <strings.h>

struct columns {
	int identity, mode, wave; /* -1: there is none */
};

static int column(const struct csv_row *head, const char *name)
{
	for (unsigned i = 0; i < head->n; i++) {
		size_t n = strlen(head->fields[i]), from;

		text_trim(head->fields[i], &n, &from);
		if (n == strlen(name) && strncasecmp(head->fields[i] + from, name, n) == 0)
			return (int)i;
	}
	return -1;
}

/* A field without the blanks around it, in the arena; "" where the row is shorter. */
static const char *field(const struct csv_row *row, int i, struct arena *a)
{
	const char *s;
	size_t n, from;

	if (i < 0 || (unsigned)i >= row->n)
		return "";
	s = csv_plain(row->fields[i]);
	n = strlen(s);
	text_trim(s, &n, &from);
	return arena_dup(a, s + from, n);
}

static int add_row(const struct csv_row *row, const struct csv_row *head, const struct columns *c,
	const char *source, struct arena *a, json_t *list, struct err *e)
{
	const char *identity = field(row, c->identity, a), *mode = field(row, c->mode, a);
	const char *wave = field(row, c->wave, a);
	json_t *o;
	char *end;
	long n;

	if (row->n > head->n)
		return err_set(e, -EINVAL, source, row->line,
			"the line has %u fields, but the first line has %u: put a DN in quotes",
			row->n, head->n);
	if (!*identity)
		return err_set(e, -EINVAL, source, row->line, "Identity is empty");
	o = json_pack("{s:s}", "identity", identity);
	if (!o)
		return err_set(e, -EINVAL, source, row->line, "the line is not UTF-8");
	json_array_append_new(list, o);
	if (*mode)
		json_object_set_new(o, "mode", json_string(mode));
	if (*wave) {
		n = strtol(wave, &end, 10);
		if (*end || n < 1 || n > 1000000)
			return err_set(e, -EINVAL, source, row->line,
				"Wave is a number from 1 on, not \"%.40s\"", wave);
		json_object_set_new(o, "wave", json_integer(n));
	}
	return 0;
}

/* 1: the first line names no Identity, so it is no such file. */
static int parse_table(
	const char *text, size_t n, char separator, const char *source, json_t *list, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const char *eol = memchr(text, '\n', n);
	size_t first = eol ? (size_t)(eol - text) : n;
	struct csv_row *head, *rows;
	struct columns c;
	unsigned n_head, n_rows;
	struct err ignored;

	if (csv_read(text, first, separator, source, &a, &head, &n_head, &ignored) < 0 || !n_head ||
		(c.identity = column(head, "Identity")) < 0)
		return 1;
	c.mode = column(head, "Mode");
	c.wave = column(head, "Wave");
	TRY(csv_read(text, n, separator, source, &a, &rows, &n_rows, e));
	for (unsigned i = 1; i < n_rows; i++)
		TRY(add_row(&rows[i], head, &c, source, &a, list, e));
	return 0;
}

static int parse_lines(const char *text, size_t n, const char *source, json_t *list, struct err *e)
{
	const char *end = text + n;

	for (int line = 1; text < end; line++) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((eol ? eol : end) - text), from;
		json_t *o;

		text_trim(text, &len, &from);
		if (len > CSV_FIELD_MAX)
			return err_set(e, -E2BIG, source, line, "the line is too long");
		if (json_array_size(list) >= CSV_ROWS_MAX)
			return err_set(e, -E2BIG, source, line, "the file has too many lines");
		if (len && text[from] != '#') {
			o = json_stringn(text + from, len);
			if (!o || memchr(text + from, '\0', len)) {
				json_decref(o);
				return err_set(
					e, -EINVAL, source, line, "the line is not text in UTF-8");
			}
			json_array_append_new(list, json_pack("{s:o}", "identity", o));
		}
		text = eol ? eol + 1 : end;
	}
	return 0;
}

int soa_list_parse(const char *text, size_t n, const char *source, json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *list = json_array();
	int r;

	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		n -= 3;
	}
	r = parse_table(text, n, ',', source, list, e);
	if (r == 1)
		r = parse_table(text, n, ';', source, list, e);
	if (r == 1)
		r = parse_lines(text, n, source, list, e);
	TRY(r);
	if (!json_array_size(list))
		return err_set(e, -EINVAL, source, 0, "the file names no objects");
	*ret = steal(&list);
	return 0;
}

int soa_list_read(const char *path, json_t **ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n;

	TRY(file_read(path, SOA_LIST_MAX, &text, &n, e));
	return soa_list_parse(text, n, path, ret, e);
}
