/* DNs: one key for all spellings of one name, and their parts. */
#include "model/dn.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/text.h"

/* The first unescaped character of `stops` in the text, or its end. */
static const char *dn_span(const char *p, const char *stops)
{
	for (; *p && !strchr(stops, *p); p++)
		if (*p == '\\' && p[1])
			p++;
	return p;
}

/* Attribute types that RFC 4514, 3, gives a short name, under the others that they have. */
static const char *const type_names[][2] = {
	{"2.5.4.3", "cn"},
	{"commonname", "cn"},
	{"2.5.4.7", "l"},
	{"localityname", "l"},
	{"2.5.4.8", "st"},
	{"stateorprovincename", "st"},
	{"2.5.4.10", "o"},
	{"organizationname", "o"},
	{"2.5.4.11", "ou"},
	{"organizationalunitname", "ou"},
	{"2.5.4.6", "c"},
	{"countryname", "c"},
	{"2.5.4.9", "street"},
	{"streetaddress", "street"},
	{"0.9.2342.19200300.100.1.25", "dc"},
	{"domaincomponent", "dc"},
	{"0.9.2342.19200300.100.1.1", "uid"},
	{"userid", "uid"},
};

/*
 * "#" and the BER of a value (RFC 4514, 2.4), n bytes in place of the digits. The text of a string
 * type is what its text form says. False: it is no string.
 */
static bool ber_string(const unsigned char *ber, size_t n, size_t *ret_at)
{
	/* OCTET STRING, UTF8String, NumericString, PrintableString, IA5String */
	static const unsigned char tags[] = {0x04, 0x0c, 0x12, 0x13, 0x16};
	size_t at = 2, len = n > 1 ? ber[1] : 0;

	if (n < 2 || !memchr(tags, ber[0], sizeof(tags)))
		return false;
	if (len & 0x80) {
		size_t more = len & 0x7f;

		if (!more || more > 4 || n < 2 + more)
			return false;
		for (len = 0; more; more--)
			len = len << 8 | ber[at++];
	}
	*ret_at = at;
	return n - at == len;
}

/* "#" and pairs of digits up to the end of a value. */
static bool is_hex_string(const char *p, const char *end)
{
	while (end > p && end[-1] == ' ')
		end--;
	if (*p != '#' || end - p < 3 || (end - p) % 2 == 0)
		return false;
	for (p++; p < end; p++)
		if (hex_digit(*p) < 0)
			return false;
	return true;
}

/* The bytes behind "#", as they are or as the text that they stand for. True: still bytes. */
static bool hex_value(const char *p, const char *end, struct buf *b)
{
	size_t start = b->len, at;

	for (p++; p + 1 < end && *p != ' '; p += 2)
		buf_addc(b, (char)(hex_digit(p[0]) << 4 | hex_digit(p[1])));
	if (!ber_string((const unsigned char *)b->data + start, b->len - start, &at))
		return true;
	memmove(b->data + start, b->data + start + at, b->len - start - at);
	b->len -= at;
	b->data[b->len] = '\0';
	return false;
}

/* A value without its escapes, and without the blanks around it that have none. */
static bool ava_value(const char *p, const char *end, struct buf *b)
{
	size_t keep;

	while (p < end && *p == ' ')
		p++;
	if (is_hex_string(p, end))
		return hex_value(p, end, b);
	keep = b->len;
	for (; p < end; p++) {
		bool escaped = *p == '\\' && p + 1 < end;
		int hi = escaped && p + 2 < end ? hex_digit(p[1]) : -1;
		int lo = hi >= 0 ? hex_digit(p[2]) : -1;

		p += lo >= 0 ? 2 : escaped;
		buf_addc(b, (char)(lo >= 0 ? hi << 4 | lo : *p));
		if (escaped || *p != ' ')
			keep = b->len;
	}
	b->len = keep;
	if (b->data)
		b->data[keep] = '\0';
	return false;
}

static void key_add_value(struct buf *key, const struct buf *value, bool bytes)
{
	const char *p = buf_str(value), *end = p + value->len;
	bool valid = !bytes && utf8_valid(p, value->len);

	if (bytes)
		buf_addc(key, '#');
	for (const char *start = p; p < end;) {
		unsigned char c = (unsigned char)*p;

		if (c >= 0x80 && valid) {
			utf8_add(key, char_lower(utf8_next(&p)));
			continue;
		}
		if (bytes || c < 0x20 || c >= 0x80 || strchr(",+=\\", c) ||
			(c == '#' && p == start))
			buf_addf(key, bytes ? "%02x" : "\\%02x", c);
		else
			buf_addc(key, (char)char_lower(c));
		p++;
	}
}

/* Type and value from p to end. What has no "=" is a value. `value` is room to work in. */
static void key_add_ava(struct buf *key, struct buf *value, const char *p, const char *end)
{
	const char *eq = dn_span(p, "=+,");
	size_t start = key->len;
	bool bytes;

	buf_clear(value);
	if (eq < end) {
		ava_value(p, eq, value);
		key_add_value(key, value, false);
		for (unsigned i = 0; i < ARRAY_SIZE(type_names); i++)
			if (streq(buf_str(key) + start, type_names[i][0])) {
				key->len = start;
				buf_adds(key, type_names[i][1]);
			}
		buf_addc(key, '=');
		buf_clear(value);
		p = eq + 1;
	}
	bytes = ava_value(p, end, value);
	key_add_value(key, value, bytes);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* An RDN of several values: they have no order. */
static void key_add_rdn(
	struct arena *a, struct buf *key, struct buf *value, const char *p, const char *end)
{
	unsigned n = 0, max = 1;
	char **avas;

	for (const char *plus = dn_span(p, "+"); plus < end; plus = dn_span(plus + 1, "+"))
		max++;
	if (max == 1) {
		key_add_ava(key, value, p, end);
		return;
	}
	avas = arena_alloc(a, max * sizeof(*avas));
	while (n < max) {
		_cleanup_buf_ struct buf one = {0};
		const char *stop = dn_span(p, "+,");

		key_add_ava(&one, value, p, stop);
		avas[n++] = arena_dup(a, buf_str(&one), one.len);
		p = stop + 1;
	}
	qsort(avas, n, sizeof(*avas), by_text);
	for (unsigned i = 0; i < n; i++) {
		if (i)
			buf_addc(key, '+');
		buf_adds(key, avas[i]);
	}
}

static void ascii_lower(char *c)
{
	if (*c >= 'A' && *c <= 'Z')
		*c += 'a' - 'A';
}

static bool is_plain_type(const char *p)
{
	return ((p[0] == 'c' && p[1] == 'n') || (p[0] == 'o' && p[1] == 'u') ||
		       (p[0] == 'd' && p[1] == 'c')) &&
	       p[2] == '=';
}

/*
 * Nearly all DNs of a directory: CN, OU and DC with values of ASCII that has no escape and needs
 * none. The key is the text in lower case. NULL: it is another one. A cycle makes many.
 */
static char *plain_key(struct arena *a, const char *dn)
{
	char *key = arena_dup(a, dn, strlen(dn)), *p = key;

	for (;; p++) {
		char *value;

		for (int i = 0; i < 2 && p[i]; i++)
			ascii_lower(&p[i]);
		if (!is_plain_type(p))
			return NULL;
		value = p += 3;
		for (; *p && *p != ','; p++) {
			if (*p < ' ' || *p > '~' || *p == '\\' || *p == '+' || *p == '=')
				return NULL;
			ascii_lower(p);
		}
		if (p == value || *value == ' ' || *value == '#' || p[-1] == ' ')
			return NULL;
		if (!*p)
			return key;
	}
}

char *dn_key(struct arena *a, const char *dn)
{
	char *plain = plain_key(a, dn);
	_cleanup_buf_ struct buf key = {0}, value = {0};

	while (!plain) {
		const char *end = dn_span(dn, ",");

		key_add_rdn(a, &key, &value, dn, end);
		if (!*end)
			break;
		buf_addc(&key, ',');
		dn = end + 1;
	}
	return plain ? plain : arena_dup(a, buf_str(&key), key.len);
}

char *dn_key_part(struct arena *a, const char *text)
{
	_cleanup_buf_ struct buf b = {0};
	char *folded = text_fold(a, text, strlen(text), NULL);

	for (const char *p = folded; *p;) {
		_cleanup_buf_ struct buf run = {0};

		for (; *p == '\\' && p[1]; p++) {
			int hi = hex_digit(p[1]), lo = hi >= 0 ? hex_digit(p[2]) : -1;

			p += lo >= 0 ? 2 : 1;
			buf_addc(&run, (char)(lo >= 0 ? hi << 4 | lo : *p));
		}
		key_add_value(&b, &run, false);
		if (*p)
			buf_addc(&b, *p++);
	}
	return arena_dup(a, buf_str(&b), b.len);
}

const char *dn_parent(const char *dn)
{
	const char *end = dn_span(dn, ",");

	return end + (*end == ',');
}

bool rdn_value(struct buf *b, const char *dn)
{
	const char *eq = dn_span(dn, "=+,");

	if (*eq != '=')
		return false;
	ava_value(eq + 1, dn_span(eq + 1, "+,"), b);
	return true;
}

bool dn_key_below(const char *key, const char *base)
{
	size_t n = strlen(key), m = strlen(base);

	return n >= m && streq(key + n - m, base) && (n == m || m == 0 || key[n - m - 1] == ',');
}
