/* See encode.h. The choice of records is that of dotnet/wcf's writer. */
#include "soap/encode.h"

#include "soap/dictionary.h"

#include "base/codec.h"
#include "base/err.h"
#include "base/text.h"

#include <ctype.h>

static void add_number(struct buf *b, uint32_t n)
{
	while (n > 0x7f) {
		buf_addc(b, (char)(n | 0x80));
		n >>= 7;
	}
	buf_addc(b, (char)n);
}

static void add_little(struct buf *b, uint64_t v, unsigned n)
{
	while (n--) {
		buf_addc(b, (char)v);
		v >>= 8;
	}
}

/* A word's id, or its length and bytes. */
static void add_name(struct buf *b, const char *name, int id)
{
	if (id >= 0) {
		add_number(b, (uint32_t)id);
		return;
	}
	add_number(b, (uint32_t)strlen(name));
	buf_adds(b, name);
}

/* base: the code without prefix; by letter: that of 'a', with a word and inline. */
static void add_head(struct buf *b, unsigned base, unsigned word_a, unsigned inline_a, char prefix,
	const char *name)
{
	int id = dictionary_id(name);
	unsigned code = id >= 0 ? base + 2 : base;

	if (prefix)
		code = (id >= 0 ? word_a : inline_a) + (unsigned)(prefix - 'a');
	buf_addc(b, (char)code);
	add_name(b, name, id);
}

void encode_start(struct buf *b, char prefix, const char *name)
{
	add_head(b, 0x40, 0x44, 0x5e, prefix, name);
}

void encode_xmlns(struct buf *b, char prefix, const char *ns)
{
	int id = dictionary_id(ns);

	buf_addc(b, (char)((id >= 0 ? 0x0a : 0x08) + (prefix != 0)));
	if (prefix) {
		buf_addc(b, 1);
		buf_addc(b, prefix);
	}
	add_name(b, ns, id);
}

void encode_end(struct buf *b)
{
	buf_addc(b, 0x01);
}

/* The code for a length in 1, 2 or 4 bytes, and the length. */
static void add_sized(struct buf *b, unsigned code, size_t n)
{
	unsigned size = n <= 0xff ? 1 : n <= 0xffff ? 2 : 4;

	buf_addc(b, (char)(code + (size == 1 ? 0 : size == 2 ? 2 : 4)));
	add_little(b, n, size);
}

static size_t utf16_units(const char *s, size_t n)
{
	size_t units = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		units += (c & 0xc0) != 0x80;
		units += c >= 0xf0;
	}
	return units;
}

static void add_utf16(struct buf *b, const char *s, size_t n)
{
	for (const char *p = s; p < s + n;) {
		uint32_t c = utf8_next(&p);

		if (c >= 0x10000) {
			add_little(b, 0xd800 + ((c - 0x10000) >> 10), 2);
			c = 0xdc00 + (c & 0x3ff);
		}
		add_little(b, c, 2);
	}
}

/* UTF-8 unless UTF-16 is shorter. ends: 1 for the record that ends the element, too. */
static void add_text(struct buf *b, const char *s, size_t n, unsigned ends)
{
	size_t units = utf16_units(s, n);

	if (!n) {
		buf_addc(b, (char)(0xa8 + ends));
	} else if (n / 2 > units) {
		add_sized(b, 0xb6 + ends, units * 2);
		add_utf16(b, s, n);
	} else {
		add_sized(b, 0x98 + ends, n);
		buf_add(b, s, n);
	}
}

static void add_attribute_head(struct buf *b, char prefix, const char *name)
{
	add_head(b, 0x04, 0x0c, 0x26, prefix, name);
}

void encode_attribute(struct buf *b, char prefix, const char *name, const char *value)
{
	add_attribute_head(b, prefix, name);
	if (streq(value, "0") || streq(value, "1"))
		buf_addc(b, (char)(*value == '0' ? 0x80 : 0x82));
	else if (streq(value, "true") || streq(value, "false"))
		buf_addc(b, (char)(*value == 't' ? 0x86 : 0x84));
	else
		add_text(b, value, strlen(value), 0);
}

void encode_attribute_xml(struct buf *b, const char *name, const char *value)
{
	buf_addc(b, 0x05);
	add_name(b, "xml", -1);
	add_name(b, name, -1);
	add_text(b, value, strlen(value), 0);
}

void encode_attribute_qname(struct buf *b, char prefix, const char *name, const char *value)
{
	int id =
		islower((unsigned char)value[0]) && value[1] == ':' ? dictionary_id(value + 2) : -1;

	if (id < 0) {
		encode_attribute(b, prefix, name, value);
		return;
	}
	add_attribute_head(b, prefix, name);
	buf_addc(b, (char)0xbc);
	buf_addc(b, (char)(value[0] - 'a'));
	add_number(b, (uint32_t)id);
}

void encode_text_end(struct buf *b, const char *s, size_t n)
{
	add_text(b, s, n, 1);
}

void encode_bool_end(struct buf *b, bool v)
{
	buf_addc(b, (char)(v ? 0x87 : 0x85));
}

void encode_long_end(struct buf *b, int64_t v)
{
	if (v == 0 || v == 1) {
		buf_addc(b, (char)(v ? 0x83 : 0x81));
		return;
	}
	for (unsigned i = 0; i < 4; i++) {
		unsigned bytes = 1u << i;

		if (bytes < 8 && (v < -((int64_t)1 << (8 * bytes - 1)) ||
					 v >= (int64_t)1 << (8 * bytes - 1)))
			continue;
		buf_addc(b, (char)(0x89 + 2 * i));
		add_little(b, (uint64_t)v, bytes);
		return;
	}
}

void encode_bytes_end(struct buf *b, const void *p, size_t n)
{
	add_sized(b, 0x9f, n);
	buf_add(b, p, n);
}

/* The first three groups of a GUID stand little-endian. */
void encode_unique_id_end(struct buf *b, const char *s)
{
	static const unsigned char at[] = {
		6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34};
	static const char scheme[] = "urn:uuid:";
	unsigned char bytes[16];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		if (strlen(s) != strlen(scheme) + 36 || !str_starts(s, scheme) ||
			hex_decode(bytes + i, s + strlen(scheme) + at[i], 2) != 1) {
			encode_text_end(b, s, strlen(s));
			return;
		}
	buf_addc(b, (char)0xad);
	buf_add(b, bytes, sizeof(bytes));
}

void encode_span_end(struct buf *b, int64_t seconds)
{
	buf_addc(b, (char)0xaf);
	add_little(b, (uint64_t)seconds * 10000000, 8);
}

void encode_leaf(struct buf *b, char prefix, const char *name, const char *text)
{
	encode_start(b, prefix, name);
	encode_text_end(b, text, strlen(text));
}

void encode_nil(struct buf *b, char prefix, const char *name)
{
	encode_start(b, prefix, name);
	encode_attribute(b, 'i', "nil", "true");
	encode_end(b);
}
