/* UTF-8 and DN text. */
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

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *dn_key(struct arena *a, const char *dn)
{
	_cleanup_buf_ struct buf b = {0};

	for (const char *p = dn; *p; p++) {
		if (*p == '\\' && p[1]) {
			int hi = hex_digit(p[1]), lo = hi >= 0 ? hex_digit(p[2]) : -1;
			char c = lo >= 0 ? (char)(hi << 4 | lo) : p[1];

			p += lo >= 0 ? 2 : 1;
			if (strchr(",+\"\\<>;=", c) || (unsigned char)c < 0x20)
				buf_addc(&b, '\\');
			buf_addc(&b, c ? c : '0');
			continue;
		}
		if (*p == ' ' && (!b.len || b.data[b.len - 1] == ',' || b.data[b.len - 1] == '='))
			continue;
		if (*p == ',' || *p == '=')
			while (b.len && b.data[b.len - 1] == ' ')
				b.len--;
		buf_addc(&b, *p);
	}
	return text_fold(a, buf_str(&b), b.len, NULL);
}

const char *dn_parent(const char *dn)
{
	for (; *dn; dn++) {
		if (*dn == '\\' && dn[1])
			dn++;
		else if (*dn == ',')
			return dn + 1;
	}
	return dn;
}

bool rdn_value(struct buf *b, const char *dn)
{
	const char *end = dn_parent(dn), *eq = strchr(dn, '=');

	if (end > dn && end[-1] == ',' && (*end || end - dn < 2 || end[-2] != '\\'))
		end--;
	if (!eq || eq >= end)
		return false;
	for (const char *p = eq + 1; p < end; p++) {
		int hi = *p == '\\' && p + 2 < end ? hex_digit(p[1]) : -1;
		int lo = hi >= 0 ? hex_digit(p[2]) : -1;

		if (lo >= 0) {
			buf_addc(b, (char)(hi << 4 | lo));
			p += 2;
		} else {
			p += *p == '\\' && p + 1 < end;
			buf_addc(b, *p);
		}
	}
	return true;
}

bool dn_key_below(const char *key, const char *base)
{
	size_t n = strlen(key), m = strlen(base);

	return n >= m && streq(key + n - m, base) && (n == m || m == 0 || key[n - m - 1] == ',');
}
