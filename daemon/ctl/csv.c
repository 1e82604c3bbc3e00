/* Comma-separated values, see csv.h. */
#include "csv.h"
#include "base/buf.h"

#include <errno.h>

static const char FORMULA[] = "=+-@\t\r";

struct reader {
	const char *p, *end;
	char separator;
	const char *source;
	int line;
	struct arena *a;
	struct csv_row *rows;
	unsigned n, cap;
};

static int wrong(struct reader *r, int code, struct err *e, const char *text)
{
	return err_set(e, code, r->source, r->line, "%s", text);
}

/* A quoted field; r->p stands behind the first quote. */
static int read_quoted(struct reader *r, struct buf *b, struct err *e)
{
	for (;; r->p++) {
		if (r->p == r->end)
			return wrong(r, -EINVAL, e, "a quoted field does not end");
		if (*r->p == '\n')
			r->line++;
		if (*r->p == '"') {
			if (r->p + 1 == r->end || r->p[1] != '"')
				break;
			r->p++;
		}
		buf_addc(b, *r->p);
	}
	r->p++;
	if (r->p < r->end && *r->p != r->separator && *r->p != '\n' && *r->p != '\r')
		return wrong(r, -EINVAL, e, "there is text behind the closing quote of a field");
	return 0;
}

static int read_field(struct reader *r, char **ret, struct err *e)
{
	_cleanup_buf_ struct buf b = {0};

	if (r->p < r->end && *r->p == '"') {
		r->p++;
		TRY(read_quoted(r, &b, e));
	} else {
		for (; r->p < r->end && *r->p != r->separator && *r->p != '\n' && *r->p != '\r';
			r->p++) {
			if (*r->p == '"')
				return wrong(r, -EINVAL, e,
					"there is a quote inside a field that is not quoted");
			buf_addc(&b, *r->p);
		}
	}
	if (b.len > CSV_FIELD_MAX)
		return wrong(r, -E2BIG, e, "a field has more than 8192 bytes");
	if (b.len && memchr(b.data, '\0', b.len))
		return wrong(r, -EINVAL, e, "this is not a text file: it has a NUL character");
	*ret = arena_dup(r->a, buf_str(&b), b.len);
	return 0;
}

static void end_line(struct reader *r)
{
	if (r->p < r->end && *r->p == '\r')
		r->p++;
	if (r->p < r->end && *r->p == '\n')
		r->p++;
	r->line++;
}

static int read_row(struct reader *r, struct csv_row *row, struct err *e)
{
	char *fields[CSV_FIELDS_MAX];

	*row = (struct csv_row){.line = r->line};
	for (;;) {
		if (row->n == CSV_FIELDS_MAX)
			return wrong(r, -E2BIG, e, "a line has more than 64 fields");
		TRY(read_field(r, &fields[row->n++], e));
		if (r->p == r->end || *r->p != r->separator)
			break;
		r->p++;
	}
	end_line(r);
	row->fields = arena_alloc(r->a, row->n * sizeof(*fields));
	memcpy(row->fields, fields, row->n * sizeof(*fields));
	return 0;
}

static struct csv_row *add_row(struct reader *r)
{
	if (r->n == r->cap) {
		unsigned cap = r->cap ? r->cap * 2 : 64;
		struct csv_row *grown = arena_alloc(r->a, cap * sizeof(*grown));

		if (r->n)
			memcpy(grown, r->rows, r->n * sizeof(*grown));
		r->rows = grown;
		r->cap = cap;
	}
	return &r->rows[r->n];
}

int csv_read(const char *text, size_t n, char separator, const char *source, struct arena *a,
	struct csv_row **ret, unsigned *ret_n, struct err *e)
{
	struct reader r = {.p = text,
		.end = text + n,
		.separator = separator,
		.source = source,
		.line = 1,
		.a = a};

	while (r.p < r.end) {
		struct csv_row *row = add_row(&r);

		TRY(read_row(&r, row, e));
		if (row->n == 1 && !*row->fields[0])
			continue;
		if (++r.n > CSV_ROWS_MAX)
			return wrong(&r, -E2BIG, e, "the file has more than 200000 lines");
	}
	*ret = r.rows;
	*ret_n = r.n;
	return 0;
}

void csv_put(FILE *f, const char *s, bool last)
{
	putc('"', f);
	if (*s && (strchr(FORMULA, *s) || *s == '\''))
		putc('\'', f);
	for (; *s; s++) {
		if (*s == '"')
			putc('"', f);
		putc(*s, f);
	}
	fputs(last ? "\"\r\n" : "\",", f);
}

const char *csv_plain(const char *field)
{
	bool guarded =
		*field == '\'' && field[1] && (strchr(FORMULA, field[1]) || field[1] == '\'');

	return guarded ? field + 1 : field;
}
