/* Recognizing objects, see recognize.h. The keys are rows of cs_key, beside those of duplicate.c.
 */
#include "sync/recognize.h"
#include "base/codec.h"
#include "base/text.h"
#include "sync/images.h"
#include "sync/soa.h"

#include <stdlib.h>

#define OTHERS 8                   /* read at once for one value */
#define KEYS 0x7265636f676e697aULL /* other keys than those of wanted values */

/* The part of a value that counts. False: the value says nothing of who the object is. */
static bool part_of(const struct connector_type *type, const char *attr, const struct value *v,
	const char **ret, size_t *ret_n)
{
	*ret = v->data;
	*ret_n = v->len;
	if (v->type == VALUE_STRING && type->unique_part)
		return type->unique_part(attr, v, ret, ret_n);
	return (v->type == VALUE_STRING || v->type == VALUE_BINARY) && v->len;
}

static int64_t key_of(
	const char *attr, const struct value *v, const char *part, size_t n, struct arena *a)
{
	if (v->type == VALUE_STRING) /* without case here; compare() looks closer */
		part = text_fold(a, part, n, &n);
	return (int64_t)(hash64(part, n) ^ hash64(attr, strlen(attr)) ^ KEYS);
}

static const char *const *attrs_of(const struct connector_type *type, const char *class)
{
	return type->recognized_by && class ? type->recognized_by(class) : NULL;
}

/* Is the row's DN none of ours? */
static bool is_nameless(const struct cs_row *row)
{
	return row->anchor && !row->mv && row->kind == CS_STAGING && streq(row->dn, row->anchor);
}

int recognize_index(struct sync *s, const struct sync_connector *c, const struct cs_row *row,
	const struct entry *delivered, struct arena *a, struct err *e)
{
	const char *const *names = attrs_of(c->type, row->class), *part;
	size_t n;

	if (!names || !is_nameless(row))
		return 0;
	for (; *names; names++) {
		const struct attr *at = entry_get(delivered, attr_intern(*names));

		for (unsigned i = 0; at && i < at->count; i++)
			if (part_of(c->type, *names, &at->values[i], &part, &n))
				TRY(cs_key_add(s->store, row->connector,
					key_of(*names, &at->values[i], part, n, a), row->id, e));
	}
	return 0;
}

/* --- finding --- */

struct search {
	struct sync *s;
	struct sync_connector *c;
	const char *class;
	const struct schema_attr *attr;
	const struct value *value;
	const char *part;
	size_t n;
	int64_t key;
	struct arena *a;
};

/* 0: another value; 1: the same but for its case, which counts; 2: the same. */
static int compare(const struct search *x, const struct value *v)
{
	const char *part;
	size_t n;

	if (v->type != x->value->type || !part_of(x->c->type, x->attr->name, v, &part, &n))
		return 0;
	if (n == x->n && memcmp(part, x->part, n) == 0)
		return 2;
	if (v->type != VALUE_STRING || text_casecmp(part, n, x->part, x->n) != 0)
		return 0;
	return x->attr->flags & SCHEMA_NO_CASE ? 2 : 1;
}

/* How well a value of the row's image fits, as above. */
static int best_value(const struct search *x, const struct cs_row *row, struct err *e)
{
	const struct attr *at;
	struct entry en;
	int best = 0;

	TRY(row_entry(x->s, row, false, x->a, &en, e));
	at = entry_get(&en, attr_intern(x->attr->name));
	for (unsigned i = 0; at && i < at->count; i++)
		best = MAX(best, compare(x, &at->values[i]));
	return best;
}

enum candidate { CANDIDATE_STALE, CANDIDATE_NONE, CANDIDATE_OURS };

/* What the row behind a key is. */
static int look_at(const struct search *x, int64_t id, struct cs_row *ret,
	enum candidate *ret_candidate, struct err *e)
{
	bool mastered;
	int r = cs_get(x->s->store, id, x->a, ret, e);

	TRY(r);
	*ret_candidate = CANDIDATE_STALE;
	if (r == STORE_NONE || ret->connector != x->c->row.id || !is_nameless(ret))
		return 0;
	r = best_value(x, ret, e);
	if (r <= 0)
		return r;
	*ret_candidate = CANDIDATE_NONE;
	if (r < 2 || ret->deleted || ret->want != WANT_NOTHING || !streq(ret->class, x->class))
		return 0;
	/* what somebody else took over does not show any more that it was ours */
	TRY(row_is_mastered(x->s, x->c, ret, x->a, &mastered, e));
	if (mastered || soa_blocks_all(ret))
		*ret_candidate = CANDIDATE_OURS;
	return 0;
}

/* Adds the rows that have the value, at most two. */
static int find_by_value(
	const struct search *x, struct cs_row *rows, unsigned *ret_n, struct err *e)
{
	unsigned n, n_deleted;
	int64_t ids[OTHERS];

	do { /* outdated keys are deleted, so each round finds others */
		n_deleted = 0;
		TRY(cs_key_find(x->s->store, x->c->row.id, x->key, 0, OTHERS, ids, &n, e));
		for (unsigned i = 0; i < n && *ret_n < 2; i++) {
			enum candidate is;

			TRY(look_at(x, ids[i], &rows[*ret_n], &is, e));
			*ret_n += is == CANDIDATE_OURS;
			if (is != CANDIDATE_STALE)
				continue;
			TRY(cs_key_delete(x->s->store, x->c->row.id, x->key, ids[i], e));
			n_deleted++;
		}
	} while (n == OTHERS && n_deleted && *ret_n < 2);
	return 0;
}

static int by_bytes(const void *x, const void *y)
{
	return value_cmp(x, y);
}

/* By the values of one attribute in the order of their bytes: "SMTP:" stands before "smtp:". */
static int find_by_attr(struct search *x, const struct entry *wanted, struct cs_row *rows,
	unsigned *ret_n, struct err *e)
{
	const struct attr *at = entry_get(wanted, attr_intern(x->attr->name));
	struct value *values;

	if (!at || !at->count)
		return 0;
	values = arena_alloc(x->a, at->count * sizeof(*values));
	memcpy(values, at->values, at->count * sizeof(*values));
	qsort(values, at->count, sizeof(*values), by_bytes);
	for (unsigned i = 0; i < at->count && !*ret_n; i++) {
		x->value = &values[i];
		if (!part_of(x->c->type, x->attr->name, x->value, &x->part, &x->n))
			continue;
		x->key = key_of(x->attr->name, x->value, x->part, x->n, x->a);
		TRY(find_by_value(x, rows, ret_n, e));
	}
	return 0;
}

/* The row is known by its DN from now on. */
static int unindex(struct sync *s, struct sync_connector *c, const struct cs_row *row,
	struct arena *a, struct err *e)
{
	const char *const *names = attrs_of(c->type, row->class), *part;
	struct entry en;
	size_t n;

	TRY(row_entry(s, row, false, a, &en, e));
	for (; *names; names++) {
		const struct attr *at = entry_get(&en, attr_intern(*names));

		for (unsigned i = 0; at && i < at->count; i++)
			if (part_of(c->type, *names, &at->values[i], &part, &n))
				TRY(cs_key_delete(s->store, row->connector,
					key_of(*names, &at->values[i], part, n, a), row->id, e));
	}
	return 0;
}

int recognize_find(struct sync *s, struct sync_connector *c, const char *class,
	const struct entry *wanted, struct arena *a, struct cs_row *ret, const char **ret_problem,
	struct err *e)
{
	const struct settings *settings = &c->cfg->settings;
	const char *const *names = attrs_of(c->type, class);
	const struct schema_class *of = schema_class_find(c->type->schema(settings), class);
	struct search x = {.s = s, .c = c, .class = class, .a = a};
	struct cs_row rows[2];
	unsigned n = 0;

	*ret_problem = NULL;
	/* where no object shows that it is ours, none is recognized */
	if (!names || !of || !c->type->mastered_attr || !c->type->mastered_attr(settings))
		return 0;
	for (; *names && !n; names++) {
		x.attr = schema_attr_find(of, *names);
		if (x.attr)
			TRY(find_by_attr(&x, wanted, rows, &n, e));
	}
	if (n == 1) {
		*ret = rows[0];
		TRY(unindex(s, c, ret, a, e));
		return 1;
	}
	if (n > 1)
		*ret_problem = arena_printf(a,
			"%s and %s in connector \"%s\" have the same %s. Which of them it is "
			"cannot be told, so nothing is sent",
			rows[0].anchor, rows[1].anchor, c->name, x.attr->name);
	return 0;
}
