/* A message in binary XML as XML for people: with the prefixes that it has, indented. */
#include "net/nbfx.h"

#include <stdio.h>

static void add_escaped(struct buf *b, struct nbfx_text t)
{
	for (size_t i = 0; i < t.n; i++)
		switch (t.s[i]) {
		case '<':
			buf_adds(b, "&lt;");
			break;
		case '>':
			buf_adds(b, "&gt;");
			break;
		case '&':
			buf_adds(b, "&amp;");
			break;
		case '"':
			buf_adds(b, "&quot;");
			break;
		case '\r':
			buf_adds(b, "&#13;");
			break;
		default:
			buf_addc(b, t.s[i]);
		}
}

static void add_name(struct buf *b, const struct nbfx_name *n)
{
	if (n->prefix.n)
		buf_addf(b, "%.*s:", (int)n->prefix.n, n->prefix.s);
	buf_add(b, n->local.s, n->local.n);
}

static void add_indent(struct buf *b, unsigned depth)
{
	if (b->len)
		buf_addc(b, '\n');
	for (unsigned i = 0; i < depth; i++)
		buf_adds(b, "  ");
}

static void add_start(struct buf *b, const struct nbfx_reader *r)
{
	struct nbfx_text prefix, value;
	struct nbfx_name name;

	buf_addc(b, '<');
	add_name(b, nbfx_name(r));
	for (unsigned i = 0; nbfx_declared_at(r, i, &prefix, &value); i++) {
		buf_addf(b, " xmlns%s%.*s=\"", prefix.n ? ":" : "", (int)prefix.n, prefix.s);
		add_escaped(b, value);
		buf_addc(b, '"');
	}
	for (unsigned i = 0; nbfx_attribute_at(r, i, &name, &value); i++) {
		buf_addc(b, ' ');
		add_name(b, &name);
		buf_adds(b, "=\"");
		add_escaped(b, value);
		buf_addc(b, '"');
	}
	buf_addc(b, '>');
}

int nbfx_to_xml(const void *data, size_t n, struct buf *b, struct err *e)
{
	_cleanup_nbfx_ struct nbfx_reader *r = nbfx_reader_new(data, n);
	enum nbfx_event event, before = NBFX_DONE;
	unsigned depth = 0;

	for (;;) {
		TRY(nbfx_next(r, &event, e));
		if (event == NBFX_TEXT && !nbfx_text(r).n)
			continue;
		switch (event) {
		case NBFX_START:
			if (before != NBFX_TEXT)
				add_indent(b, depth);
			add_start(b, r);
			depth++;
			break;
		case NBFX_TEXT:
			add_escaped(b, nbfx_text(r));
			break;
		case NBFX_END:
			depth--;
			if (before == NBFX_END)
				add_indent(b, depth);
			buf_adds(b, "</");
			add_name(b, nbfx_name(r));
			buf_addc(b, '>');
			break;
		case NBFX_DONE:
			buf_addc(b, '\n');
			return 0;
		}
		before = event;
	}
}
