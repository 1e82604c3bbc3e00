/* Deltas: what differs between two entries, and what of it is no difference to a directory. */
#include "model/delta.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/timefmt.h"

#include <assert.h>
#include <ctype.h>

static const char *const OPS[] = {
#define X(name, word) word,
	DELTA_OPS(X)
#undef X
};

const char *delta_op_name(enum delta_op op)
{
	assert(op < DELTA_OP_COUNT);
	return OPS[op];
}

void delta_owned(const struct entry *have, const struct entry *wanted, bool all, struct arena *a,
	struct delta *ret)
{
	assert(wanted && a && ret);
	ret->n_attrs = 0;
	ret->attrs = arena_alloc(a, (wanted->n_attrs + 1) * sizeof(*ret->attrs));
	for (unsigned i = 0; i < wanted->n_attrs; i++) {
		const struct attr *after = &wanted->attrs[i];
		const struct attr *before = have ? entry_get(have, after->id) : NULL;
		bool any = after->count || (before && before->count);

		if (all ? any : !attr_equal(before, after))
			ret->attrs[ret->n_attrs++] = (struct delta_attr){after->id, before, after};
	}
}

void delta_full(
	const struct entry *before, const struct entry *after, struct arena *a, struct delta *ret)
{
	unsigned i = 0, k = 0;

	assert(before && after && a && ret);
	ret->n_attrs = 0;
	ret->attrs = arena_alloc(a, (before->n_attrs + after->n_attrs + 1) * sizeof(*ret->attrs));
	while (i < before->n_attrs || k < after->n_attrs) {
		const struct attr *x = i < before->n_attrs ? &before->attrs[i] : NULL;
		const struct attr *y = k < after->n_attrs ? &after->attrs[k] : NULL;

		if (x && y && x->id != y->id) {
			if (x->id < y->id)
				y = NULL;
			else
				x = NULL;
		}
		i += x != NULL;
		k += y != NULL;
		if (!attr_equal(x, y))
			ret->attrs[ret->n_attrs++] = (struct delta_attr){x ? x->id : y->id, x, y};
	}
}

/* --- what is one value to a directory --- */

/* "SMTP:Ann@b.example" is not "smtp:Ann@b.example", but it is "SMTP:ann@b.example". */
static struct value fold_value(struct arena *a, const char *s, size_t n)
{
	const char *colon = memchr(s, ':', n);
	size_t head = colon ? (size_t)(colon - s) + 1 : 0, len;
	char *folded = text_fold(a, s + head, n - head, &len), *ret;

	ret = arena_alloc(a, head + len + 1);
	memcpy(ret, s, head);
	memcpy(ret + head, folded, len);
	ret[head + len] = '\0';
	return value_stringn(ret, head + len);
}

/* The form that all its forms share; false: nothing is left of it. */
static bool settle_value(const struct value *v, unsigned flags, struct arena *a, struct value *ret)
{
	const char *s = v->data;
	size_t n = v->len;
	char text[TIME_TEXT_SIZE];
	int64_t t;

	*ret = *v;
	if (v->type != VALUE_STRING)
		return true;
	for (; n && isspace((unsigned char)s[0]); s++)
		n--;
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	s = arena_dup(a, s, n);
	if (time_parse(s, &t) || gentime_parse(s, &t))
		*ret = value_string(arena_strdup(a, time_format(t, text)));
	else
		*ret = flags & SCHEMA_NO_CASE ? fold_value(a, s, n) : value_stringn(s, n);
	return n > 0;
}

static void settle_attr(const struct attr *at, unsigned flags, unsigned id, struct entry *ret)
{
	entry_clear(ret, id);
	for (unsigned i = 0; at && i < at->count; i++) {
		const struct attr *have = entry_get(ret, id);
		struct value v;
		bool there = !settle_value(&at->values[i], flags, ret->arena, &v);

		for (unsigned k = 0; have && k < have->count && !there; k++)
			there = value_equal(&have->values[k], &v);
		if (!there)
			entry_add(ret, id, v);
	}
}

static bool is_settled(const struct delta_attr *d, const struct schema_class *class)
{
	const struct schema_attr *sa = class ? schema_attr_find(class, attr_name(d->id)) : NULL;
	unsigned flags = sa ? sa->flags : 0;
	_cleanup_arena_ struct arena a = {0};
	struct entry e;

	if (d->before && !d->before->count) /* in doubt: nothing is known to be there */
		return false;
	entry_init(&e, &a);
	settle_attr(d->before, flags, 1, &e);
	settle_attr(d->after, flags, 2, &e);
	return attr_equal(entry_get(&e, 1), entry_get(&e, 2));
}

void delta_settle(struct delta *d, const struct schema_class *class)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->n_attrs; i++)
		if (!is_settled(&d->attrs[i], class))
			d->attrs[n++] = d->attrs[i];
	d->n_attrs = n;
}

const char *delta_names(const struct delta *d, unsigned max, struct arena *a)
{
	_cleanup_buf_ struct buf b = {0};

	for (unsigned i = 0; i < d->n_attrs && i < max; i++) {
		buf_adds(&b, i ? ", " : "");
		buf_adds(&b, attr_name(d->attrs[i].id));
	}
	if (d->n_attrs > max)
		buf_adds(&b, ", ...");
	return arena_dup(a, buf_str(&b), b.len);
}
