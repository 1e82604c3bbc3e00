/* Text records: [MC-NBFX] 2.2.3, in the lexical forms of XML Schema. */
#include "soap/decode_text.h"

#include "soap/dictionary.h"

#include "base/codec.h"
#include "base/text.h"
#include "base/timefmt.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

void octets_fail(struct octets *o, const char *wrong)
{
	if (o->wrong)
		return;
	o->wrong = wrong;
	o->wrong_at = (size_t)(o->p - o->begin);
}

struct octets octets_part(struct octets *o, size_t n)
{
	struct octets part = {0};

	if (!o->wrong && (size_t)(o->end - o->p) < n)
		octets_fail(o, "the end in the middle of a record");
	if (o->wrong)
		return part;
	part = (struct octets){o->p, o->p, o->p + n, NULL, 0};
	o->p += n;
	return part;
}

unsigned octets_byte(struct octets *o)
{
	struct octets one = octets_part(o, 1);

	return one.p ? *one.p : 0;
}

uint32_t octets_number(struct octets *o)
{
	uint64_t n = 0;
	unsigned byte, shift = 0;

	do {
		byte = octets_byte(o);
		n |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && shift < 35);
	if (byte & 0x80 || n > INT32_MAX)
		octets_fail(o, "a number of more than 31 bits");
	return o->wrong ? 0 : (uint32_t)n;
}

struct octets octets_sized(struct octets *o)
{
	return octets_part(o, octets_number(o));
}

const char *octets_word(struct octets *o)
{
	uint32_t id = octets_number(o);
	const char *word = o->wrong ? NULL : dictionary_word(id);

	if (!word)
		octets_fail(o, "a word that the dictionary does not have");
	return word;
}

/* XML 1.0, production 2. */
static bool xml_holds(const char *s, size_t n)
{
	const char *p = s, *last = s + n;

	if (!utf8_valid(s, n))
		return false;
	while (p < last) {
		uint32_t c = utf8_next(&p);

		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0xfffe || c == 0xffff)
			return false;
	}
	return true;
}

const char *octets_text(struct octets *o, const struct octets *part, struct arena *a)
{
	size_t n = (size_t)(part->end - part->p);

	if (o->wrong)
		return NULL;
	if (!xml_holds((const char *)part->p, n)) {
		octets_fail(o, "text that XML cannot hold");
		return NULL;
	}
	return arena_dup(a, part->p, n);
}

/* --- numbers --- */

static uint64_t little(const unsigned char *p, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static void add_signed(struct octets *o, unsigned n, struct buf *b)
{
	struct octets part = octets_part(o, n);
	int64_t v;

	if (!part.p)
		return;
	v = (int64_t)little(part.p, n);
	if (n < 8 && part.p[n - 1] & 0x80)
		v -= (int64_t)1 << 8 * n;
	buf_addf(b, "%" PRId64, v);
}

static void add_unsigned(struct octets *o, unsigned n, struct buf *b)
{
	struct octets part = octets_part(o, n);

	if (part.p)
		buf_addf(b, "%" PRIu64, little(part.p, n));
}

static void add_bool(struct octets *o, unsigned n, struct buf *b)
{
	unsigned v = octets_byte(o);

	if (v > 1)
		octets_fail(o, "a truth value that is neither 0 nor 1");
	buf_adds(b, v ? "true" : "false");
}

/* As few digits as name the number again. */
static void add_real(double v, bool single, struct buf *b)
{
	char text[48];
	int digits = 0;

	if (isnan(v) || isinf(v)) {
		buf_adds(b, isnan(v) ? "NaN" : v > 0 ? "INF" : "-INF");
		return;
	}
	do
		snprintf(text, sizeof(text), "%.*G", ++digits, v);
	while (digits < 17 && (single ? (double)strtof(text, NULL) : strtod(text, NULL)) != v);
	buf_adds(b, text);
}

static void add_float(struct octets *o, unsigned n, struct buf *b)
{
	struct octets part = octets_part(o, n);
	float v;

	if (!part.p)
		return;
	memcpy(&v, part.p, sizeof(v));
	add_real((double)v, true, b);
}

static void add_double(struct octets *o, unsigned n, struct buf *b)
{
	struct octets part = octets_part(o, n);
	double v;

	if (!part.p)
		return;
	memcpy(&v, part.p, sizeof(v));
	add_real(v, false, b);
}

/* 0, 0, scale, sign, 32 upper bits, 64 lower bits. */
static void add_decimal(struct octets *o, unsigned n, struct buf *b)
{
	struct octets part = octets_part(o, n);
	char digits[48];
	unsigned __int128 v;
	unsigned count = 0, scale;

	if (!part.p)
		return;
	scale = part.p[2];
	if (part.p[0] || part.p[1] || scale > 28 || part.p[3] & 0x7f) {
		octets_fail(o, "a decimal that is none");
		return;
	}
	v = (unsigned __int128)little(part.p + 4, 4) << 64 | little(part.p + 8, 8);
	do {
		digits[count++] = (char)('0' + (unsigned)(v % 10));
		v /= 10;
	} while (v || count <= scale);
	if (part.p[3])
		buf_addc(b, '-');
	while (count) {
		buf_addc(b, digits[--count]);
		if (count == scale && count)
			buf_addc(b, '.');
	}
}

/* --- times --- */

static void add_fraction(unsigned ticks, struct buf *b)
{
	char text[12];
	int n;

	if (!ticks)
		return;
	n = snprintf(text, sizeof(text), ".%07u", ticks);
	while (text[n - 1] == '0')
		n--;
	buf_add(b, text, (size_t)n);
}

/* 100 ns since 0001-01-01 in 62 bits; above them: 1 is UTC, 2 local, whose zone is not told. */
static void add_time(struct octets *o, unsigned n, struct buf *b)
{
	struct octets part = octets_part(o, n);
	uint64_t v, ticks;
	char text[TIME_TEXT_SIZE];

	if (!part.p)
		return;
	v = little(part.p, 8);
	ticks = v & 0x3fffffffffffffff;
	if (v >> 62 == 3 || ticks >= 3155378976000000000) {
		octets_fail(o, "a time that is none");
		return;
	}
	/* "2026-11-21T08:30:00Z", without its Z */
	time_format((int64_t)(ticks / 10000000) - 62135596800, text);
	buf_add(b, text, strlen(text) - 1);
	add_fraction((unsigned)(ticks % 10000000), b);
	if (v >> 62 == 1)
		buf_addc(b, 'Z');
}

static void add_span(struct octets *o, unsigned n, struct buf *b)
{
	struct octets part = octets_part(o, n);
	uint64_t ticks, s;
	bool negative;

	if (!part.p)
		return;
	ticks = little(part.p, 8);
	negative = ticks >> 63;
	ticks = negative ? 0 - ticks : ticks;
	s = ticks / 10000000;
	ticks %= 10000000;
	buf_adds(b, negative ? "-P" : "P");
	if (s >= 86400)
		buf_addf(b, "%" PRIu64 "D", s / 86400);
	s %= 86400;
	if (s || ticks || buf_str(b)[b->len - 1] == 'P')
		buf_addc(b, 'T');
	if (s >= 3600)
		buf_addf(b, "%" PRIu64 "H", s / 3600);
	if (s / 60 % 60)
		buf_addf(b, "%" PRIu64 "M", s / 60 % 60);
	if (s % 60 || ticks || buf_str(b)[b->len - 1] == 'T') {
		buf_addf(b, "%" PRIu64, s % 60);
		add_fraction((unsigned)ticks, b);
		buf_addc(b, 'S');
	}
}

/* --- bytes and characters --- */

static void add_guid(struct octets *o, unsigned n, struct buf *b)
{
	struct octets part = octets_part(o, n);
	const unsigned char *p = part.p;

	if (!p)
		return;
	buf_addf(b, "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%02x%02x-", little(p, 4),
		little(p + 4, 2), little(p + 6, 2), p[8], p[9]);
	for (unsigned i = 10; i < 16; i++)
		buf_addf(b, "%02x", p[i]);
}

static void add_urn(struct octets *o, unsigned n, struct buf *b)
{
	buf_adds(b, "urn:uuid:");
	add_guid(o, n, b);
}

static struct octets take_block(struct octets *o, unsigned length_bytes)
{
	struct octets length = octets_part(o, length_bytes);
	uint64_t n = length.p ? little(length.p, length_bytes) : 0;

	if (n > INT32_MAX)
		octets_fail(o, "a negative length");
	return octets_part(o, n);
}

static void add_chars(struct octets *o, unsigned length_bytes, struct buf *b)
{
	struct octets part = take_block(o, length_bytes);

	if (!part.p)
		return;
	if (xml_holds((const char *)part.p, (size_t)(part.end - part.p)))
		buf_add(b, part.p, (size_t)(part.end - part.p));
	else
		octets_fail(o, "text that XML cannot hold");
}

static void add_bytes(struct octets *o, unsigned length_bytes, struct buf *b)
{
	struct octets part = take_block(o, length_bytes);
	size_t n = (size_t)(part.end - part.p);

	if (!part.p || !n)
		return;
	buf_reserve(b, base64_len(n) + 1);
	base64_encode(b->data + b->len, part.p, n);
	b->len += base64_len(n);
}

/* One of the lower halves itself where they are not two halves. */
static uint32_t both_halves(uint32_t high, uint32_t low)
{
	if (low >> 10 != 0xdc00 >> 10)
		return 0xdc00;
	return 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
}

static void add_utf16(struct octets *o, unsigned length_bytes, struct buf *b)
{
	struct octets part = take_block(o, length_bytes);
	size_t begin = b->len;

	while (part.p && part.p < part.end) {
		struct octets unit = octets_part(&part, 2), low;
		uint32_t c = unit.p ? (uint32_t)little(unit.p, 2) : 0xdc00;

		if (c >> 10 == 0xd800 >> 10) {
			low = octets_part(&part, 2);
			c = low.p ? both_halves(c, (uint32_t)little(low.p, 2)) : 0xdc00;
		}
		if (c >> 10 == 0xdc00 >> 10) {
			octets_fail(o, "half a character");
			return;
		}
		utf8_add(b, c);
	}
	if (part.p && b->len > begin && !xml_holds(b->data + begin, b->len - begin))
		octets_fail(o, "text that XML cannot hold");
}

/* A letter and a word: "d:string"; the id is a MultiByteInt31 since version 8.0 of the document. */
static void add_qname(struct octets *o, unsigned n, struct buf *b)
{
	unsigned letter = octets_byte(o);
	const char *word = octets_word(o);

	if (letter > 25)
		octets_fail(o, "a prefix that is no letter");
	else if (word)
		buf_addf(b, "%c:%s", 'a' + (int)letter, word);
}

static void add_word(struct octets *o, unsigned n, struct buf *b)
{
	const char *word = octets_word(o);

	buf_adds(b, word ? word : "");
}

static void add_constant(struct octets *o, unsigned which, struct buf *b)
{
	static const char *const words[] = {"0", "1", "false", "true", ""};

	buf_adds(b, words[which]);
}

/* --- the table --- */

static const struct {
	unsigned char code;
	void (*add)(struct octets *o, unsigned of, struct buf *b);
	unsigned char of;    /* bytes of the value or of its length, or which constant */
	unsigned char array; /* bytes of a value in an array; 0: there are no arrays of it */
} records[] = {
	{0x80, add_constant, 0, 0},
	{0x82, add_constant, 1, 0},
	{0x84, add_constant, 2, 0},
	{0x86, add_constant, 3, 0},
	{0x88, add_signed, 1, 0},
	{0x8a, add_signed, 2, 2},
	{0x8c, add_signed, 4, 4},
	{0x8e, add_signed, 8, 8},
	{0x90, add_float, 4, 4},
	{0x92, add_double, 8, 8},
	{0x94, add_decimal, 16, 16},
	{0x96, add_time, 8, 8},
	{0x98, add_chars, 1, 0},
	{0x9a, add_chars, 2, 0},
	{0x9c, add_chars, 4, 0},
	{0x9e, add_bytes, 1, 0},
	{0xa0, add_bytes, 2, 0},
	{0xa2, add_bytes, 4, 0},
	{0xa8, add_constant, 4, 0},
	{0xaa, add_word, 0, 0},
	{0xac, add_urn, 16, 0},
	{0xae, add_span, 8, 8},
	{0xb0, add_guid, 16, 16},
	{0xb2, add_unsigned, 8, 0},
	{0xb4, add_bool, 1, 1},
	{0xb6, add_utf16, 1, 0},
	{0xb8, add_utf16, 2, 0},
	{0xba, add_utf16, 4, 0},
	{0xbc, add_qname, 0, 0},
};

void text_of(struct octets *o, unsigned code, struct buf *b)
{
	for (unsigned i = 0; i < ARRAY_SIZE(records); i++)
		if (records[i].code == code) {
			records[i].add(o, records[i].of, b);
			return;
		}
	octets_fail(o, "a text record that there is not, or not here");
}

size_t text_array_size(unsigned code)
{
	for (unsigned i = 0; i < ARRAY_SIZE(records); i++)
		if (records[i].code == code)
			return records[i].array;
	return 0;
}
