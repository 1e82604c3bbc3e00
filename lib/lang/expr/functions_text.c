/*
 * Functions on text. Positions and lengths count characters, not bytes, from 1. How to add a
 * function is told in functions.h.
 */
#include "lang/expr/functions_priv.h"
#include "base/buf.h"
#include "base/text.h"

#define PAD_MAX 4096

static const char *text_arg(struct run_state *rs, const struct term *t, size_t *n)
{
	return term_to_text(t, rs->ev->arena, n);
}

/* Byte offset of the count-th character (from 0), at most n. */
static size_t offset_of(const char *s, size_t n, int64_t count)
{
	size_t i = 0;

	for (; count > 0 && i < n; count--)
		for (i++; i < n && ((unsigned char)s[i] & 0xc0) == 0x80; i++)
			;
	return i;
}

static struct term trimmed(struct run_state *rs, const struct term *t, bool left, bool right)
{
	size_t n;
	const char *s = text_arg(rs, t, &n);
	size_t from = 0;

	if (right)
		n -= text_space_behind(s, n);
	if (left)
		from = text_space_before(s, n);
	if (from == 0 && n == t->len && t->type == TERM_STRING)
		return *t;
	return term_own(rs, s + from, n - from);
}

EAGER(f_trim)
{
	return trimmed(rs, &args[0], true, true);
}

EAGER(f_ltrim)
{
	return trimmed(rs, &args[0], true, false);
}

EAGER(f_rtrim)
{
	return trimmed(rs, &args[0], false, true);
}

EAGER(f_left)
{
	size_t len;
	const char *s = text_arg(rs, &args[0], &len);
	int64_t count;

	if (args[0].type == TERM_NULL)
		return term_text("");
	if (!term_to_number(&args[1], &count))
		return term_error(rs, "Left: the length is no number");
	if (count < 0)
		return args[0];
	return term_own(rs, s, offset_of(s, len, count));
}

EAGER(f_right)
{
	size_t len, from;
	const char *s = text_arg(rs, &args[0], &len);
	int64_t count, have;

	if (args[0].type == TERM_NULL)
		return term_text("");
	if (!term_to_number(&args[1], &count))
		return term_error(rs, "Right: the length is no number");
	if (count < 0)
		return args[0];
	have = (int64_t)utf8_len(s, len);
	from = offset_of(s, len, have - MIN(have, count));
	return term_own(rs, s + from, len - from);
}

EAGER(f_mid)
{
	size_t len, from, to;
	const char *s = text_arg(rs, &args[0], &len);
	int64_t start, count;

	if (args[0].type == TERM_NULL)
		return term_text("");
	if (!term_to_number(&args[1], &start) || !term_to_number(&args[2], &count))
		return term_error(rs, "Mid: start and length must be numbers");
	if (count == 0)
		return term_text("");
	if (count < 0 || start <= 0 || start > (int64_t)utf8_len(s, len))
		return args[0];
	from = offset_of(s, len, start - 1);
	to = from + offset_of(s + from, len - from, count);
	return term_own(rs, s + from, to - from);
}

EAGER(f_len)
{
	size_t len;
	const char *s = text_arg(rs, &args[0], &len);

	return term_number((int64_t)utf8_len(s, len));
}

static bool matches_at(const char *s, size_t n, size_t at, const char *what, size_t m, bool nocase)
{
	if (n - at < m)
		return false;
	return nocase ? text_casecmp(s + at, m, what, m) == 0 : memcmp(s + at, what, m) == 0;
}

static struct term in_str(struct run_state *rs, const struct term *args, unsigned n, bool reverse)
{
	size_t len, m;
	const char *s = text_arg(rs, &args[0], &len), *what = text_arg(rs, &args[1], &m);
	int64_t start = 1, mode = 1, found = 0, position = 0;

	if (n > 2 && !term_to_number(&args[2], &start))
		return term_error(rs, "InStr: start is no number");
	if (n > 3 && !term_to_number(&args[3], &mode))
		mode = 1; /* as if it were not given */
	for (size_t i = 0; i <= len; i++) {
		if (i < len && ((unsigned char)s[i] & 0xc0) == 0x80)
			continue;
		position++;
		if (!reverse && position < start)
			continue;
		if (reverse && n > 2 && position > start)
			break;
		if (!matches_at(s, len, i, what, m, mode != 0))
			continue;
		found = position;
		if (!reverse)
			break;
	}
	return term_number(found);
}

EAGER(f_instr)
{
	return in_str(rs, args, n, false);
}

EAGER(f_instrrev)
{
	return in_str(rs, args, n, true);
}

/* words: first letter of each space-separated word up, the rest down */
static struct term map_case(struct run_state *rs, const struct term *t, bool upper, bool words)
{
	_cleanup_buf_ struct buf b = {0};
	bool first = true;
	size_t len;
	const char *s = text_arg(rs, t, &len), *p = s;

	if (!utf8_valid(s, len))
		return *t;
	while (p < s + len) {
		uint32_t c = utf8_next(&p);

		utf8_add(&b, (words ? first : upper) ? char_upper(c) : char_lower(c));
		first = c == ' ';
	}
	return term_own(rs, buf_str(&b), b.len);
}

EAGER(f_lcase)
{
	return map_case(rs, &args[0], false, false);
}

EAGER(f_ucase)
{
	return map_case(rs, &args[0], true, false);
}

EAGER(f_pcase)
{
	return map_case(rs, &args[0], false, true);
}

static struct term pad(struct run_state *rs, const struct term *args, bool left)
{
	_cleanup_buf_ struct buf b = {0};
	size_t len, m;
	const char *s = text_arg(rs, &args[0], &len), *fill = text_arg(rs, &args[2], &m);
	int64_t width, have;

	if (!term_to_number(&args[1], &width) || width > PAD_MAX)
		return term_error(rs, "Pad: the length is no number up to %d", PAD_MAX);
	if (utf8_len(fill, m) != 1)
		return term_error(rs, "Pad: the last argument must be one character");
	have = (int64_t)utf8_len(s, len);
	if (!left)
		buf_add(&b, s, len);
	for (; have < width; have++)
		buf_add(&b, fill, m);
	if (left)
		buf_add(&b, s, len);
	return term_own(rs, buf_str(&b), b.len);
}

EAGER(f_padleft)
{
	return pad(rs, args, true);
}

EAGER(f_padright)
{
	return pad(rs, args, false);
}

/* \n \r \t in the arguments of Replace */
static void unescape(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (c == '\\' && i + 1 < n && strchr("nrt", s[i + 1])) {
			c = s[i + 1] == 'n' ? '\n' : s[i + 1] == 'r' ? '\r' : '\t';
			i++;
		}
		buf_addc(b, c);
	}
}

EAGER(f_replace)
{
	_cleanup_buf_ struct buf b = {0}, old = {0}, new = {0};
	size_t len, m;
	const char *s = text_arg(rs, &args[0], &len), *p;

	p = text_arg(rs, &args[1], &m);
	unescape(&old, p, m);
	p = text_arg(rs, &args[2], &m);
	unescape(&new, p, m);
	for (size_t i = 0; i < len;) {
		if (old.len && matches_at(s, len, i, old.data, old.len, false)) {
			buf_add(&b, buf_str(&new), new.len);
			i += old.len;
		} else {
			buf_addc(&b, s[i++]);
		}
		if (b.len > EXPR_TEXT_MAX)
			break;
	}
	return term_own(rs, buf_str(&b), b.len);
}

/* Looks "a:b" up in a pattern "a:b,c:,d:ef"; blanks around do not count. */
static bool pattern_find(const char *pattern, size_t n, const char *c, size_t c_len,
	const char **ret, size_t *ret_len)
{
	size_t i = 0;

	while (i < n) {
		size_t end = i, colon, a = i, z;

		while (end < n && pattern[end] != ',')
			end++;
		for (colon = i; colon < end && pattern[colon] != ':'; colon++)
			;
		while (a < colon && pattern[a] == ' ')
			a++;
		for (z = colon; z > a && pattern[z - 1] == ' '; z--)
			;
		if (colon < end && z - a == c_len && memcmp(pattern + a, c, c_len) == 0) {
			for (a = colon + 1; a < end && pattern[a] == ' '; a++)
				;
			for (z = end; z > a && pattern[z - 1] == ' '; z--)
				;
			*ret = pattern + a;
			*ret_len = z - a;
			return true;
		}
		i = end + 1;
	}
	return false;
}

EAGER(f_replacechars)
{
	_cleanup_buf_ struct buf b = {0};
	size_t len, m, to_len;
	const char *s = text_arg(rs, &args[0], &len), *pattern = text_arg(rs, &args[1], &m), *to;

	for (size_t i = 0; i < len;) {
		size_t c = offset_of(s + i, len - i, 1);

		if (pattern_find(pattern, m, s + i, c, &to, &to_len))
			buf_add(&b, to, to_len);
		else
			buf_add(&b, s + i, c);
		i += c;
		if (b.len > EXPR_TEXT_MAX)
			break;
	}
	return term_own(rs, buf_str(&b), b.len);
}

EAGER(f_word)
{
	size_t len, m;
	const char *s = text_arg(rs, &args[0], &len), *delimiters = text_arg(rs, &args[2], &m);
	int64_t want, word = 0;

	if (!term_to_number(&args[1], &want))
		return term_error(rs, "Word: the number is none");
	for (size_t i = 0; i < len;) {
		size_t start;

		while (i < len && memchr(delimiters, s[i], m))
			i++;
		start = i;
		while (i < len && !memchr(delimiters, s[i], m))
			i++;
		if (i > start && ++word == want)
			return term_own(rs, s + start, i - start);
	}
	return term_text("");
}
