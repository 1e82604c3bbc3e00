/* Functions on multi-valued attributes, and those that decide what is evaluated. */
#include "lang/node.h"
#include "base/buf.h"
#include "base/text.h"

EAGER(f_count)
{
	const struct term *items;

	return term_number((int64_t)term_items(&args[0], &items));
}

static struct term item(struct run_state *rs, const struct term *args, bool or_null)
{
	const struct term *items;
	size_t count = term_items(&args[0], &items);
	int64_t i;

	if (!term_to_number(&args[1], &i))
		return term_error(rs, "Item: the index is no number");
	if (i >= 1 && (uint64_t)i <= count)
		return items[i - 1];
	return or_null ? term_null()
	               : term_error(rs, "Item: there is no value number %lld", (long long)i);
}

EAGER(f_item)
{
	return item(rs, args, false);
}

EAGER(f_itemornull)
{
	return item(rs, args, true);
}

EAGER(f_join)
{
	_cleanup_buf_ struct buf b = {0};
	const struct term *items;
	size_t count = term_items(&args[0], &items), len = 1;
	const char *separator = " ";

	if (n > 1)
		separator = term_to_text(&args[1], rs->ev->arena, &len);
	if (count == 0)
		return term_null();
	for (size_t i = 0; i < count; i++) {
		size_t m;
		const char *s = term_to_text(&items[i], rs->ev->arena, &m);

		if (i)
			buf_add(&b, separator, len);
		buf_add(&b, s, m);
	}
	return term_string(arena_dup(rs->ev->arena, buf_str(&b), b.len), b.len);
}

EAGER(f_split)
{
	size_t len, m, count = 0;
	const char *s = term_to_text(&args[0], rs->ev->arena, &len);
	const char *separator = term_to_text(&args[1], rs->ev->arena, &m);
	struct term *out = arena_alloc(rs->ev->arena, (len + 2) * sizeof(*out));
	int64_t limit = INT64_MAX;
	size_t start = 0;

	if (utf8_len(separator, m) != 1)
		return term_error(rs, "Split: the separator must be one character");
	if (n > 2 && (!term_to_number(&args[2], &limit) || limit < 1))
		return term_error(rs, "Split: the limit is no number above 0");
	for (size_t i = 0; i <= len; i++) {
		bool end = i == len;

		if (!end && ((int64_t)count + 1 >= limit || len - i < m ||
				    memcmp(s + i, separator, m) != 0))
			continue;
		out[count++] =
			term_string(arena_dup(rs->ev->arena, s + start, i - start), i - start);
		if (!end)
			i += m - 1;
		start = i + 1;
	}
	return term_list(rs->ev->arena, out, count);
}

EAGER(f_contains)
{
	const struct term *items;
	size_t count = term_items(&args[0], &items), m;
	const char *what = term_to_text(&args[1], rs->ev->arena, &m);
	int64_t nocase = 0;

	if (n > 2)
		term_to_number(&args[2], &nocase);
	for (size_t i = 0; i < count; i++) {
		size_t len;
		const char *s = term_to_text(&items[i], rs->ev->arena, &len);

		if (items[i].type == TERM_REFERENCE) {
			if (text_casecmp(s, len, what, m) == 0)
				return term_number((int64_t)i + 1);
			continue;
		}
		for (size_t k = 0; k + m <= len; k++)
			if (nocase ? text_casecmp(s + k, m, what, m) == 0
				   : memcmp(s + k, what, m) == 0)
				return term_number((int64_t)i + 1);
	}
	return term_number(0);
}

EAGER(f_removeduplicates)
{
	const struct term *items;
	size_t count = term_items(&args[0], &items), kept = 0;
	struct term *out = arena_alloc(rs->ev->arena, (count + 1) * sizeof(*out));

	for (size_t i = 0; i < count; i++) {
		bool seen = false;

		for (size_t k = 0; k < kept && !seen; k++)
			seen = term_compare(&out[k], &items[i], rs->ev->arena) == 0;
		if (!seen)
			out[kept++] = items[i];
	}
	return term_list(rs->ev->arena, out, kept);
}

LAZY(f_iif)
{
	struct term cond = node_eval(rs, args[0]);

	if (term_stops(&cond))
		return cond;
	return node_eval(rs, args[term_is_true(&cond) ? 1 : 2]);
}

/* Every pair is evaluated, as documented; so an Error() in any of them counts. */
LAZY(f_switch)
{
	struct term result = term_null();
	bool found = false;

	if (n % 2)
		return term_error(rs, "Switch: a condition has no value");
	for (unsigned i = 0; i < n; i += 2) {
		struct term cond = node_eval(rs, args[i]), value = node_eval(rs, args[i + 1]);

		if (term_stops(&cond))
			return cond;
		if (term_stops(&value))
			return value;
		if (!found && term_is_true(&cond)) {
			found = true;
			result = value;
		}
	}
	return result;
}

static int64_t links_of(struct run_state *rs, const struct node *node)
{
	if (!node->attr || !rs->ev->link_count)
		return 0;
	return rs->ev->link_count(rs->ev->ctx, node->attr);
}

/* References are links, not values: they are counted. */
LAZY(f_ispresent)
{
	struct term t = node_eval(rs, args[0]);

	if (term_stops(&t))
		return t;
	if (t.type == TERM_NULL && args[0]->kind == NODE_ATTRIBUTE)
		return term_boolean(links_of(rs, args[0]) > 0);
	return term_boolean(!term_is_empty(&t));
}

LAZY(f_importedvalue)
{
	const struct entry *e = rs->ev->imported ? rs->ev->imported : rs->ev->source;

	return term_from_attr(entry_get(e, args[0]->attr), rs->ev->arena);
}

LAZY(f_valuecount)
{
	const struct attr *a = entry_get(rs->ev->source, args[0]->attr);

	return term_number(a && a->count ? a->count : links_of(rs, args[0]));
}

static bool bind(struct run_state *rs, const struct node *var)
{
	if (var->kind != NODE_VARIABLE || rs->n_vars == ARRAY_SIZE(rs->vars))
		return false;
	rs->vars[rs->n_vars++] = var;
	return true;
}

static struct term each(struct run_state *rs, struct node **args, bool where)
{
	struct term list = node_eval(rs, args[1]), *out;
	const struct term *items;
	size_t count, kept = 0;

	if (term_stops(&list))
		return list;
	if (!bind(rs, args[0]))
		return term_error(rs, "the first argument must be a $variable");
	count = term_items(&list, &items);
	out = arena_alloc(rs->ev->arena, (count + 1) * sizeof(*out));
	for (size_t i = 0; i < count; i++) {
		struct term r;

		rs->var_values[rs->n_vars - 1] = items[i];
		r = node_eval(rs, args[2]);
		if (term_stops(&r))
			return r;
		if (where && term_is_true(&r))
			out[kept++] = items[i];
		else if (!where && r.type != TERM_NULL)
			out[kept++] = r;
	}
	rs->n_vars--;
	return term_list(rs->ev->arena, out, kept);
}

LAZY(f_select)
{
	return each(rs, args, false);
}

LAZY(f_where)
{
	return each(rs, args, true);
}

LAZY(f_with)
{
	struct term value = node_eval(rs, args[1]), r;

	if (term_stops(&value))
		return value;
	if (!bind(rs, args[0]))
		return term_error(rs, "With: the first argument must be a $variable");
	rs->var_values[rs->n_vars - 1] = value;
	r = node_eval(rs, args[2]);
	rs->n_vars--;
	return r;
}
