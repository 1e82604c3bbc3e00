/*
 * The values of text records as text: [MC-NBFX] 2.2.3, and the lexical forms of XML Schema. A new
 * record is a row of values[].
 */
#include "net/nbfx_priv.h"
#include "base/codec.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "net/nbfs.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define TICKS_A_SECOND 10000000
#define TICKS_MAX 3155378975999999999 /* 9999-12-31T23:59:59.9999999 */
#define DAYS_TO_1970 719162           /* from 0001-01-01 */

int nbfx_bad(const struct nbfx_cursor *c, struct err *e, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(
		e, -EBADMSG, NULL, 0, "binary XML, byte %zu: %s", (size_t)(c->p - c->begin), text);
}

const unsigned char *nbfx_take(struct nbfx_cursor *c, size_t n, struct err *e)
{
	const unsigned char *p = c->p;

	if ((size_t)(c->end - c->p) < n) {
		(void)nbfx_bad(c, e, "the message ends in the middle of a record");
		return NULL;
	}
	c->p += n;
	return p;
}

int nbfx_take_number(struct nbfx_cursor *c, uint32_t *ret, struct err *e)
{
	uint32_t v = 0;

	for (unsigned shift = 0; shift < 35; shift += 7) {
		const unsigned char *p = nbfx_take(c, 1, e);

		if (!p)
			return -EBADMSG;
		if (shift == 28 && *p > 0x07)
			break;
		v |= (uint32_t)(*p & 0x7f) << shift;
		if (!(*p & 0x80)) {
			*ret = v;
			return 0;
		}
	}
	return nbfx_bad(c, e, "a number is over 31 bits");
}

int nbfx_take_dictionary(struct nbfx_cursor *c, struct nbfx_text *ret, struct err *e)
{
	uint32_t id;
	const char *s;

	TRY(nbfx_take_number(c, &id, e));
	s = nbfs_string(id);
	if (!s)
		return nbfx_bad(c, e, "the dictionary has no string %" PRIX32, id);
	*ret = (struct nbfx_text){s, strlen(s)};
	return 0;
}

/* XML 1.0, production 2: no control characters, no surrogates, neither U+FFFE nor U+FFFF. */
int nbfx_check_text(const struct nbfx_cursor *c, struct nbfx_text t, struct err *e)
{
	bool ascii = true;

	for (size_t i = 0; i < t.n; i++) {
		unsigned char x = (unsigned char)t.s[i];

		if (x < 0x20 && x != '\t' && x != '\n' && x != '\r')
			return nbfx_bad(c, e, "a character that XML forbids: %02X", x);
		ascii = ascii && x < 0x80;
	}
	if (ascii)
		return 0;
	if (!utf8_valid(t.s, t.n))
		return nbfx_bad(c, e, "text that is not UTF-8");
	if (memmem(t.s, t.n, "\xef\xbf\xbe", 3) || memmem(t.s, t.n, "\xef\xbf\xbf", 3))
		return nbfx_bad(c, e, "a character that XML forbids: U+FFFE or U+FFFF");
	return 0;
}

int nbfx_take_string(struct nbfx_cursor *c, struct nbfx_text *ret, struct err *e)
{
	const unsigned char *p;
	uint32_t n;

	TRY(nbfx_take_number(c, &n, e));
	p = nbfx_take(c, n, e);
	if (!p)
		return -EBADMSG;
	*ret = (struct nbfx_text){(const char *)p, n};
	return nbfx_check_text(c, *ret, e);
}

/* --- little-endian numbers --- */

static uint64_t unsigned_of(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

static int64_t signed_of(const unsigned char *p, size_t n)
{
	unsigned shift = (unsigned)(8 * (8 - n));

	return (int64_t)(unsigned_of(p, n) << shift) >> shift;
}

static int put_signed(const unsigned char *p, size_t n, struct buf *b)
{
	buf_addf(b, "%" PRId64, signed_of(p, n));
	return 0;
}

static int put_unsigned(const unsigned char *p, size_t n, struct buf *b)
{
	buf_addf(b, "%" PRIu64, unsigned_of(p, n));
	return 0;
}

static int put_bool(const unsigned char *p, size_t n, struct buf *b)
{
	if (*p > 1)
		return -EBADMSG;
	buf_adds(b, *p ? "true" : "false");
	return 0;
}

/* The shortest text that is read back as the same number. */
static void put_real(double v, int digits, bool single, struct buf *b)
{
	char text[40];

	for (int precision = 1; precision <= digits; precision++) {
		snprintf(text, sizeof(text), "%.*G", precision, v);
		if (single ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v)
			break;
	}
	buf_adds(b, isnan(v) ? "NaN" : isinf(v) ? (v < 0 ? "-INF" : "INF") : text);
}

static int put_float(const unsigned char *p, size_t n, struct buf *b)
{
	float v;

	memcpy(&v, p, sizeof(v));
	put_real((double)v, FLT_DECIMAL_DIG, true, b);
	return 0;
}

static int put_double(const unsigned char *p, size_t n, struct buf *b)
{
	double v;

	memcpy(&v, p, sizeof(v));
	put_real(v, DBL_DECIMAL_DIG, false, b);
	return 0;
}

/* Two bytes 0, scale, sign, then 96 bits: the upper 32 and the lower 64 ([MC-NBFX] 2.2.3.14). */
static int put_decimal(const unsigned char *p, size_t n, struct buf *b)
{
	unsigned __int128 v =
		(unsigned __int128)unsigned_of(p + 4, 4) << 64 | unsigned_of(p + 8, 8);
	unsigned scale = p[2];
	char text[64], *s = text + sizeof(text);

	if (p[0] || p[1] || scale > 28 || (p[3] && p[3] != 0x80))
		return -EBADMSG;
	for (unsigned i = 0; i < scale || v || i <= scale; i++) {
		if (scale && i == scale)
			*--s = '.';
		*--s = (char)('0' + (int)(v % 10));
		v /= 10;
	}
	if (p[3])
		*--s = '-';
	buf_add(b, s, (size_t)(text + sizeof(text) - s));
	return 0;
}

/* ".1234567" without zeros at its end; nothing for 0. */
static void put_fraction(uint32_t ticks, struct buf *b)
{
	char text[12];
	size_t n = (size_t)snprintf(text, sizeof(text), ".%07" PRIu32, ticks);

	while (text[n - 1] == '0')
		n--;
	if (ticks)
		buf_add(b, text, n);
}

/*
 * 62 bits of ticks of 100 ns since the year 1, two bits of kind: 1 is UTC. A local time (2) comes
 * without its distance to UTC and is given as one without zone.
 */
static int put_time(const unsigned char *p, size_t n, struct buf *b)
{
	uint64_t v = unsigned_of(p, 8), ticks = v & (UINT64_MAX >> 2), kind = v >> 62;
	int64_t seconds = (int64_t)(ticks / TICKS_A_SECOND), day = seconds / 86400;
	int y, m, d, s = (int)(seconds % 86400);

	if (ticks > TICKS_MAX || kind > 2)
		return -EBADMSG;
	civil_from_days(day - DAYS_TO_1970, &y, &m, &d);
	buf_addf(b, "%04d-%02d-%02dT%02d:%02d:%02d", y, m, d, s / 3600, s / 60 % 60, s % 60);
	put_fraction((uint32_t)(ticks % TICKS_A_SECOND), b);
	if (kind == 1)
		buf_addc(b, 'Z');
	return 0;
}

/* xs:duration of signed ticks: "PT30M". */
static int put_span(const unsigned char *p, size_t n, struct buf *b)
{
	int64_t v = signed_of(p, 8);
	uint64_t ticks = v < 0 ? -(uint64_t)v : (uint64_t)v, s = ticks / TICKS_A_SECOND;
	uint32_t fraction = (uint32_t)(ticks % TICKS_A_SECOND);
	const struct {
		uint64_t n;
		char unit;
	} parts[] = {{s / 3600 % 24, 'H'}, {s / 60 % 60, 'M'}};

	buf_adds(b, v < 0 ? "-P" : "P");
	if (s / 86400)
		buf_addf(b, "%" PRIu64 "D", s / 86400);
	if (s % 86400 || fraction || !s)
		buf_addc(b, 'T');
	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].n)
			buf_addf(b, "%" PRIu64 "%c", parts[i].n, parts[i].unit);
	if (s % 60 || fraction || !s) {
		buf_addf(b, "%" PRIu64, s % 60);
		put_fraction(fraction, b);
		buf_addc(b, 'S');
	}
	return 0;
}

/* The first three groups are little-endian (.NET's System.Guid). */
static int put_guid(const unsigned char *p, size_t n, struct buf *b)
{
	static const unsigned char order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

	for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
		buf_addf(
			b, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", p[order[i]]);
	return 0;
}

static int put_urn(const unsigned char *p, size_t n, struct buf *b)
{
	buf_adds(b, "urn:uuid:");
	return put_guid(p, n, b);
}

/* --- what has a length in front --- */

static int put_base64(const unsigned char *p, size_t n, struct buf *b)
{
	buf_reserve(b, base64_len(n) + 1);
	base64_encode(b->data + b->len, p, n);
	b->len += base64_len(n);
	return 0;
}

static int put_utf16(const unsigned char *p, size_t n, struct buf *b)
{
	if (n % 2)
		return -EBADMSG;
	for (size_t i = 0; i < n; i += 2) {
		uint32_t c = (uint32_t)unsigned_of(p + i, 2);

		if (c >= 0xd800 && c < 0xdc00 && i + 3 < n) {
			uint32_t low = (uint32_t)unsigned_of(p + i + 2, 2);

			if (low < 0xdc00 || low > 0xdfff)
				return -EBADMSG;
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		} else if (c >= 0xd800 && c < 0xe000) {
			return -EBADMSG;
		}
		utf8_add(b, c);
	}
	return 0;
}

/* --- the table --- */

typedef int nbfx_put(const unsigned char *p, size_t n, struct buf *b);

static const struct {
	const char *constant; /* the record has no payload */
	size_t size;          /* bytes of the payload; or */
	size_t length;        /* bytes of the length in front of it */
	nbfx_put *put;        /* NULL: the payload is the text; -EBADMSG: it is not one */
	bool in_arrays;
} values[] = {
#define ROW(code) [(code - NBFX_FIRST_TEXT) / 2]
	ROW(0x80) = {.constant = "0"},
	ROW(0x82) = {.constant = "1"},
	ROW(0x84) = {.constant = "false"},
	ROW(0x86) = {.constant = "true"},
	ROW(0x88) = {.size = 1, .put = put_signed},
	ROW(0x8a) = {.size = 2, .put = put_signed, .in_arrays = true},
	ROW(0x8c) = {.size = 4, .put = put_signed, .in_arrays = true},
	ROW(0x8e) = {.size = 8, .put = put_signed, .in_arrays = true},
	ROW(0x90) = {.size = 4, .put = put_float, .in_arrays = true},
	ROW(0x92) = {.size = 8, .put = put_double, .in_arrays = true},
	ROW(0x94) = {.size = 16, .put = put_decimal, .in_arrays = true},
	ROW(0x96) = {.size = 8, .put = put_time, .in_arrays = true},
	ROW(0x98) = {.length = 1},
	ROW(0x9a) = {.length = 2},
	ROW(0x9c) = {.length = 4},
	ROW(0x9e) = {.length = 1, .put = put_base64},
	ROW(0xa0) = {.length = 2, .put = put_base64},
	ROW(0xa2) = {.length = 4, .put = put_base64},
	ROW(0xa8) = {.constant = ""},
	ROW(0xac) = {.size = 16, .put = put_urn},
	ROW(0xae) = {.size = 8, .put = put_span, .in_arrays = true},
	ROW(0xb0) = {.size = 16, .put = put_guid, .in_arrays = true},
	ROW(0xb2) = {.size = 8, .put = put_unsigned},
	ROW(0xb4) = {.size = 1, .put = put_bool, .in_arrays = true},
	ROW(0xb6) = {.length = 1, .put = put_utf16},
	ROW(0xb8) = {.length = 2, .put = put_utf16},
	ROW(0xba) = {.length = 4, .put = put_utf16},
#undef ROW
};

size_t nbfx_array_size(unsigned code)
{
	unsigned i = (code - NBFX_FIRST_TEXT) / 2;

	return i < ARRAY_SIZE(values) && values[i].in_arrays ? values[i].size : 0;
}

/* A letter and a name of the dictionary: "d:string" ([MC-NBFX] 2.2.3.31, as of version 8.0). */
static int take_qname(
	struct nbfx_cursor *c, struct buf *scratch, struct nbfx_text *ret, struct err *e)
{
	const unsigned char *prefix = nbfx_take(c, 1, e);
	size_t at = scratch->len;
	struct nbfx_text name;

	if (!prefix)
		return -EBADMSG;
	if (*prefix > 'z' - 'a')
		return nbfx_bad(c, e, "a prefix that is no letter: %02X", *prefix);
	TRY(nbfx_take_dictionary(c, &name, e));
	buf_addf(scratch, "%c:%s", 'a' + *prefix, name.s);
	*ret = (struct nbfx_text){scratch->data + at, scratch->len - at};
	return 0;
}

static int take_length(struct nbfx_cursor *c, size_t bytes, size_t *ret, struct err *e)
{
	const unsigned char *p = nbfx_take(c, bytes, e);

	if (!p)
		return -EBADMSG;
	*ret = (size_t)unsigned_of(p, bytes);
	return *ret > INT32_MAX ? nbfx_bad(c, e, "a length is negative") : 0;
}

int nbfx_take_value(struct nbfx_cursor *c, unsigned code, struct buf *scratch,
	struct nbfx_text *ret, struct err *e)
{
	unsigned i = (code - NBFX_FIRST_TEXT) / 2;
	size_t n, at = scratch->len;
	const unsigned char *p;

	if (code == 0xaa)
		return nbfx_take_dictionary(c, ret, e);
	if (code == 0xbc)
		return take_qname(c, scratch, ret, e);
	if (i >= ARRAY_SIZE(values))
		return nbfx_bad(c, e, "no text record has the code %02X", code);
	if (values[i].constant) {
		*ret = (struct nbfx_text){values[i].constant, strlen(values[i].constant)};
		return 0;
	}
	n = values[i].size;
	if (values[i].length)
		TRY(take_length(c, values[i].length, &n, e));
	else if (!n)
		return nbfx_bad(c, e, "the record %02X may not stand here", code);
	p = nbfx_take(c, n, e);
	if (!p)
		return -EBADMSG;
	if (!values[i].put) {
		*ret = (struct nbfx_text){(const char *)p, n};
		return nbfx_check_text(c, *ret, e);
	}
	buf_reserve(scratch, 0);
	if (values[i].put(p, n, scratch) < 0)
		return nbfx_bad(c, e, "the value of a record %02X is not one", code);
	*ret = (struct nbfx_text){scratch->data + at, scratch->len - at};
	return values[i].put == put_utf16 ? nbfx_check_text(c, *ret, e) : 0;
}

bool nbfx_holds(const char *s, size_t n)
{
	static const struct nbfx_cursor nowhere;
	struct err ignored;

	return nbfx_check_text(&nowhere, (struct nbfx_text){s, n}, &ignored) == 0;
}
