/*
 * The tree reader over libexpat, with limits on size, depth and number of elements. The parser is
 * stopped at a document type, before any entity could be declared.
 */
#include "lang/import/xml.h"

#include <ctype.h>
#include <errno.h>
#include <expat.h>

struct reader {
	XML_Parser parser;
	struct arena *a;
	struct xml_node *stack[XML_DEPTH_MAX];
	struct buf text[XML_DEPTH_MAX];
	unsigned depth, nodes;
	struct xml_node *root;
	const char *problem; /* ours; expat's own errors come from it */
};

static void stop(struct reader *r, const char *problem)
{
	if (!r->problem)
		r->problem = problem;
	XML_StopParser(r->parser, XML_FALSE);
}

static const char **copy_attributes(struct arena *a, const XML_Char **from)
{
	const char **ret;
	unsigned n = 0;

	while (from[n])
		n++;
	ret = arena_zalloc(a, (n + 1) * sizeof(*ret));
	for (unsigned i = 0; i < n; i++)
		ret[i] = arena_strdup(a, from[i]);
	return ret;
}

static void on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *r = ctx;
	struct xml_node *n;

	if (r->depth == XML_DEPTH_MAX) {
		stop(r, "nested too deeply");
		return;
	}
	if (++r->nodes > XML_NODES_MAX) {
		stop(r, "too many elements");
		return;
	}
	n = arena_zalloc(r->a, sizeof(*n));
	n->name = arena_strdup(r->a, name);
	n->text = "";
	n->attributes = copy_attributes(r->a, attributes);
	n->line = (int)XML_GetCurrentLineNumber(r->parser);
	if (r->depth) {
		struct xml_node *parent = r->stack[r->depth - 1];

		*(parent->last ? &parent->last->next : &parent->first) = n;
		parent->last = n;
	} else {
		r->root = n;
	}
	buf_clear(&r->text[r->depth]);
	r->stack[r->depth++] = n;
}

static void on_end(void *ctx, const XML_Char *name)
{
	struct reader *r = ctx;
	struct buf *b;

	if (!r->depth)
		return;
	b = &r->text[--r->depth];
	if (b->len)
		r->stack[r->depth]->text = arena_dup(r->a, b->data, b->len);
}

static void on_text(void *ctx, const XML_Char *s, int len)
{
	struct reader *r = ctx;

	if (r->depth)
		buf_add(&r->text[r->depth - 1], s, (size_t)len);
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system,
	const XML_Char *public, int internal)
{
	stop(ctx, "a document type is not accepted");
}

static int parse(struct reader *r, const char *path, const char *text, size_t len, struct err *e)
{
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_start, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	if (XML_Parse(r->parser, text, (int)len, XML_TRUE) == XML_STATUS_OK && r->root)
		return 0;
	return err_set(e, -EINVAL, path, (int)XML_GetCurrentLineNumber(r->parser), "XML: %s",
		r->problem ? r->problem : XML_ErrorString(XML_GetErrorCode(r->parser)));
}

int xml_read(const char *path, const char *text, size_t len, struct arena *a, struct xml_node **ret,
	struct err *e)
{
	struct reader r = {.a = a};
	int result;

	if (len > XML_BYTES_MAX)
		return err_set(e, -EFBIG, path, 0, "XML: over %d MiB", XML_BYTES_MAX >> 20);
	r.parser = XML_ParserCreate(NULL);
	if (!r.parser)
		return err_set(e, -ENOMEM, path, 0, "XML: no memory");
	result = parse(&r, path, text, len, e);
	XML_ParserFree(r.parser);
	for (unsigned i = 0; i < XML_DEPTH_MAX; i++)
		buf_done(&r.text[i]);
	if (result == 0)
		*ret = r.root;
	return result;
}

const char *xml_attribute(const struct xml_node *n, const char *name)
{
	for (const char **at = n->attributes; at[0]; at += 2)
		if (streq(at[0], name))
			return at[1];
	return NULL;
}

const struct xml_node *xml_child(const struct xml_node *n, const char *name)
{
	for (const struct xml_node *c = n ? n->first : NULL; c; c = c->next)
		if (streq(c->name, name))
			return c;
	return NULL;
}

const char *xml_trim(const char *s, struct arena *a)
{
	size_t n = strlen(s);

	while (n && isspace((unsigned char)*s))
		s++, n--;
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	return arena_dup(a, s, n);
}

const char *xml_text(const struct xml_node *n, const char *name, struct arena *a)
{
	const struct xml_node *c = xml_child(n, name);

	return c ? xml_trim(c->text, a) : NULL;
}

const struct xml_node *xml_find(const struct xml_node *n, const char *name)
{
	for (const struct xml_node *c = n->first; c; c = c->next) {
		const struct xml_node *found = streq(c->name, name) ? c : xml_find(c, name);

		if (found)
			return found;
	}
	return NULL;
}

void xml_escape(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (*s == '&')
			buf_adds(b, "&amp;");
		else if (*s == '<')
			buf_adds(b, "&lt;");
		else if (*s == '>')
			buf_adds(b, "&gt;");
		else if (*s == '\r')
			buf_adds(b, "&#xD;"); /* a bare one would be read as a line feed */
		else
			buf_addc(b, *s);
	}
}
