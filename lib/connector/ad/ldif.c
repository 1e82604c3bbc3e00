/* The LDIF reader: bytes to physical lines, to logical lines, to attribute values. */
#include "connector/ad/ldif.h"
#include "base/codec.h"

#include <errno.h>

#define BUFFER_SIZE (256 * 1024)
#define LINE_MAX_BYTES (16 * 1024 * 1024)

void ldif_init(struct ldif *l, int fd, const char *path)
{
	*l = (struct ldif){.fd = fd, .path = path, .next_line = 1};
	l->buffer = xmalloc(BUFFER_SIZE);
}

void ldif_done(struct ldif *l)
{
	free(l->buffer);
	buf_done(&l->text);
	buf_done(&l->value);
}

static int wrong(const struct ldif *l, struct err *e, const char *what)
{
	return err_set(e, -EINVAL, l->path, l->line, "%s; nothing of the file is used", what);
}

/* Makes sure that there is a byte to read: 1, 0 at the end of the file. */
static int fill(struct ldif *l, struct err *e)
{
	ssize_t n;

	if (l->pos < l->used)
		return 1;
	if (l->eof)
		return 0;
	do
		n = read(l->fd, l->buffer, BUFFER_SIZE);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(e, -EIO, l->path, l->next_line, "cannot read: %s", strerror(errno));
	l->used = (size_t)n;
	l->pos = 0;
	l->eof = n == 0;
	return n > 0;
}

/* What the first bytes of the file say about its encoding. */
static int check_encoding(struct ldif *l, struct err *e)
{
	const unsigned char *p = (const unsigned char *)l->buffer;
	int r = fill(l, e);

	if (r <= 0)
		return r;
	if (l->used >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		l->pos = 3;
	/* with its mark, or a letter beside a zero */
	if (l->used >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff) ||
				    !p[0] != !p[1])) {
		l->line = 1;
		return wrong(l, e,
			"the file is in UTF-16, and LDIF is UTF-8: write it without -u (ldifde), "
			"or with -Encoding utf8 (PowerShell)");
	}
	return 0;
}

/* Appends the rest of the physical line, without its end, to text. */
static int rest_of_line(struct ldif *l, struct err *e)
{
	for (;;) {
		const char *start, *nl;
		int r = fill(l, e);
		size_t n;

		if (r < 0)
			return r;
		if (r == 0)
			return err_set(e, -EINVAL, l->path, l->next_line,
				"the last line has no end: the file is not complete; nothing of "
				"it is used");
		start = l->buffer + l->pos;
		nl = memchr(start, '\n', l->used - l->pos);
		n = nl ? (size_t)(nl - start) : l->used - l->pos;
		if (l->text.len + n > LINE_MAX_BYTES)
			l->cut = true;
		buf_add(&l->text, start, MIN(n, LINE_MAX_BYTES - l->text.len));
		l->pos += n + (nl != NULL);
		if (nl)
			break;
	}
	l->next_line++;
	if (l->text.len && l->text.data[l->text.len - 1] == '\r')
		l->text.data[--l->text.len] = '\0';
	return 0;
}

/* 1: text holds a logical line (folded lines joined, comments left out), 0: end of the file. */
static int logical_line(struct ldif *l, struct err *e)
{
	for (;;) {
		int r = fill(l, e);

		if (r <= 0)
			return r;
		buf_clear(&l->text);
		l->cut = false;
		l->line = l->next_line;
		r = rest_of_line(l, e);
		if (r < 0)
			return r;
		if (l->text.len == 0)
			return 1;
		if (l->text.data[0] == ' ')
			return wrong(l, e,
				"a line that begins with a blank continues the line before it, and "
				"there is none");
		for (;;) {
			r = fill(l, e);
			if (r < 0)
				return r;
			if (r == 0 || l->buffer[l->pos] != ' ')
				break;
			l->pos++;
			r = rest_of_line(l, e);
			if (r < 0)
				return r;
		}
		if (l->text.data[0] != '#')
			return 1;
	}
}

static int decode(struct ldif *l, const char *text, size_t n, struct ldif_line *ret, struct err *e)
{
	ssize_t len;

	buf_clear(&l->value);
	buf_reserve(&l->value, n / 4 * 3 + 1);
	len = base64_decode(l->value.data, text, n);
	if (len < 0)
		return wrong(l, e, "the value is not base64");
	l->value.len = (size_t)len;
	l->value.data[len] = '\0';
	ret->value = l->value.data;
	ret->value_len = (size_t)len;
	return 1;
}

static int split(struct ldif *l, struct ldif_line *ret, struct err *e)
{
	char *text = l->text.data, *end = text + l->text.len;
	char *colon = memchr(text, ':', l->text.len), *v;

	if (!colon || colon == text)
		return wrong(l, e, "the line is not \"name: value\"");
	ret->name = text;
	ret->name_len = (size_t)(colon - text);
	ret->cut = l->cut;
	v = colon + 1;
	if (l->cut) {
		ret->value = v;
		ret->value_len = (size_t)(end - v);
		return 1;
	}
	if (v < end && *v == '<')
		return wrong(l, e,
			"a value given as a URL (\":<\") cannot be read; write the value itself");
	if (v < end && *v == ':') {
		for (v++; v < end && *v == ' '; v++)
			;
		while (end > v && end[-1] == ' ')
			end--;
		return decode(l, v, (size_t)(end - v), ret, e);
	}
	while (v < end && *v == ' ')
		v++;
	ret->value = v;
	ret->value_len = (size_t)(end - v);
	return 1;
}

static bool is_named(const struct ldif_line *line, const char *name)
{
	return line->name_len == strlen(name) && strncasecmp(line->name, name, line->name_len) == 0;
}

/* The line that begins a record says what it is. 0: it was the version, which begins none. */
static int begin_record(struct ldif *l, const struct ldif_line *line, struct err *e)
{
	if (is_named(line, "version")) {
		if (line->value_len != 1 || line->value[0] != '1')
			return wrong(l, e, "only LDIF version 1 can be read");
		return 0;
	}
	l->in = is_named(line, "ref")      ? LDIF_REFERENCE
	        : is_named(line, "search") ? LDIF_SEARCH
	                                   : LDIF_ENTRY;
	l->result_seen = false;
	return 1;
}

static int end_record(struct ldif *l, struct err *e)
{
	if (l->in == LDIF_SEARCH && !l->result_seen)
		return wrong(l, e,
			"the line \"result:\" of the search is missing: the file is not complete");
	l->in = LDIF_BETWEEN;
	return 0;
}

/* "result: 0 Success" in the record that ldapsearch ends with; other lines of it say nothing. */
static int search_line(struct ldif *l, const struct ldif_line *line, struct err *e)
{
	char *end;
	long code;

	if (!is_named(line, "result"))
		return 0;
	l->result_seen = true;
	code = strtol(line->value, &end, 10);
	if (end != line->value && code == 0)
		return 0;
	return err_set(e, -EINVAL, l->path, l->line,
		"the search that wrote the file ended with \"%s\": the file is not complete; "
		"nothing "
		"of it is used",
		line->value);
}

/* 1: the line belongs to an entry of the directory, 0: it does not. */
static int take_line(struct ldif *l, const struct ldif_line *line, struct err *e)
{
	int r = l->in == LDIF_BETWEEN ? begin_record(l, line, e) : 1;

	if (r <= 0)
		return r;
	if (l->in == LDIF_SEARCH)
		return search_line(l, line, e);
	if (l->in == LDIF_REFERENCE)
		return is_named(line, "ref") ? 0 : wrong(l, e, "a record must begin with dn:");
	if (!is_named(line, "changetype"))
		return 1;
	if (line->value_len == 3 && strncasecmp(line->value, "add", 3) == 0)
		return 0;
	return wrong(l, e, "this is a change (changetype:); the file must have whole entries");
}

int ldif_read(struct ldif *l, struct ldif_line *ret, struct err *e)
{
	if (l->next_line == 1)
		TRY(check_encoding(l, e));
	for (;;) {
		int r = logical_line(l, e);

		TRY(r);
		if (r == 0 || l->text.len == 0) {
			TRY(end_record(l, e));
			return r == 0 ? 2 : 0;
		}
		TRY(split(l, ret, e));
		r = take_line(l, ret, e);
		if (r != 0)
			return r;
	}
}
