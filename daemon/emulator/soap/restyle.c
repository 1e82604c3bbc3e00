/* See restyle.h. The message is read as a client would, and written by a writer of its own. */
#include "soap/restyle.h"

#include "soap/dictionary.h"
#include "soap/element.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>

#define UNKNOWN_NS "urn:nobody-knows"

struct writer {
	struct buf *b;
	enum service_fault_kind kind;
};

static void put_number(struct buf *b, uint32_t n)
{
	while (n > 0x7f) {
		buf_addc(b, (char)(n | 0x80));
		n >>= 7;
	}
	buf_addc(b, (char)n);
}

static void put_little(struct buf *b, uint64_t v, unsigned n)
{
	while (n--) {
		buf_addc(b, (char)v);
		v >>= 8;
	}
}

static void put_sized(struct buf *b, const char *s)
{
	put_number(b, (uint32_t)strlen(s));
	buf_adds(b, s);
}

/* A word of the dictionary, unless everything is to stand inline. */
static int word_of(const struct writer *w, const char *s)
{
	return w->kind == SERVICE_FAULT_INLINE ? -1 : dictionary_id(s);
}

/* base: the code of a name inline and without prefix; the other three are behind it. */
static void put_head(const struct writer *w, unsigned base, const char *prefix, const char *name)
{
	int id = word_of(w, name);

	buf_addc(w->b, (char)(base + (*prefix != '\0') + (id >= 0 ? 2u : 0u)));
	if (*prefix)
		put_sized(w->b, prefix);
	if (id >= 0)
		put_number(w->b, (uint32_t)id);
	else
		put_sized(w->b, name);
}

/* ends: 1 when the record ends the element. */
static void put_chars(const struct writer *w, const char *s, size_t n, unsigned ends)
{
	bool large = n > 0xff;

	buf_addc(w->b, (char)((large ? 0x9c : 0x98) + ends));
	put_little(w->b, n, large ? 4 : 1);
	buf_add(w->b, s, n);
}

static void put_utf16(const struct writer *w, const char *s, size_t n, unsigned ends)
{
	_cleanup_buf_ struct buf units = {0};

	for (const char *p = s; p < s + n;) {
		uint32_t c = utf8_next(&p);

		if (c >= 0x10000) {
			put_little(&units, 0xd800 + ((c - 0x10000) >> 10), 2);
			c = 0xdc00 + (c & 0x3ff);
		}
		put_little(&units, c, 2);
	}
	buf_addc(w->b, (char)(0xba + ends));
	put_little(w->b, units.len, 4);
	buf_add(w->b, buf_str(&units), units.len);
}

static void put_text(const struct writer *w, const char *s, size_t n, unsigned ends)
{
	size_t half = n / 2;

	if (!n) {
		buf_addc(w->b, (char)(0xa8 + ends));
	} else if (w->kind == SERVICE_FAULT_UTF16) {
		put_utf16(w, s, n, ends);
	} else if (w->kind == SERVICE_FAULT_TWO_TEXTS && ends) {
		while (half && ((unsigned char)s[half] & 0xc0) == 0x80)
			half--; /* not inside of a character */
		put_chars(w, s, half, 0);
		put_chars(w, s + half, n - half, 1);
	} else {
		put_chars(w, s, n, ends);
	}
}

static void put_declaration(const struct writer *w, const char *prefix, const char *ns)
{
	int id = word_of(w, ns);

	buf_addc(w->b, (char)((id >= 0 ? 0x0a : 0x08) + (*prefix != '\0')));
	if (*prefix)
		put_sized(w->b, prefix);
	if (id >= 0)
		put_number(w->b, (uint32_t)id);
	else
		put_sized(w->b, ns);
}

/* --- arrays --- */

/* The code of an array of what the text says; 0: it is neither a number nor a boolean. */
static unsigned array_code(const char *text, int64_t *ret)
{
	char back[32], *end;

	if (streq(text, "true") || streq(text, "false")) {
		*ret = *text == 't';
		return 0xb5;
	}
	errno = 0;
	*ret = strtoll(text, &end, 10);
	snprintf(back, sizeof(back), "%lld", (long long)*ret);
	return !errno && *text && streq(back, text) ? 0x8f : 0;
}

/* Elements of one name in a row that say numbers; NULL: it is none, else the last one. */
static const struct element *put_array(const struct writer *w, const struct element *o)
{
	const struct element *last = NULL;
	_cleanup_buf_ struct buf values = {0};
	unsigned code = 0, n = 0;

	for (const struct element *k = o; k && streq(k->name, o->name); k = k->next) {
		int64_t v = 0;
		unsigned c =
			k->first || k->attributes || k->declarations ? 0 : array_code(k->text, &v);

		if (!c || (code && c != code))
			break;
		code = c;
		put_little(&values, (uint64_t)v, code == 0xb5 ? 1 : 8);
		last = k;
		n++;
	}
	if (!last)
		return NULL;
	buf_addc(w->b, 0x03);
	put_head(w, 0x40, o->prefix, o->name);
	buf_addc(w->b, 0x01);
	buf_addc(w->b, (char)code);
	put_number(w->b, n);
	buf_add(w->b, buf_str(&values), values.len);
	return last;
}

/* --- members that nobody knows --- */

/* Where a new member of the service may appear one day. */
static bool may_grow(const struct element *o)
{
	static const char *const names[] = {"Header", "SyncObjectResults",
		"AzureADSyncObjectResult", "ResultObjects", "AzureADSyncObject",
		"DirSyncConfiguration", "Detail"};
	size_t n = strlen(o->name);

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(o->name, names[i]))
			return true;
	return (n > 8 && streq(o->name + n - 8, "Response")) ||
	       (n > 6 && streq(o->name + n - 6, "Result"));
}

/* Two numbers in an array, or an element with an attribute and elements inside. */
static void put_member(const struct writer *w)
{
	if (w->kind == SERVICE_FAULT_ARRAYS) {
		buf_addc(w->b, 0x03);
		put_head(w, 0x40, "", "Codes");
		buf_addc(w->b, 0x01);
		buf_addc(w->b, (char)0x8d);
		put_number(w->b, 2);
		put_little(w->b, 7, 4);
		put_little(w->b, 8, 4);
		return;
	}
	put_head(w, 0x40, "x", "Novelty");
	put_declaration(w, "x", UNKNOWN_NS);
	put_head(w, 0x04, "x", "since");
	put_chars(w, "2027", 4, 0);
	buf_addc(w->b, 0x02); /* a comment */
	put_sized(w->b, "nobody knows");
	put_head(w, 0x40, "x", "ResultCode");
	put_chars(w, "Failure", 7, 1);
	put_head(w, 0x40, "", "Url");
	buf_addc(w->b, (char)0x87);
	buf_addc(w->b, 0x01);
}

/* --- elements --- */

static void put_element(const struct writer *w, const struct element *o);

static void put_children(const struct writer *w, const struct element *o)
{
	for (const struct element *k = o->first; k; k = k->next) {
		const struct element *last =
			w->kind == SERVICE_FAULT_ARRAYS ? put_array(w, k) : NULL;

		if (last)
			k = last;
		else
			put_element(w, k);
	}
}

static void put_element(const struct writer *w, const struct element *o)
{
	bool grows = (w->kind == SERVICE_FAULT_UNKNOWN || w->kind == SERVICE_FAULT_ARRAYS) &&
	             may_grow(o);

	put_head(w, 0x40, o->prefix, o->name);
	for (const struct declaration *k = o->declarations; k; k = k->next)
		put_declaration(w, k->prefix, k->ns);
	for (const struct attribute *k = o->attributes; k; k = k->next) {
		put_head(w, 0x04, k->prefix, k->name);
		put_text(w, k->value, strlen(k->value), 0);
	}
	if (!o->first && !grows && o->text_len) {
		put_text(w, o->text, o->text_len, 1);
		return;
	}
	if (grows)
		put_member(w);
	put_children(w, o);
	if (grows)
		put_member(w);
	buf_addc(w->b, 0x01);
}

void restyle(struct buf *message, enum service_fault_kind kind)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf out = {0};
	struct writer w = {&out, kind};
	struct err e = {0};
	const struct element *root = element_decode(buf_str(message), message->len, &a, &e);

	if (!root)
		return;
	put_element(&w, root);
	buf_clear(message);
	buf_add(message, out.data, out.len);
}
