/*
 * The JSON of answers. One object of an answer that cannot be read must not take the others along:
 * a value that jansson cannot hold becomes a string with a NUL, which entra_read() refuses by
 * object and name.
 */
#include "connector/entra/parse.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/err.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>

#define BAD_VALUE "\\u0000"
#define BAD_NAME "\\ufffd" /* jansson takes no NUL in a name */

struct mender {
	const char *p, *end;
	struct buf *out;
};

static bool hex4(const char *p, const char *end, unsigned *ret)
{
	unsigned n = 0;

	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)p[i]))
			return false;
		n = n << 4 | (unsigned)(isdigit((unsigned char)p[i])
						? p[i] - '0'
						: tolower((unsigned char)p[i]) - 'a' + 10);
	}
	*ret = n;
	return true;
}

/* Behind the closing quote of the string that begins at p; the end where there is none. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return MIN(p + 1, end);
}

/* Is the string that ends before p the name of a property? */
static bool is_name(const char *p, const char *end)
{
	while (p < end && isspace((unsigned char)*p))
		p++;
	return p < end && *p == ':';
}

/* How many bytes of an escape are good; 0: it is half of a character, or not an escape. */
static size_t escape_len(const char *p, const char *end, bool name)
{
	unsigned high, low;

	if (end - p < 2)
		return 0;
	if (p[1] != 'u')
		return strchr("\"\\/bfnrt", p[1]) && p[1] ? 2 : 0;
	if (!hex4(p + 2, end, &high) || (name && high == 0))
		return 0;
	if (high < 0xd800 || high > 0xdfff)
		return 6;
	if (high > 0xdbff || end - p < 12 || p[6] != '\\' || p[7] != 'u' ||
		!hex4(p + 8, end, &low) || low < 0xdc00 || low > 0xdfff)
		return 0;
	return 12;
}

/* How many bytes a character of UTF-8 has; 0: the bytes are not UTF-8. */
static size_t char_len(const char *p, const char *end)
{
	unsigned char c = (unsigned char)*p;
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return c >= 0x20 && (size_t)(end - p) >= n && utf8_valid(p, n) ? n : 0;
}

static size_t bad_len(const char *p, const char *end)
{
	unsigned u;

	if (*p != '\\' || end - p < 2)
		return 1;
	return p[1] == 'u' && hex4(p + 2, end, &u) ? 6 : 2;
}

static void mend_string(struct mender *m)
{
	const char *end = string_end(m->p, m->end);
	bool name = is_name(end, m->end);

	buf_addc(m->out, *m->p++);
	while (m->p < end) {
		size_t n = *m->p == '\\' ? escape_len(m->p, end, name) : char_len(m->p, end);

		if (n) {
			buf_add(m->out, m->p, n);
		} else {
			buf_adds(m->out, name ? BAD_NAME : BAD_VALUE);
			n = MIN(bad_len(m->p, end), (size_t)(end - m->p));
		}
		m->p += n;
	}
}

/*
 * A number that JSON allows and jansson cannot hold: over 64 bits, or beyond a double. It becomes
 * the mark of a bad value, which no form takes.
 */
static void mend_number(struct mender *m)
{
	const char *start = m->p;
	_cleanup_free_ char *text = NULL;
	bool real = false, good;

	for (; m->p < m->end && *m->p && strchr("+-.0123456789eE", *m->p); m->p++)
		real |= strchr(".eE", *m->p) != NULL;
	text = xstrndup(start, (size_t)(m->p - start));
	errno = 0;
	if (real)
		good = isfinite(strtod(text, NULL));
	else
		good = strtoll(text, NULL, 10) == 0 || errno != ERANGE;
	if (good)
		buf_adds(m->out, text);
	else
		buf_adds(m->out, "\"" BAD_VALUE "\"");
}

json_t *entra_parse(const char *text, size_t n, size_t flags)
{
	json_t *json = json_loadb(text ? text : "", n, flags | JSON_ALLOW_NUL, NULL);
	_cleanup_buf_ struct buf b = {0};
	struct mender m = {text, text + n, &b};

	if (json || !n)
		return json;
	while (m.p < m.end)
		if (*m.p == '"')
			mend_string(&m);
		else if (isdigit((unsigned char)*m.p) || *m.p == '-')
			mend_number(&m);
		else
			buf_addc(&b, *m.p++);
	return json_loadb(b.data, b.len, flags | JSON_ALLOW_NUL, NULL);
}
