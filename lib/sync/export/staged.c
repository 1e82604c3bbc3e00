/* Counts of what an export would delete and remove. */
#include "sync/export/staged.h"
#include "store/cs_link.h"
#include "store/cs_page.h"
#include "store/error.h"
#include "sync/soa.h"

/* Without those that an authority keeps. cc NULL: not configured any more, nothing is known. */
static int64_t sum_of(const struct connector_config *cc, const struct link_removals *list,
	unsigned n, int64_t *ret_of)
{
	int64_t sum = 0;

	*ret_of = 0;
	for (unsigned i = 0; i < n; i++) {
		struct cs_row row = {.class = list[i].class, .blocked = list[i].blocked};

		*ret_of += list[i].of;
		if (!cc || !soa_blocks(&row, soa_class(cc, &row), list[i].attr))
			sum += list[i].n;
	}
	return sum;
}

int staged_removals(struct store *s, const struct connector_config *cc, int64_t connector,
	int64_t *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct link_removals *list;
	int64_t of;
	unsigned n;

	TRY(cs_link_count_removals(s, connector, &a, &list, &n, e));
	*ret = sum_of(cc, list, n, &of);
	return 0;
}

int staged_removals_of(struct store *s, const struct connector_config *cc, int64_t cs, int64_t *ret,
	int64_t *ret_of, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct link_removals *list;
	unsigned n;

	TRY(cs_link_count_removals_of(s, cs, &a, &list, &n, e));
	*ret = sum_of(cc, list, n, ret_of);
	return 0;
}

struct counting {
	struct store *s;
	const struct connector_config *cc;
	int64_t connector;
	struct staged *ret;
	struct arena a;
	struct err *e;
	int failed;
};

/* 1: the object is of the connector, and its removals are held. */
static int is_held(struct counting *c, int64_t cs)
{
	struct error_row er;
	struct cs_row row;
	int r = error_get(c->s, cs, ERROR_EXPORT, &c->a, &er, c->e);

	TRY(r);
	if (r != 0 || er.known != ERROR_TYPE_MEMBER_REMOVAL)
		return 0;
	r = cs_get(c->s, cs, &c->a, &row, c->e);
	TRY(r);
	return r == 0 && row.connector == c->connector;
}

static void count_held(void *ctx, int64_t cs)
{
	struct counting *c = ctx;
	int64_t n, of;
	int r = c->failed < 0 ? c->failed : is_held(c, cs);

	if (r > 0) {
		r = staged_removals_of(c->s, c->cc, cs, &n, &of, c->e);
		if (r == 0) {
			c->ret->held++;
			c->ret->removals = MAX(c->ret->removals, n);
		}
	}
	c->failed = MIN(r, 0);
	arena_reset(&c->a);
}

int staged_in(struct store *s, const struct config *cfg, const struct connector_row *row,
	struct staged *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const struct connector_type *t = connector_type_find(row->type);
	struct counting c = {.s = s,
		.cc = config_connector(cfg, row->name),
		.connector = row->id,
		.ret = ret,
		.e = e};
	struct delete_count *classes;
	unsigned n;
	int r;

	*ret = (struct staged){0};
	if (!t || !t->export)
		return 0;
	TRY(cs_count_deletes(s, row->id, &a, &classes, &n, e));
	for (unsigned i = 0; i < n; i++)
		ret->deletes += classes[i].deletes;
	TRY(staged_removals(s, c.cc, row->id, &ret->references, e));
	r = error_ids(s, ERROR_EXPORT, count_held, &c, e);
	arena_done(&c.a);
	return r < 0 ? r : c.failed;
}

int staged_all(struct store *s, const struct config *cfg, struct staged *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct connector_row *rows;
	struct staged one;
	unsigned n;

	*ret = (struct staged){0};
	TRY(connector_list(s, &a, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		TRY(staged_in(s, cfg, &rows[i], &one, e));
		ret->deletes += one.deletes;
		ret->references += one.references;
		ret->removals = MAX(ret->removals, one.removals);
		ret->held += one.held;
	}
	return 0;
}
