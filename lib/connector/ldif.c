/* The LDIF reader: bytes to physical lines, to logical lines, to attribute values. */
#include "connector/ldif.h"
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
			return wrong(l, e, "a line is over 16 MiB");
		buf_add(&l->text, start, n);
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
		l->line = l->next_line;
		r = rest_of_line(l, e);
		if (r < 0)
			return r;
		if (l->text.len == 0)
			return 1;
		if (l->text.data[0] == ' ')
			return wrong(l, e, "a continued line, but there is nothing to continue");
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
		return wrong(l, e, "\"name: value\" was expected");
	ret->name = text;
	ret->name_len = (size_t)(colon - text);
	v = colon + 1;
	if (v < end && *v == '<')
		return wrong(l, e, "a value by URL (\":<\") is not read");
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

int ldif_read(struct ldif *l, struct ldif_line *ret, struct err *e)
{
	for (;;) {
		int r = logical_line(l, e);

		if (r <= 0)
			return r < 0 ? r : 2;
		if (l->text.len == 0)
			return 0;
		r = split(l, ret, e);
		if (r < 0)
			return r;
		if (is_named(ret, "changetype"))
			return wrong(l, e, "a change record; a file of whole entries was expected");
		if (!is_named(ret, "version") || l->version_seen)
			return 1;
		l->version_seen = true;
		if (ret->value_len != 1 || ret->value[0] != '1')
			return wrong(l, e, "only LDIF version 1 is read");
	}
}
