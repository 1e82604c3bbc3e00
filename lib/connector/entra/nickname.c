/*
 * mailNickname: what learn.microsoft.com/graph/api/resources/group allows of it, made of any name.
 * It is Exchange's alias: a dot at either end would be refused there.
 */
#include "base/buf.h"
#include "base/codec.h"
#include "base/text.h"
#include "model/dtyp.h"
#include "connector/entra/value.h"

#include <inttypes.h>

#define NICKNAME_MAX 64

/* Letters that more than a mark tells from a Latin one, and those that German writes with an e. */
static const struct {
	uint32_t c;
	const char *latin;
} letters[] = {
	{0x00c4, "Ae"},
	{0x00c6, "AE"},
	{0x00d0, "D"},
	{0x00d6, "Oe"},
	{0x00d8, "O"},
	{0x00dc, "Ue"},
	{0x00de, "Th"},
	{0x00df, "ss"},
	{0x00e4, "ae"},
	{0x00e6, "ae"},
	{0x00f0, "d"},
	{0x00f6, "oe"},
	{0x00f8, "o"},
	{0x00fc, "ue"},
	{0x00fe, "th"},
	{0x0110, "D"},
	{0x0111, "d"},
	{0x0126, "H"},
	{0x0127, "h"},
	{0x0131, "i"},
	{0x0132, "IJ"},
	{0x0133, "ij"},
	{0x0138, "k"},
	{0x0141, "L"},
	{0x0142, "l"},
	{0x014a, "N"},
	{0x014b, "n"},
	{0x0152, "OE"},
	{0x0153, "oe"},
	{0x0166, "T"},
	{0x0167, "t"},
	{0x017f, "s"},
	{0x1e9e, "SS"},
	{0x2010, "-"},
	{0x2011, "-"},
	{0x2013, "-"},
	{0x2019, "'"},
};

/* The letters below the marks, by the canonical decompositions of Unicode: from U+00C0, ... */
static const char latin_from_c0[] =
	"AAAAAA CEEEEIIII NOOOOO  UUUUY  aaaaaa ceeeeiiii nooooo  uuuuy yAaAaAaCcCcCcCcDd"
	"  EeEeEeEeEeGgGgGgGgHh  IiIiIiIiI   JjKk LlLlLl    NnNnNn   OoOoOo  RrRrRrSsSsSs"
	"SsTtTt  UuUuUuUuUuUuWwYyYZzZzZz                                 Oo             U"
	"u                            AaIiOoUuUuUuUuUu AaAa    GgKkOoOo  j   Gg  NnAa    "
	"AaAaEeEeIiIiOoOoRrRrUuUuSsTt  Hh      AaEeOoOoOoOoYy                            ";
/* ... and from U+1E00 */
static const char latin_from_1e00[] =
	"AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMmMmMmNnNnNnNnOoOo"
	"OoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVvWwWwWwWwWwXxXxYyZzZzZzhtwy      "
	"AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEeEeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUu"
	"UuYyYyYyYy      ";

static bool is_allowed(uint32_t c)
{
	return c > 0x20 && c < 0x7f && !strchr("@()\\[]\";:<>,", (int)c);
}

static bool is_nickname(const char *s, size_t n)
{
	if (n == 0 || n > NICKNAME_MAX || s[0] == '.' || s[n - 1] == '.')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_allowed((unsigned char)s[i]))
			return false;
	return true;
}

static char latin_base(uint32_t c)
{
	if (c >= 0xc0 && c < 0xc0 + sizeof(latin_from_c0) - 1)
		return latin_from_c0[c - 0xc0];
	if (c >= 0x1e00 && c < 0x1e00 + sizeof(latin_from_1e00) - 1)
		return latin_from_1e00[c - 0x1e00];
	return ' ';
}

static void add_letter(struct buf *b, uint32_t c)
{
	char base = latin_base(c);

	if (c < 0x80) {
		if (is_allowed(c))
			buf_addc(b, (char)c);
		return;
	}
	/* an umlaut in two characters, as macOS writes it */
	if (c == 0x308 && b->len && strchr("aouAOU", b->data[b->len - 1])) {
		buf_addc(b, 'e');
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(letters); i++)
		if (letters[i].c == c) {
			buf_adds(b, letters[i].latin);
			return;
		}
	if (base != ' ')
		buf_addc(b, base);
}

/* Of nothing but the object's identity: the GUID that the anchor stands for, or a number of it. */
static void add_stand_in(struct buf *b, const char *anchor, const char *name, size_t n)
{
	unsigned char guid[64];
	char text[GUID_TEXT_SIZE];

	if (anchor && strlen(anchor) == base64_len(16) &&
		base64_decode(guid, anchor, strlen(anchor)) == 16) {
		guid_format(text, guid);
		buf_adds(b, text);
	} else {
		buf_addf(b, "%016" PRIx64,
			anchor && *anchor ? hash64(anchor, strlen(anchor)) : hash64(name, n));
	}
}

void entra_nickname(const char *name, size_t n, const char *anchor, struct buf *b)
{
	_cleanup_buf_ struct buf made = {0};
	size_t from, len;

	for (const char *p = name; utf8_valid(name, n) && p < name + n;)
		add_letter(&made, utf8_next(&p));
	from = made.len ? strspn(made.data, ".") : 0;
	len = MIN(made.len - from, NICKNAME_MAX);
	while (len && made.data[from + len - 1] == '.')
		len--;
	if (len)
		buf_add(b, made.data + from, len);
	else
		add_stand_in(b, anchor, name, n);
}

void entra_settle_alias(struct entry *wanted)
{
	static unsigned alias, source_anchor;
	_cleanup_buf_ struct buf b = {0};
	const struct value *v;
	struct value *made;

	if (!alias) {
		alias = attr_intern("alias");
		source_anchor = attr_intern("sourceAnchor");
	}
	v = entry_first(wanted, alias);
	if (!v || v->type != VALUE_STRING || is_nickname(v->data, v->len))
		return;
	entra_nickname(v->data, v->len, entry_string(wanted, source_anchor), &b);
	made = arena_alloc(wanted->arena, sizeof(*made)); /* the old one may be the source's own */
	*made = value_dup(wanted->arena, value_stringn(buf_str(&b), b.len));
	entry_put(wanted, alias, made, 1);
}
