/*
 * Functions on multi-valued attributes, and those that decide what is evaluated: IIF, Switch,
 * Select, Where, With. The latter are lazy: they get nodes, and bind variables for a part of the
 * tree. How to add a function is told in functions.h.
 */
#include "lang/expr/functions_priv.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/text.h"

EAGER(f_count)
{
	const struct term *items;

	if (args[0].type == TERM_LINKS)
		return term_number(eval_count(rs->ev, (unsigned)args[0].num));
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
		if (b.len > EXPR_TEXT_MAX)
			break;
	}
	return term_own(rs, buf_str(&b), b.len);
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

	if (n > 2 && !term_to_number(&args[2], &nocase))
		nocase = 0; /* as if it were not given */
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

/* Open addressing over the hash of each value's folded text. */
EAGER(f_removeduplicates)
{
	const struct term *items;
	size_t count = term_items(&args[0], &items), kept = 0, slots = 8;
	struct term *out = arena_alloc(rs->ev->arena, (count + 1) * sizeof(*out));
	size_t *table;

	while (slots < count * 2)
		slots *= 2;
	table = arena_zalloc(rs->ev->arena, slots * sizeof(*table));
	for (size_t i = 0; i < count; i++) {
		size_t len, n_folded, at;
		const char *s = term_to_text(&items[i], rs->ev->arena, &len);
		char *folded = text_fold(rs->ev->arena, s, len, &n_folded);

		at = hash64(folded, n_folded) & (slots - 1);
		while (table[at] &&
			term_compare(&out[table[at] - 1], &items[i], rs->ev->arena) != 0)
			at = (at + 1) & (slots - 1);
		if (table[at])
			continue;
		out[kept++] = items[i];
		table[at] = kept;
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

EAGER(f_ispresent)
{
	return term_boolean(!term_is_empty(&args[0]));
}

LAZY(f_importedvalue)
{
	const struct entry *e = rs->ev->imported ? rs->ev->imported : rs->ev->source;

	return term_from_attr(entry_get(e, args[0]->attr), rs->ev->arena);
}

LAZY(f_valuecount)
{
	const struct attr *a = entry_get(rs->ev->source, args[0]->attr);

	return term_number(a && a->count ? a->count : eval_count(rs->ev, args[0]->attr));
}

static bool bind(struct run_state *rs, const struct node *var)
{
	if (rs->n_vars == EXPR_VARS_MAX)
		return false;
	rs->vars[rs->n_vars++] = var->name;
	return true;
}

struct list {
	struct term *items;
	size_t n, cap;
};

/* Lists do not nest: a list adds its items, NULL nothing. */
static void list_add(struct run_state *rs, struct list *l, const struct term *t)
{
	const struct term *items;
	size_t n = term_items(t, &items);

	if (l->n + n > l->cap) {
		struct term *grown;

		l->cap = (l->n + n) * 2 + 8;
		grown = arena_alloc(rs->ev->arena, l->cap * sizeof(*grown));
		if (l->n)
			memcpy(grown, l->items, l->n * sizeof(*grown));
		l->items = grown;
	}
	if (n)
		memcpy(l->items + l->n, items, n * sizeof(*items));
	l->n += n;
}

static struct term each(struct run_state *rs, struct node **args, bool where)
{
	struct term list = node_eval(rs, args[1]);
	const struct term *items;
	struct list out = {0};
	size_t count;

	if (term_stops(&list))
		return list;
	if (!bind(rs, args[0]))
		return term_error(rs, "over %d variables", EXPR_VARS_MAX);
	count = term_items(&list, &items);
	for (size_t i = 0; i < count; i++) {
		struct term r;

		rs->var_values[rs->n_vars - 1] = items[i];
		r = node_eval(rs, args[2]);
		if (term_stops(&r))
			return r;
		if (!where)
			list_add(rs, &out, &r);
		else if (term_is_true(&r))
			list_add(rs, &out, &items[i]);
	}
	rs->n_vars--;
	return term_list(rs->ev->arena, out.items, out.n);
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
		return term_error(rs, "over %d variables", EXPR_VARS_MAX);
	rs->var_values[rs->n_vars - 1] = value;
	r = node_eval(rs, args[2]);
	rs->n_vars--;
	return r;
}
