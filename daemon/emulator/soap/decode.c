/*
 * Binary XML to a tree: [MC-NBFX] 2.2. The first byte of a record chooses its reader in kinds[];
 * what a text record says is in text_of() and the functions above it.
 */
#include "soap/element.h"

#include "soap/decode_text.h"
#include "soap/dictionary.h"

#include <errno.h>

#define BYTES_MAX (64u << 20)
#define DEPTH_MAX 64
#define ATTRIBUTES_MAX 64
#define ELEMENTS_MAX 2000000
#define NAME_MAX_BYTES 1024

#define XML_URI "http://www.w3.org/XML/1998/namespace"

struct decoder {
	struct octets in;
	struct arena *arena;
	struct element *root, *at; /* at: the open element, NULL outside the root */
	struct buf text;           /* of the open element, until a child or its end */
	unsigned depth, n_elements;
};

/* --- names --- */

static bool name_is_good(const char *s, size_t n)
{
	if (!n || n > NAME_MAX_BYTES || strchr("0123456789-.", *s))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!s[i] || strchr(" \t\r\n<>&\"':/=", s[i]))
			return false;
	return true;
}

/* Text with its length in front, or the number of a word. */
static const char *take_uri(struct decoder *d, bool word)
{
	struct octets piece;
	const char *s;

	if (word)
		return octets_word(&d->in);
	piece = octets_sized(&d->in);
	s = octets_text(&d->in, &piece, d->arena);
	return s;
}

static const char *take_name(struct decoder *d, bool word)
{
	const char *s = take_uri(d, word);

	if (s && !name_is_good(s, strlen(s))) {
		octets_fail(&d->in, "a name that XML does not have");
		return NULL;
	}
	return s;
}

static const char *prefix_letter(struct decoder *d, unsigned i)
{
	char letter = (char)('a' + i);

	return arena_dup(d->arena, &letter, 1);
}

/* --- namespaces --- */

static const char *uri_of(const struct element *o, const char *prefix)
{
	for (; o; o = o->parent)
		for (const struct declaration *n = o->declarations; n; n = n->next)
			if (streq(n->prefix, prefix))
				return n->ns;
	if (streq(prefix, "xml"))
		return XML_URI;
	return *prefix ? NULL : "";
}

static void declare(struct decoder *d, struct element *o, unsigned code)
{
	struct declaration *n = arena_zalloc(d->arena, sizeof(*n));

	/* 08 xmlns="..", 09 with a prefix, 0A and 0B the same with a word */
	n->prefix = code & 1 ? take_name(d, false) : "";
	n->ns = n->prefix ? take_uri(d, code >= 0x0a) : NULL;
	if (!n->ns)
		return;
	if (*n->prefix && !*n->ns)
		octets_fail(&d->in, "a prefix without a namespace");
	if (str_starts(n->prefix, "xml") && (!n->prefix[3] || streq(n->prefix, "xmlns")))
		octets_fail(&d->in, "a declaration of xml or xmlns");
	for (const struct declaration *k = o->declarations; k; k = k->next)
		if (streq(k->prefix, n->prefix))
			octets_fail(&d->in, "a prefix that is declared twice");
	n->next = o->declarations;
	o->declarations = n;
}

/* --- attributes --- */

static const char *attribute_value(struct decoder *d)
{
	_cleanup_buf_ struct buf b = {0};
	unsigned code = octets_byte(&d->in), n = 0;
	bool list = code == 0xa4;

	if (list)
		code = octets_byte(&d->in);
	for (; !d->in.wrong && !(list && code == 0xa6); code = octets_byte(&d->in)) {
		if (code & 1 || code < 0x80) {
			octets_fail(&d->in, "an attribute whose value is none");
			break;
		}
		if (n++)
			buf_addc(&b, ' ');
		text_of(&d->in, code, &b);
		if (!list)
			break;
	}
	return arena_dup(d->arena, buf_str(&b), b.len);
}

static void name_attribute(struct decoder *d, struct attribute *at, unsigned code)
{
	if (code >= 0x26) {
		at->prefix = prefix_letter(d, code - 0x26);
		at->name = take_name(d, false);
	} else if (code >= 0x0c) {
		at->prefix = prefix_letter(d, code - 0x0c);
		at->name = take_name(d, true);
	} else {
		/* 04 name, 05 prefix and name, 06 and 07 the same with a word as name */
		at->prefix = code & 1 ? take_name(d, false) : "";
		at->name = take_name(d, code >= 0x06);
	}
}

static void add_attribute(struct decoder *d, struct element *o, unsigned code)
{
	struct attribute *at = arena_zalloc(d->arena, sizeof(*at)), **end = &o->attributes;
	unsigned n = 0;

	name_attribute(d, at, code);
	if (d->in.wrong)
		return;
	if (streq(at->name, "xmlns") || streq(at->prefix, "xmlns"))
		octets_fail(&d->in, "xmlns as an attribute");
	at->value = attribute_value(d);
	for (; *end; end = &(*end)->next)
		n++;
	*end = at;
	if (n >= ATTRIBUTES_MAX)
		octets_fail(&d->in, "too many attributes");
}

/* Behind the last of attributes and declarations, which come in any order. */
static void resolve(struct decoder *d, struct element *o)
{
	o->ns = uri_of(o, o->prefix);
	if (!o->ns)
		octets_fail(&d->in, "a prefix that is not declared");
	for (struct attribute *at = o->attributes; at; at = at->next) {
		at->ns = *at->prefix ? uri_of(o, at->prefix) : "";
		if (!at->ns) {
			octets_fail(&d->in, "a prefix that is not declared");
			return;
		}
		for (const struct attribute *k = o->attributes; k != at; k = k->next)
			if (streq(k->name, at->name) && streq(k->ns, at->ns))
				octets_fail(&d->in, "an attribute that is there twice");
	}
}

/* --- elements --- */

static void name_element(struct decoder *d, struct element *o, unsigned code)
{
	if (code >= 0x5e) {
		o->prefix = prefix_letter(d, code - 0x5e);
		o->name = take_name(d, false);
	} else if (code >= 0x44) {
		o->prefix = prefix_letter(d, code - 0x44);
		o->name = take_name(d, true);
	} else {
		/* 40 name, 41 prefix and name, 42 and 43 the same with a word as name */
		o->prefix = code & 1 ? take_name(d, false) : "";
		o->name = take_name(d, code >= 0x42);
	}
}

static bool is_blank(const char *s)
{
	return !s[strspn(s, " \t\r\n")];
}

/* No message of the service has text beside elements, except blanks between them. */
static void drop_blanks(struct decoder *d)
{
	if (!is_blank(buf_str(&d->text)))
		octets_fail(&d->in, "text beside elements");
	buf_clear(&d->text);
}

static void hang_in(struct decoder *d, struct element *o)
{
	if (!o->parent)
		d->root = o;
	else if (o->parent->last)
		o->parent->last->next = o;
	else
		o->parent->first = o;
	if (o->parent)
		o->parent->last = o;
}

/* Name, attributes and declarations, behind its code; it hangs nowhere yet. */
static struct element *take_head(struct decoder *d, unsigned code)
{
	struct element *o = arena_zalloc(d->arena, sizeof(*o));

	o->text = "";
	o->parent = d->at;
	name_element(d, o, code);
	while (!d->in.wrong && d->in.p < d->in.end && *d->in.p >= 0x04 && *d->in.p <= 0x3f) {
		code = octets_byte(&d->in);
		if (code >= 0x08 && code <= 0x0b)
			declare(d, o, code);
		else
			add_attribute(d, o, code);
	}
	if (!d->in.wrong)
		resolve(d, o);
	return o;
}

static void open_element(struct decoder *d, struct element *o)
{
	if (d->in.wrong)
		return;
	if (!d->at && d->root)
		octets_fail(&d->in, "a second root");
	if (d->depth == DEPTH_MAX || ++d->n_elements > ELEMENTS_MAX)
		octets_fail(&d->in, "too many elements, or too deep");
	drop_blanks(d);
	hang_in(d, o);
	d->at = o;
	d->depth++;
}

static void element(struct decoder *d, unsigned code)
{
	open_element(d, take_head(d, code));
}

static void end(struct decoder *d, unsigned code)
{
	if (!d->at) {
		octets_fail(&d->in, "an end without a begin");
		return;
	}
	if (d->at->first) {
		drop_blanks(d);
	} else if (d->text.len) {
		d->at->text = arena_dup(d->arena, d->text.data, d->text.len);
		d->at->text_len = d->text.len;
		buf_clear(&d->text);
	}
	d->at = d->at->parent;
	d->depth--;
}

/* --- the other records --- */

/* The odd codes end the element, too. */
static void text(struct decoder *d, unsigned code)
{
	text_of(&d->in, code & ~1u, &d->text);
	if (d->in.wrong || d->at) {
		if (!d->in.wrong && code & 1)
			end(d, code);
		return;
	}
	if (code & 1 || !is_blank(buf_str(&d->text)))
		octets_fail(&d->in, "text beside the root");
	buf_clear(&d->text);
}

static void comment(struct decoder *d, unsigned code)
{
	(void)take_uri(d, false);
}

/* An element, its end, a type, a number: so many elements, each with one value. */
static void array(struct decoder *d, unsigned code)
{
	const unsigned char *head = d->in.p;
	const struct element *model;
	unsigned type;
	uint32_t n;
	size_t size;

	code = octets_byte(&d->in);
	if (!d->at || code < 0x40 || code > 0x77) {
		octets_fail(&d->in, "an array without an element, or outside of one");
		return;
	}
	model = take_head(d, code);
	if (octets_byte(&d->in) != 0x01)
		octets_fail(&d->in, "an array whose element is not closed");
	type = octets_byte(&d->in);
	size = type & 1 ? text_array_size(type - 1) : 0;
	n = octets_number(&d->in);
	if (d->in.wrong)
		return;
	if (!size || n > (size_t)(d->in.end - d->in.p) / size) {
		octets_fail(&d->in, "an array of a wrong type, or one that is cut short");
		return;
	}
	if ((uint64_t)n * (size_t)(d->in.p - head) > BYTES_MAX)
		octets_fail(&d->in, "an array that stands for too much");
	for (uint32_t i = 0; i < n && !d->in.wrong; i++) {
		struct element *o = arena_alloc(d->arena, sizeof(*o));

		*o = *model;
		open_element(d, o);
		text_of(&d->in, type - 1, &d->text);
		if (!d->in.wrong)
			end(d, code);
	}
}

static void record(struct decoder *d)
{
	static const struct {
		unsigned char from, to;
		void (*read)(struct decoder *d, unsigned code);
	} kinds[] = {
		{0x01, 0x01, end},
		{0x02, 0x02, comment},
		{0x03, 0x03, array},
		{0x40, 0x77, element},
		{0x80, 0xbd, text},
	};
	unsigned code = octets_byte(&d->in);

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (code >= kinds[i].from && code <= kinds[i].to) {
			kinds[i].read(d, code);
			return;
		}
	octets_fail(&d->in, "a byte with which no record begins");
}

struct element *element_decode(const void *data, size_t n, struct arena *a, struct err *e)
{
	struct decoder d = {.arena = a};

	d.in = (struct octets){.begin = data, .p = data, .end = (const unsigned char *)data + n};
	if (n > BYTES_MAX)
		octets_fail(&d.in, "a message that is too long");
	while (!d.in.wrong && d.in.p < d.in.end)
		record(&d);
	if (!d.in.wrong && (d.at || !d.root))
		octets_fail(&d.in, d.at ? "an element that is not closed" : "no element");
	buf_done(&d.text);
	if (!d.in.wrong)
		return d.root;
	err_set(e, -EBADMSG, NULL, 0, "byte %zu: %s", d.in.wrong_at, d.in.wrong);
	return NULL;
}

/* --- looking at a tree --- */

const struct element *element_child(const struct element *o, const char *name)
{
	const struct element *k = o ? o->first : NULL;

	while (k && !streq(k->name, name))
		k = k->next;
	return k;
}

const char *element_child_text(const struct element *o, const char *name)
{
	const struct element *k = element_child(o, name);

	return k ? k->text : "";
}

const char *element_attribute(const struct element *o, const char *ns, const char *name)
{
	for (const struct attribute *at = o->attributes; at; at = at->next)
		if (streq(at->name, name) && streq(at->ns, ns))
			return at->value;
	return NULL;
}

bool element_qname(const struct element *o, const char *value, const char **ret_ns,
	const char **ret_name, struct arena *a)
{
	const char *colon = strchr(value, ':');
	const char *prefix = colon ? arena_dup(a, value, (size_t)(colon - value)) : "";

	*ret_name = colon ? colon + 1 : value;
	*ret_ns = colon == value ? NULL : uri_of(o, prefix);
	return *ret_ns != NULL && **ret_name;
}
