/*
 * UTF-8 text. Validity is RFC 3629's and nothing else's; case and white space are Unicode's,
 * through a locale of our own, so that the process's locale never changes what two names are.
 */
#include "base/text.h"
#include "base/arena.h"
#include "base/buf.h"

#include <locale.h>
#include <wctype.h>

bool utf8_valid(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n;

	while (p < end) {
		unsigned c = *p++, more, min;

		if (c < 0x80)
			continue;
		if (c >= 0xc2 && c <= 0xdf)
			more = 1, min = 0x80, c &= 0x1f;
		else if (c >= 0xe0 && c <= 0xef)
			more = 2, min = 0x800, c &= 0x0f;
		else if (c >= 0xf0 && c <= 0xf4)
			more = 3, min = 0x10000, c &= 0x07;
		else
			return false;
		if ((size_t)(end - p) < more)
			return false;
		for (; more; more--, p++) {
			if ((*p & 0xc0) != 0x80)
				return false;
			c = c << 6 | (*p & 0x3f);
		}
		if (c < min || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
			return false;
	}
	return true;
}

const char *text_problem(const char *s, size_t n)
{
	if (n > ATTR_VALUE_MAX)
		return VALUE_TOO_LONG;
	if (!utf8_valid(s, n))
		return "it is not text in UTF-8";
	return memchr(s, '\0', n) ? "the text holds a NUL character" : NULL;
}

uint32_t utf8_next(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	uint32_t c = *p++;
	int more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	if (more)
		c &= 0x3fu >> more;
	for (; more && (*p & 0xc0) == 0x80; more--)
		c = c << 6 | (*p++ & 0x3f);
	*s = (const char *)p;
	return c;
}

void utf8_cut(char *s)
{
	size_t n = strlen(s), more = 0;

	while (more < 3 && more < n && ((unsigned char)s[n - 1 - more] & 0xc0) == 0x80)
		more++;
	if (more < n) {
		unsigned char c = (unsigned char)s[n - 1 - more];
		size_t wanted = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

		if (wanted > more)
			s[n - 1 - more] = '\0';
	}
}

void utf8_add(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_addc(b, (char)c);
	} else if (c < 0x800) {
		buf_addc(b, (char)(0xc0 | c >> 6));
		buf_addc(b, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_addc(b, (char)(0xe0 | c >> 12));
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(b, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_addc(b, (char)(0xf0 | c >> 18));
		buf_addc(b, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(b, (char)(0x80 | (c & 0x3f)));
	}
}

size_t utf8_len(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

/* glibc's Unicode tables, whatever the locale of the process. */
static locale_t unicode_locale(void)
{
	static locale_t loc;

	if (!loc)
		loc = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return loc;
}

uint32_t char_lower(uint32_t c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c + 32 : c;
	return unicode_locale() ? (uint32_t)towlower_l((wint_t)c, unicode_locale()) : c;
}

uint32_t char_upper(uint32_t c)
{
	if (c < 0x80)
		return c >= 'a' && c <= 'z' ? c - 32 : c;
	return unicode_locale() ? (uint32_t)towupper_l((wint_t)c, unicode_locale()) : c;
}

bool char_is_space(uint32_t c)
{
	return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	       c == 0x205f || c == 0x3000;
}

/* Bytes of the character that begins here, of at most n; 0: it is not whole, or no white space. */
static size_t space_len(const char *s, size_t n)
{
	static const unsigned char MORE[16] = {[0xc] = 1, [0xd] = 1, [0xe] = 2, [0xf] = 3};
	size_t len = 1u + MORE[(unsigned char)*s >> 4];
	const char *p = s;

	if (len > n || !utf8_valid(s, len))
		return 0;
	return char_is_space(utf8_next(&p)) ? len : 0;
}

size_t text_space_before(const char *s, size_t n)
{
	size_t i = 0, len;

	while (i < n && (len = space_len(s + i, n - i)) > 0)
		i += len;
	return i;
}

size_t text_space_behind(const char *s, size_t n)
{
	size_t end = n;

	while (end > 0) {
		size_t i = end - 1;

		while (i > 0 && ((unsigned char)s[i] & 0xc0) == 0x80)
			i--;
		if (space_len(s + i, end - i) != end - i)
			break;
		end = i;
	}
	return n - end;
}

void text_trim(const char *s, size_t *n, size_t *ret_from)
{
	*n -= text_space_behind(s, *n);
	*ret_from = text_space_before(s, *n);
	*n -= *ret_from;
}

char *text_fold(struct arena *a, const char *s, size_t n, size_t *ret_len)
{
	char *copy = arena_dup(a, s, n);
	size_t i;

	for (i = 0; i < n && (unsigned char)copy[i] < 0x80; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] += 32;
	if (i < n && utf8_valid(s + i, n - i)) {
		_cleanup_buf_ struct buf b = {0};
		const char *p = s + i;

		buf_add(&b, copy, i);
		while (p < s + n)
			utf8_add(&b, char_lower(utf8_next(&p)));
		n = b.len;
		copy = arena_dup(a, b.data, b.len);
	}
	if (ret_len)
		*ret_len = n;
	return copy;
}

int text_casecmp(const char *a, size_t an, const char *b, size_t bn)
{
	size_t n = MIN(an, bn), i;

	for (i = 0; i < n; i++) {
		unsigned char x = (unsigned char)a[i], y = (unsigned char)b[i];

		if (x >= 0x80 || y >= 0x80)
			break;
		if (char_lower(x) != char_lower(y))
			return (int)char_lower(x) - (int)char_lower(y);
	}
	if (i == n)
		return (an > bn) - (an < bn);
	{
		_cleanup_arena_ struct arena tmp = {0};
		size_t fan, fbn;
		char *fa = text_fold(&tmp, a + i, an - i, &fan);
		char *fb = text_fold(&tmp, b + i, bn - i, &fbn);
		int r = memcmp(fa, fb, MIN(fan, fbn));

		return r ? r : (fan > fbn) - (fan < fbn);
	}
}

static unsigned long build_part(const char **s)
{
	char *end;
	unsigned long n = strtoul(*s, &end, 10);

	*s = *end == '.' ? end + 1 : "";
	return n;
}

int build_compare(const char *a, const char *b)
{
	while (*a || *b) {
		unsigned long x = build_part(&a), y = build_part(&b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}
