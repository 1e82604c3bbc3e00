/*
 * Functions on numbers, bytes and DNs, the conversions between types, and the tests of a value. How
 * to add a function is told in functions.h.
 */
#include "lang/expr/functions_priv.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/text.h"
#include "model/dn.h"
#include "model/dtyp.h"

#include <ctype.h>
#include <sys/random.h>

static const char *text_arg(struct run_state *rs, const struct term *t, size_t *n)
{
	return term_to_text(t, rs->ev->arena, n);
}

EAGER(f_cbool)
{
	int64_t v;

	if (args[0].type == TERM_STRING && !term_to_number(&args[0], &v))
		return term_boolean(term_is_true(&args[0]));
	return term_boolean(term_to_number(&args[0], &v) && v != 0);
}

EAGER(f_cnum)
{
	int64_t v;

	if (!term_to_number(&args[0], &v))
		return term_error(rs, "CNum: the value is no number");
	return term_number(v);
}

EAGER(f_cstr)
{
	size_t len;
	const char *s = text_arg(rs, &args[0], &len);

	return term_string(s, len);
}

EAGER(f_cref)
{
	size_t len;
	const char *s = text_arg(rs, &args[0], &len);

	return (struct term){.type = TERM_REFERENCE, .data = s, .len = len};
}

EAGER(f_cguid)
{
	size_t len;
	unsigned char *g = arena_alloc(rs->ev->arena, 16);

	if (!guid_parse(g, text_arg(rs, &args[0], &len)))
		return term_error(rs, "CGuid: the text is no GUID");
	return term_binary(g, 16);
}

/* Little-endian bytes of a number, as msExch bit fields have them. */
EAGER(f_cbin)
{
	int64_t v, len;
	unsigned char *p;

	if (!term_to_number(&args[0], &v) || !term_to_number(&args[1], &len) || len < 1 || len > 8)
		return term_error(rs, "CBin: a number and a length from 1 to 8 were expected");
	p = arena_alloc(rs->ev->arena, 8);
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)((uint64_t)v >> (8 * i));
	return term_binary(p, (size_t)len);
}

/* A string is encoded as UTF-16LE, bytes as they are. */
EAGER(f_tobase64)
{
	_cleanup_buf_ struct buf b = {0};
	const char *s = args[0].data, *p;
	size_t len = args[0].len;
	char *out;

	if (args[0].type != TERM_BINARY) {
		s = text_arg(rs, &args[0], &len);
		if (!utf8_valid(s, len))
			return term_error(rs, "ConvertToBase64: the text is not UTF-8");
		for (p = s; p < s + len;) {
			uint32_t c = utf8_next(&p);
			uint32_t hi = c, lo = 0;

			if (c >= 0x10000) {
				hi = 0xd800 + ((c - 0x10000) >> 10);
				lo = 0xdc00 + ((c - 0x10000) & 0x3ff);
			}
			buf_addc(&b, (char)(hi & 0xff));
			buf_addc(&b, (char)(hi >> 8));
			if (lo) {
				buf_addc(&b, (char)(lo & 0xff));
				buf_addc(&b, (char)(lo >> 8));
			}
		}
		s = buf_str(&b);
		len = b.len;
	}
	out = arena_alloc(rs->ev->arena, base64_len(len) + 1);
	base64_encode(out, s, len);
	return term_text(out);
}

static bool utf16_to_utf8(struct buf *b, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2) {
		uint32_t c = (uint32_t)p[i] | (uint32_t)p[i + 1] << 8;

		if (c >= 0xd800 && c < 0xdc00 && i + 3 < n) {
			uint32_t lo = (uint32_t)p[i + 2] | (uint32_t)p[i + 3] << 8;

			if (lo < 0xdc00 || lo > 0xdfff)
				return false;
			c = 0x10000 + ((c - 0xd800) << 10) + (lo - 0xdc00);
			i += 2;
		} else if (c >= 0xd800 && c <= 0xdfff) {
			return false;
		}
		utf8_add(b, c);
	}
	return n % 2 == 0;
}

EAGER(f_frombase64)
{
	_cleanup_buf_ struct buf b = {0};
	size_t len, enc_len = 7;
	const char *s = text_arg(rs, &args[0], &len), *encoding = "Unicode";
	unsigned char *bytes = arena_alloc(rs->ev->arena, len + 1);
	ssize_t got = base64_decode(bytes, s, len);

	if (n > 1)
		encoding = text_arg(rs, &args[1], &enc_len);
	if (got < 0)
		return term_error(rs, "ConvertFromBase64: the text is no base64");
	if (!streq(encoding, "Unicode")) {
		if (!utf8_valid((char *)bytes, (size_t)got))
			return term_error(rs, "ConvertFromBase64: the bytes are not UTF-8");
		return term_own(rs, (char *)bytes, (size_t)got);
	}
	if (!utf16_to_utf8(&b, bytes, (size_t)got))
		return term_error(rs, "ConvertFromBase64: the bytes are not UTF-16");
	return term_own(rs, buf_str(&b), b.len);
}

EAGER(f_toutf8hex)
{
	size_t len;
	const char *s = text_arg(rs, &args[0], &len);
	char *out = arena_alloc(rs->ev->arena, len * 2 + 1);

	hex_encode(out, s, len);
	return term_string(out, len * 2);
}

EAGER(f_fromutf8hex)
{
	size_t len;
	const char *s = text_arg(rs, &args[0], &len);
	char *out = arena_alloc(rs->ev->arena, len + 1);
	ssize_t got = hex_decode(out, s, len);

	if (got < 0 || !utf8_valid(out, (size_t)got))
		return term_error(rs, "ConvertFromUTF8Hex: the text is no hex of UTF-8");
	return term_own(rs, out, (size_t)got);
}

EAGER(f_stringfromguid)
{
	char text[GUID_TEXT_SIZE];

	if (args[0].type != TERM_BINARY || args[0].len != 16)
		return term_error(rs, "StringFromGuid: 16 bytes were expected");
	guid_format(text, (const unsigned char *)args[0].data);
	return term_own(rs, text, strlen(text));
}

EAGER(f_stringfromsid)
{
	char text[192];

	if (args[0].type != TERM_BINARY ||
		!sid_format(text, sizeof(text), (const unsigned char *)args[0].data, args[0].len))
		return term_error(rs, "StringFromSid: the bytes are no SID");
	return term_own(rs, text, strlen(text));
}

static bool two_numbers(const struct term *args, int64_t *a, int64_t *b)
{
	/* an absent attribute has no bit set */
	if (args[0].type == TERM_NULL)
		*a = 0;
	else if (!term_to_number(&args[0], a))
		return false;
	return term_to_number(&args[1], b);
}

EAGER(f_bitand)
{
	int64_t a, b;

	if (!two_numbers(args, &a, &b))
		return term_error(rs, "BitAnd: numbers were expected");
	return term_number(a & b);
}

EAGER(f_bitor)
{
	int64_t a, b;

	if (!two_numbers(args, &a, &b))
		return term_error(rs, "BitOr: numbers were expected");
	return term_number(a | b);
}

EAGER(f_isbitset)
{
	int64_t a, b;

	if (!two_numbers(args, &a, &b))
		return term_error(rs, "IsBitSet: numbers were expected");
	return term_boolean((a & b) == b && b != 0);
}

EAGER(f_isempty)
{
	return term_boolean(args[0].type != TERM_NULL && term_is_empty(&args[0]));
}

EAGER(f_isguid)
{
	unsigned char g[16];
	size_t len;

	return term_boolean(
		args[0].type == TERM_STRING && guid_parse(g, text_arg(rs, &args[0], &len)));
}

EAGER(f_isnull)
{
	return term_boolean(args[0].type == TERM_NULL);
}

EAGER(f_isnullorempty)
{
	return term_boolean(term_is_empty(&args[0]));
}

EAGER(f_isnumeric)
{
	int64_t v;

	return term_boolean(args[0].type != TERM_BOOLEAN && term_to_number(&args[0], &v));
}

EAGER(f_isstring)
{
	return term_boolean(args[0].type == TERM_STRING);
}

/*
 * The first RDN of a DN as it is written, behind the name of its attribute: escapes stay, because
 * the marks that rules look for ("\\0ACNF:") are escapes; so do further values behind a "+".
 * Blanks around it are not part of it, unless escaped (RFC 4514, 2.4 and 3). False: there is none.
 */
static bool rdn_written(const char *dn, const char **ret, size_t *ret_len)
{
	const char *eq = NULL, *p, *end = NULL;

	for (p = dn; *p && *p != ','; p++) {
		if (*p == '\\' && p[1])
			end = ++p + 1;
		else if (*p == '=' && !eq)
			eq = end = p + 1;
		else if (*p != ' ')
			end = p + 1;
	}
	if (!eq)
		return false;
	while (eq < end && *eq == ' ')
		eq++;
	*ret = eq;
	*ret_len = (size_t)(end - eq);
	return true;
}

static bool is_domain_component(const char *dn)
{
	dn += strspn(dn, " ");
	return strncasecmp(dn, "DC", 2) == 0 && dn[2 + strspn(dn + 2, " ")] == '=';
}

/* The n-th RDN; skips DC components when asked to. */
static struct term component(
	struct run_state *rs, const char *dn, int64_t want, bool reverse, bool skip_dc)
{
	int64_t count = 0;
	const char *value;
	size_t len;

	for (const char *p = dn; reverse && *p; p = dn_parent(p))
		count += !skip_dc || !is_domain_component(p);
	if (want < 1 || (reverse && want > count))
		return term_null();
	if (reverse)
		want = count - want + 1;
	for (; *dn; dn = dn_parent(dn))
		if ((!skip_dc || !is_domain_component(dn)) && --want == 0)
			return rdn_written(dn, &value, &len) ? term_own(rs, value, len)
			                                     : term_null();
	return term_null();
}

EAGER(f_dncomponent)
{
	size_t len;
	int64_t i;

	if (!term_to_number(&args[1], &i))
		return term_error(rs, "DNComponent: the number is none");
	return component(rs, text_arg(rs, &args[0], &len), i, false, false);
}

EAGER(f_dncomponentrev)
{
	size_t len;
	int64_t i;

	size_t m;

	if (!term_to_number(&args[1], &i))
		return term_error(rs, "DNComponentRev: the number is none");
	if (n > 2 && text_casecmp(text_arg(rs, &args[2], &m), 2, "DC", 2) != 0)
		return term_error(rs, "DNComponentRev: the last argument can only be \"DC\"");
	return component(rs, text_arg(rs, &args[0], &len), i, true, n > 2);
}

/* The length of the name of an attribute and its "=" before a value, as in "CN=a"; 0: none. */
static size_t rdn_type(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (isalnum((unsigned char)s[i]) || s[i] == '-' || s[i] == '.'))
		i++;
	return i > 0 && i < n && s[i] == '=' ? i + 1 : 0;
}

/*
 * RFC 4514, 2.4. The text may be a whole component ("CN=Ada, the first"), as in the original's
 * reference. A control character would not survive a text file: hex, as Active Directory does.
 */
EAGER(f_escapedncomponent)
{
	_cleanup_buf_ struct buf b = {0};
	size_t len;
	const char *s = text_arg(rs, &args[0], &len);
	size_t start = rdn_type(s, len);

	buf_add(&b, s, start);
	for (size_t i = start; i < len; i++) {
		bool edge = (s[i] == ' ' && (i == start || i == len - 1)) ||
		            (s[i] == '#' && i == start);

		if ((unsigned char)s[i] < 0x20) {
			buf_addf(&b, "\\%02X", (unsigned)s[i]);
			continue;
		}
		if (edge || strchr(",+\"\\<>;=", s[i]))
			buf_addc(&b, '\\');
		buf_addc(&b, s[i]);
	}
	return term_own(rs, buf_str(&b), b.len);
}

EAGER(f_error)
{
	size_t len;

	return term_error(rs, "%s", text_arg(rs, &args[0], &len));
}

EAGER(f_guid)
{
	char text[UUID_TEXT_SIZE];

	uuid_random(text);
	return term_own(rs, text, strlen(text));
}

EAGER(f_randomnum)
{
	int64_t from, to;

	uint64_t r, range;

	if (!term_to_number(&args[0], &from) || !term_to_number(&args[1], &to) || to < from)
		return term_error(rs, "RandomNum: two numbers in order were expected");
	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		return term_error(rs, "RandomNum: the system gives no random numbers");
	range = (uint64_t)to - (uint64_t)from + 1; /* 0: all numbers */
	return term_number((int64_t)((uint64_t)from + (range ? r % range : r)));
}
