/*
 * See names.h. No text of a message is written but two kinds that are names by themselves: types
 * and keys. Both are refused when they do not look like a name.
 */
#include "soap/names.h"

#include "soap/element.h"

#include "base/text.h"

#include <ctype.h>

#define NAME_MAX_BYTES 128
#define ID_DIGITS 32 /* of an application, in the name of a directory extension */

/* Elements of one kind, under parents of one kind. */
struct kind {
	const struct element **v;
	unsigned n;
};

static bool looks_like_a_name(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("_.:-", s[i]))
			return false;
	return n > 0 && n <= NAME_MAX_BYTES && isalpha((unsigned char)s[0]);
}

static void add_name(struct buf *b, const char *s)
{
	if (!looks_like_a_name(s)) {
		buf_adds(b, "(no name)");
		return;
	}
	while (*s) {
		if (strspn(s, "0123456789abcdefABCDEF") >= ID_DIGITS) {
			buf_adds(b, "(id)");
			s += ID_DIGITS;
		} else {
			buf_addc(b, *s++);
		}
	}
}

static const char *key_of(const struct element *o)
{
	return streq(o->name, "KeyValueOfstringanyType") ? element_child_text(o, "Key") : "";
}

static bool alike(const struct element *x, const struct element *y)
{
	return streq(x->name, y->name) && streq(x->ns, y->ns) && streq(key_of(x), key_of(y));
}

/* Has an element before v[i] the attribute, with the same value? */
static bool was_there(const struct kind *k, unsigned i, const struct attribute *a)
{
	for (unsigned j = 0; j < i; j++)
		for (const struct attribute *x = k->v[j]->attributes; x; x = x->next)
			if (streq(x->name, a->name) && streq(x->ns, a->ns) &&
				(!streq(a->name, "type") || streq(x->value, a->value)))
				return true;
	return false;
}

static void write_attributes(const struct kind *k, struct buf *b)
{
	for (unsigned i = 0; i < k->n; i++)
		for (const struct attribute *a = k->v[i]->attributes; a; a = a->next) {
			if (was_there(k, i, a))
				continue;
			buf_addf(b, " %s", a->name);
			if (streq(a->name, "type")) {
				buf_addc(b, '=');
				add_name(b, a->value);
			}
		}
}

static void write_line(const struct kind *k, unsigned depth, struct buf *b)
{
	const struct element *o = k->v[0];
	const char *key = key_of(o);
	bool text = false;

	buf_addf(b, "%*s%s", (int)depth * 2, "", o->name);
	if (*key) {
		buf_addc(b, ' ');
		add_name(b, key);
	}
	if (!o->parent || !streq(o->parent->ns, o->ns))
		buf_addf(b, " {%s}", o->ns);
	write_attributes(k, b);
	for (unsigned i = 0; i < k->n; i++)
		text = text || (k->v[i]->text_len && !k->v[i]->first);
	buf_addf(b, "%s%s\n", text ? " text" : "", k->n > 1 ? " ..." : "");
}

static unsigned children(const struct kind *k, const struct element **ret)
{
	unsigned n = 0;

	for (unsigned i = 0; i < k->n; i++)
		for (const struct element *c = k->v[i]->first; c; c = c->next) {
			if (ret)
				ret[n] = c;
			n++;
		}
	return n;
}

static void write_kind(const struct kind *k, unsigned depth, struct arena *a, struct buf *b)
{
	unsigned n = children(k, NULL);
	const struct element **all = arena_alloc(a, (n + 1) * sizeof(*all));

	write_line(k, depth, b);
	children(k, all);
	for (unsigned i = 0; i < n; i++) {
		struct kind one = {0};

		if (!all[i])
			continue;
		one.v = arena_alloc(a, (n - i) * sizeof(*all));
		one.v[one.n++] = all[i];
		for (unsigned j = i + 1; j < n; j++)
			if (all[j] && alike(all[j], one.v[0])) {
				one.v[one.n++] = all[j];
				all[j] = NULL;
			}
		write_kind(&one, depth + 1, a, b);
	}
}

void names_write(const struct element *root, struct buf *b)
{
	_cleanup_arena_ struct arena a = {0};
	struct kind k = {&root, 1};

	write_kind(&k, 0, &a, b);
}
