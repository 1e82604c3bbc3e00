/*
 * The head of an element: its name, attributes and declarations, with names resolved
 * ([MC-NBFX] 2.2.1). It owns the open elements and the declarations in scope.
 */
#include "net/nbfx_priv.h"

#include <errno.h>

#define XML_NS "http://www.w3.org/XML/1998/namespace"
#define SCOPES_MAX 256 /* declarations in scope */

static const struct nbfx_text nothing = {"", 0};

static bool is_same(struct nbfx_text a, struct nbfx_text b)
{
	return a.n == b.n && memcmp(a.s, b.s, a.n) == 0;
}

/* --- names --- */

/* Of the characters that no name may hold those that could be taken for XML's own. */
static bool is_name(struct nbfx_text t)
{
	static const char bad[] = "<>&\"'=/: \t\r\n";

	for (size_t i = 0; i < t.n; i++)
		if (memchr(bad, t.s[i], sizeof(bad)))
			return false;
	return t.n > 0 && !(t.s[0] >= '0' && t.s[0] <= '9') && t.s[0] != '-' && t.s[0] != '.';
}

static int take_name(struct nbfx_cursor *c, bool dictionary, struct nbfx_text *ret, struct err *e)
{
	TRY(dictionary ? nbfx_take_dictionary(c, ret, e) : nbfx_take_string(c, ret, e));
	if (ret->n > NBFX_NAME_MAX)
		return nbfx_bad(c, e, "a name is over %d bytes", NBFX_NAME_MAX);
	return is_name(*ret) ? 0 : nbfx_bad(c, e, "a name has a character that it may not have");
}

static struct nbfx_text letter(unsigned i)
{
	return (struct nbfx_text){"abcdefghijklmnopqrstuvwxyz" + i, 1};
}

/*
 * The four ways in which elements and attributes are named: without prefix, with one in full, with
 * a letter in the code; each inline or by the dictionary. The codes of both kinds lie alike, from
 * `base` (0x40, 0x04), those of the letters from `letters` (0x44, 0x0c).
 */
static int take_qualified(
	struct nbfx_cursor *c, unsigned code, bool element, struct nbfx_name *ret, struct err *e)
{
	unsigned base = element ? 0x40 : 0x04, letters = element ? 0x44 : 0x0c;

	if (code >= letters) {
		unsigned i = code - letters;

		ret->prefix = letter(i % 26);
		return take_name(c, i < 26, &ret->local, e);
	}
	ret->prefix = nothing;
	if ((code - base) & 1)
		TRY(take_name(c, false, &ret->prefix, e));
	return take_name(c, (code - base) & 2, &ret->local, e);
}

bool nbfx_is_element(unsigned code)
{
	return code >= 0x40 && code <= 0x77;
}

static bool is_attribute(unsigned code)
{
	return (code >= 0x04 && code <= 0x07) || (code >= 0x0c && code <= 0x3f);
}

static bool is_declaration(unsigned code)
{
	return code >= 0x08 && code <= 0x0b;
}

/* --- namespaces --- */

static bool find_ns(const struct nbfx_reader *r, struct nbfx_text prefix, struct nbfx_text *ret)
{
	for (unsigned i = r->n_scopes; i-- > 0;)
		if (is_same(r->scopes[i].prefix, prefix)) {
			*ret = r->scopes[i].ns;
			return true;
		}
	*ret = nbfx_is(prefix, "xml") ? (struct nbfx_text){XML_NS, strlen(XML_NS)} : nothing;
	return ret->n || !prefix.n;
}

static int declare(struct nbfx_reader *r, unsigned code, struct err *e)
{
	struct nbfx_text prefix = nothing, ns;

	if (code & 1)
		TRY(take_name(&r->c, false, &prefix, e));
	TRY(code >= 0x0a ? nbfx_take_dictionary(&r->c, &ns, e) : nbfx_take_string(&r->c, &ns, e));
	if (prefix.n && !ns.n)
		return nbfx_bad(&r->c, e, "a prefix is declared as nothing");
	if (nbfx_is(prefix, "xml") || nbfx_is(prefix, "xmlns"))
		return nbfx_bad(&r->c, e, "a prefix of XML's own is declared");
	for (unsigned i = r->first_scope; i < r->n_scopes; i++)
		if (is_same(r->scopes[i].prefix, prefix))
			return nbfx_bad(&r->c, e, "a prefix is declared twice");
	if (r->n_scopes == SCOPES_MAX)
		return nbfx_bad(&r->c, e, "over %d declarations in scope", SCOPES_MAX);
	if (r->n_scopes == r->cap_scopes) {
		r->cap_scopes = r->cap_scopes ? r->cap_scopes * 2 : 16;
		r->scopes = xrealloc(r->scopes, r->cap_scopes * sizeof(*r->scopes));
	}
	r->scopes[r->n_scopes++] = (struct nbfx_scope){prefix, ns};
	return 0;
}

/* --- attributes --- */

/* A value, or a list of some, which stand apart by a blank. */
static int take_attribute_value(struct nbfx_reader *r, struct err *e)
{
	bool list = false, first = true;

	for (;;) {
		const unsigned char *code = nbfx_take(&r->c, 1, e);
		size_t begin = r->held.len;
		struct nbfx_text v;

		if (!code)
			return -EBADMSG;
		if (*code == NBFX_END_LIST && list)
			return 0;
		if (*code == NBFX_START_LIST && !list) {
			list = true;
			continue;
		}
		if (*code < NBFX_FIRST_TEXT || *code % 2)
			return nbfx_bad(
				&r->c, e, "no value of an attribute has the code %02X", *code);
		if (!first)
			buf_addc(&r->held, ' ');
		first = false;
		begin = r->held.len;
		TRY(nbfx_take_value(&r->c, *code, &r->held, &v, e));
		if (r->held.len == begin && v.n)
			buf_add(&r->held, v.s, v.n);
		if (!list)
			return 0;
	}
}

static int take_attribute(struct nbfx_reader *r, unsigned code, struct err *e)
{
	struct nbfx_attribute *a;

	if (r->n_attributes == NBFX_ATTRIBUTES_MAX)
		return nbfx_bad(&r->c, e, "an element has over %d attributes", NBFX_ATTRIBUTES_MAX);
	a = &r->attributes[r->n_attributes++];
	TRY(take_qualified(&r->c, code, false, &a->name, e));
	if (nbfx_is(a->name.local, "xmlns") || nbfx_is(a->name.prefix, "xmlns"))
		return nbfx_bad(&r->c, e, "a declaration stands as an attribute");
	a->at = r->held.len;
	TRY(take_attribute_value(r, e));
	a->n = r->held.len - a->at;
	return 0;
}

/* A prefix may be used before its declaration: all names are resolved behind the last of both. */
static int resolve(struct nbfx_reader *r, struct err *e)
{
	static const char undeclared[] = "the prefix \"%.*s\" is not declared";

	if (!find_ns(r, r->name.prefix, &r->name.ns))
		return nbfx_bad(
			&r->c, e, undeclared, (int)MIN(r->name.prefix.n, 100), r->name.prefix.s);
	for (unsigned i = 0; i < r->n_attributes; i++) {
		struct nbfx_name *n = &r->attributes[i].name;

		n->ns = nothing;
		if (n->prefix.n && !find_ns(r, n->prefix, &n->ns))
			return nbfx_bad(
				&r->c, e, undeclared, (int)MIN(n->prefix.n, 100), n->prefix.s);
		for (unsigned k = 0; k < i; k++)
			if (is_same(r->attributes[k].name.local, n->local) &&
				is_same(r->attributes[k].name.ns, n->ns))
				return nbfx_bad(&r->c, e, "an attribute is there twice");
	}
	return 0;
}

/* --- elements --- */

int nbfx_begin_element(struct nbfx_reader *r, unsigned code, struct err *e)
{
	if (r->depth == NBFX_DEPTH_MAX)
		return nbfx_bad(&r->c, e, "elements are nested over %d deep", NBFX_DEPTH_MAX);
	if (!r->depth && r->had_root)
		return nbfx_bad(&r->c, e, "a second root element");
	r->had_root = true;
	r->first_scope = r->n_scopes;
	r->n_attributes = 0;
	buf_clear(&r->held);
	TRY(take_qualified(&r->c, code, true, &r->name, e));
	while (r->c.p < r->c.end && (is_attribute(*r->c.p) || is_declaration(*r->c.p))) {
		code = *r->c.p++;
		TRY(is_attribute(code) ? take_attribute(r, code, e) : declare(r, code, e));
	}
	TRY(resolve(r, e));
	r->open[r->depth++] = (struct nbfx_open){r->name, r->first_scope};
	return 0;
}

void nbfx_end_element(struct nbfx_reader *r)
{
	const struct nbfx_open *o = &r->open[--r->depth];

	r->name = o->name;
	r->n_scopes = o->n_scopes;
	r->n_attributes = 0;
	r->first_scope = r->n_scopes;
}

const struct nbfx_name *nbfx_name(const struct nbfx_reader *r)
{
	return &r->name;
}

struct nbfx_text nbfx_text(const struct nbfx_reader *r)
{
	return r->text;
}

bool nbfx_attribute_at(
	const struct nbfx_reader *r, unsigned i, struct nbfx_name *ret_name, struct nbfx_text *ret)
{
	if (i >= r->n_attributes)
		return false;
	*ret_name = r->attributes[i].name;
	*ret = (struct nbfx_text){buf_str(&r->held) + r->attributes[i].at, r->attributes[i].n};
	return true;
}

bool nbfx_attribute(
	const struct nbfx_reader *r, const char *ns, const char *local, struct nbfx_text *ret)
{
	struct nbfx_name name;

	for (unsigned i = 0; nbfx_attribute_at(r, i, &name, ret); i++)
		if (nbfx_is(name.ns, ns) && nbfx_is(name.local, local))
			return true;
	return false;
}

bool nbfx_declared_at(const struct nbfx_reader *r, unsigned i, struct nbfx_text *ret_prefix,
	struct nbfx_text *ret_ns)
{
	i += r->first_scope;
	if (i >= r->n_scopes)
		return false;
	*ret_prefix = r->scopes[i].prefix;
	*ret_ns = r->scopes[i].ns;
	return true;
}

bool nbfx_qname(const struct nbfx_reader *r, struct nbfx_text value, struct nbfx_text *ret_ns,
	struct nbfx_text *ret_local)
{
	const char *colon = memchr(value.s, ':', value.n);
	struct nbfx_text prefix = {value.s, colon ? (size_t)(colon - value.s) : 0};
	size_t skip = colon ? prefix.n + 1 : 0;

	*ret_local = (struct nbfx_text){value.s + skip, value.n - skip};
	return is_name(*ret_local) && (!colon || prefix.n) && find_ns(r, prefix, ret_ns);
}
