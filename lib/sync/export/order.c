/*
 * Which row gives up a value (the last import shows it, the rules no longer want it), which row
 * takes it (from the index of wanted values), and the waves: the graph of takers and givers, level
 * by level. If there is no such pair, this costs one read of the rows to be changed or deleted.
 */
#include "sync/export/order.h"
#include "sync/soa.h"
#include "store/cs_page.h"
#include "store/error.h"
#include "sync/export/duplicate.h"
#include "sync/export/state.h"
#include "sync/images.h"

#include <errno.h>

#define TAKERS_MAX 8 /* read for one value; if several want it, only one gets it */

/* taker waits for giver */
struct edge {
	int64_t taker, giver;
	unsigned t, g; /* their nodes */
	bool done;
};

struct node {
	int64_t cs;
	unsigned wave, waits; /* edges where it is the taker, not done */
	unsigned gives;       /* its first edge in by_giver */
	unsigned takes;       /* its first edge in by_taker */
	bool placed, aside;
};

struct graph {
	struct edge *edges; /* in order of taker */
	unsigned n_edges, cap;
	unsigned *by_giver; /* numbers of edges, in order of giver */
	struct node *nodes; /* in order of cs */
	unsigned n;
	unsigned *ready; /* queue of nodes that no longer wait */
	unsigned n_ready, taken;
};

static void edge_add(struct graph *g, int64_t taker, int64_t giver)
{
	if (g->n_edges == g->cap) {
		g->cap = MAX(64u, g->cap * 2);
		g->edges = xrealloc(g->edges, g->cap * sizeof(*g->edges));
	}
	g->edges[g->n_edges++] = (struct edge){.taker = taker, .giver = giver};
}

/* 1: the row is to be sent in this export. */
static int is_sent(struct export_step *st, const struct cs_row *row, struct arena *a, struct err *e)
{
	bool wait;

	if (!export_is_due(row->state) || soa_blocks_all(row) || row->connector != st->conn->row.id)
		return 0;
	TRY(export_must_wait(st, row->state, row->id, a, &wait, e));
	return !wait;
}

/* A row that was refused is sent without waiting: the value that it wants gets free now. */
static int wait_is_over(struct export_step *st, const struct cs_row *row, struct err *e)
{
	int r;

	if (row->state != EXPORT_STATE_FAILED)
		return 0;
	TRY(export_transaction(st, e));
	r = error_retry(st->sync->store, row->id, ERROR_EXPORT, e);
	return MIN(r, 0);
}

/* 1: the row wants the value, does not have it by the last import, and is to be sent. */
static int takes(struct export_step *st, int64_t id, int64_t hash, struct arena *a, struct err *e)
{
	struct unique_keys have, want;
	struct entry en;
	struct cs_row row;
	int r = cs_get(st->sync->store, id, a, &row, e);

	if (r != 0 || row.want != WANT_PRESENT || !row.wanted)
		return MIN(r, 0);
	TRY(row_entry(st->sync, &row, true, a, &en, e));
	duplicate_keys(st->conn, &en, a, &want);
	TRY(row_entry(st->sync, &row, false, a, &en, e));
	duplicate_keys(st->conn, &en, a, &have);
	if (!duplicate_has_key(&want, hash) || duplicate_has_key(&have, hash))
		return 0;
	TRY(wait_is_over(st, &row, e));
	return is_sent(st, &row, a, e);
}

static int given_value(
	struct export_step *st, struct graph *g, int64_t giver, int64_t hash, struct err *e)
{
	int64_t ids[TAKERS_MAX];
	unsigned n;

	TRY(cs_key_find(st->sync->store, st->conn->row.id, hash, giver, TAKERS_MAX, ids, &n, e));
	for (unsigned i = 0; i < n; i++) {
		_cleanup_arena_ struct arena a = {0};
		int r = takes(st, ids[i], hash, &a, e);

		TRY(r);
		if (r)
			edge_add(g, ids[i], giver);
	}
	return 0;
}

/* A new object of another class with the same DN waits for the delete of the old one. */
static int given_anchor(struct export_step *st, struct graph *g, const struct cs_row *giver,
	struct arena *a, struct err *e)
{
	struct cs_row row;
	int r = cs_find_dn(st->sync->store, giver->connector, giver->dn, a, &row, e);

	if (r != 0 || row.id == giver->id || row.want != WANT_PRESENT)
		return MIN(r, 0);
	r = is_sent(st, &row, a, e);
	if (r > 0)
		edge_add(g, row.id, giver->id);
	return MIN(r, 0);
}

static int one_giver(
	struct export_step *st, struct graph *g, const struct cs_row *row, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct unique_keys have, want = {0};
	struct entry en;
	int r = is_sent(st, row, &a, e);

	if (r <= 0 || row->want == WANT_NOTHING || !row->anchor)
		return MIN(r, 0);
	TRY(row_entry(st->sync, row, false, &a, &en, e));
	duplicate_keys(st->conn, &en, &a, &have);
	if (row->want == WANT_ABSENT) {
		TRY(given_anchor(st, g, row, &a, e));
	} else {
		TRY(row_entry(st->sync, row, true, &a, &en, e));
		duplicate_keys(st->conn, &en, &a, &want);
	}
	for (unsigned i = 0; i < have.n; i++) {
		bool owned = row->want == WANT_ABSENT || entry_get(&en, have.items[i].attr);

		if (owned && !duplicate_has_key(&want, have.items[i].hash))
			TRY(given_value(st, g, row->id, have.items[i].hash, e));
	}
	return 0;
}

static int find_edges(struct export_step *st, struct graph *g, struct err *e)
{
	for (unsigned s = 0; s < EXPORT_DUE_COUNT; s++) {
		int64_t after = 0;
		unsigned n;

		do {
			_cleanup_arena_ struct arena page = {0};
			struct cs_row *rows;

			TRY(cs_page_state_known(st->sync->store, st->conn->row.id, export_due[s],
				after, EXPORT_PAGE, &page, &rows, &n, e));
			for (unsigned i = 0; i < n; i++) {
				after = rows[i].id;
				TRY(one_giver(st, g, &rows[i], e));
			}
		} while (n == EXPORT_PAGE);
	}
	return 0;
}

/* --- the graph --- */

static int cmp_edges(const void *x, const void *y)
{
	const struct edge *a = x, *b = y;

	if (a->taker != b->taker)
		return a->taker < b->taker ? -1 : 1;
	return (a->giver > b->giver) - (a->giver < b->giver);
}

static int cmp_ids(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

static int cmp_nodes(const void *x, const void *y)
{
	return cmp_ids(&((const struct node *)x)->cs, &((const struct node *)y)->cs);
}

static unsigned node_of(const struct graph *g, int64_t cs)
{
	struct node key = {.cs = cs};

	return (unsigned)((struct node *)bsearch(&key, g->nodes, g->n, sizeof(key), cmp_nodes) -
			  g->nodes);
}

/* Several values between the same two objects become one edge. */
static void edges_sort(struct graph *g)
{
	unsigned n = 0;

	qsort(g->edges, g->n_edges, sizeof(*g->edges), cmp_edges);
	for (unsigned i = 0; i < g->n_edges; i++)
		if (i == 0 || cmp_edges(&g->edges[i], &g->edges[n - 1]))
			g->edges[n++] = g->edges[i];
	g->n_edges = n;
}

static void nodes_make(struct graph *g, struct arena *a)
{
	int64_t *ids = arena_alloc(a, g->n_edges * 2 * sizeof(*ids));

	for (unsigned i = 0; i < g->n_edges; i++) {
		ids[2 * i] = g->edges[i].taker;
		ids[2 * i + 1] = g->edges[i].giver;
	}
	qsort(ids, g->n_edges * 2, sizeof(*ids), cmp_ids);
	g->nodes = arena_zalloc(a, (g->n_edges * 2 + 1) * sizeof(*g->nodes));
	for (unsigned i = 0; i < g->n_edges * 2; i++)
		if (i == 0 || ids[i] != ids[i - 1])
			g->nodes[g->n++].cs = ids[i];
}

/* Makes the nodes and sorts the edges by giver: a counting sort. */
static void graph_link(struct graph *g, struct arena *a)
{
	unsigned *next;

	edges_sort(g);
	nodes_make(g, a);
	g->by_giver = arena_alloc(a, g->n_edges * sizeof(*g->by_giver));
	g->ready = arena_alloc(a, g->n * sizeof(*g->ready));
	next = arena_zalloc(a, (g->n + 1) * sizeof(*next));
	for (unsigned i = g->n_edges; i-- > 0;) {
		struct edge *ed = &g->edges[i];

		ed->t = node_of(g, ed->taker);
		ed->g = node_of(g, ed->giver);
		g->nodes[ed->t].waits++;
		g->nodes[ed->t].takes = i;
		next[ed->g + 1]++;
	}
	for (unsigned i = 0; i < g->n; i++) {
		next[i + 1] += next[i];
		g->nodes[i].gives = next[i];
	}
	for (unsigned i = 0; i < g->n_edges; i++)
		g->by_giver[next[g->edges[i].g]++] = i;
}

/* What the node gives up is free after that wave: its takers wait for it no longer. */
static void release(struct graph *g, unsigned n, unsigned wave)
{
	for (unsigned i = g->nodes[n].gives; i < g->n_edges; i++) {
		struct edge *ed = &g->edges[g->by_giver[i]];
		struct node *taker = &g->nodes[ed->t];

		if (ed->g != n)
			break;
		if (ed->done)
			continue;
		ed->done = true;
		taker->wave = MAX(taker->wave, wave + 1);
		if (--taker->waits == 0)
			g->ready[g->n_ready++] = ed->t;
	}
}

static void drain(struct graph *g)
{
	while (g->taken < g->n_ready) {
		unsigned n = g->ready[g->taken++];

		g->nodes[n].placed = true;
		release(g, n, g->nodes[n].wave);
	}
}

/* Follows from a waiting node what it waits for, until a node comes twice: that is in a ring. */
static unsigned in_a_ring(const struct graph *g, unsigned n, struct bitmap *met)
{
	bitmap_clear(met);
	while (!bitmap_get(met, n)) {
		unsigned i = g->nodes[n].takes;

		bitmap_set(met, n);
		while (g->edges[i].done)
			i++;
		n = g->edges[i].g;
	}
	return n;
}

static void graph_order(struct graph *g)
{
	struct bitmap met = {0};

	for (unsigned i = 0; i < g->n; i++)
		if (g->nodes[i].waits == 0)
			g->ready[g->n_ready++] = i;
	drain(g);
	for (unsigned i = 0; i < g->n; i++)
		while (!g->nodes[i].placed) {
			unsigned n = in_a_ring(g, i, &met);

			g->nodes[n].aside = true;
			release(g, n, 0);
			drain(g);
		}
	bitmap_done(&met);
}

static int cmp_items(const void *x, const void *y)
{
	const struct order_item *a = x, *b = y;

	if (a->wave != b->wave)
		return a->wave < b->wave ? -1 : 1;
	return (a->cs > b->cs) - (a->cs < b->cs);
}

int order_make(struct export_step *st, struct order *ret, struct err *e)
{
	struct graph g = {0};
	int r = st->conn->type->unique_attrs ? find_edges(st, &g, e) : 0;

	*ret = (struct order){0};
	if (r >= 0 && g.n_edges) {
		graph_link(&g, &ret->arena);
		graph_order(&g);
		ret->items = arena_alloc(&ret->arena, g.n * 2 * sizeof(*ret->items));
		for (unsigned i = 0; i < g.n; i++) {
			const struct node *n = &g.nodes[i];

			ret->items[ret->n++] = (struct order_item){n->cs, n->wave, false};
			if (n->aside)
				ret->items[ret->n++] = (struct order_item){n->cs, 0, true};
		}
		qsort(ret->items, ret->n, sizeof(*ret->items), cmp_items);
	}
	free(g.edges);
	return MIN(r, 0);
}

void order_done(struct order *o)
{
	arena_done(&o->arena);
	*o = (struct order){0};
}

/* --- standing aside --- */

/* The attribute without the values that the row no longer wants, or with a stand-in for them. */
static bool aside_attr(const struct export_step *st, const struct cs_row *row,
	const struct unique_keys *have, const struct unique_keys *want, const struct attr *before,
	struct entry *ret, struct arena *a)
{
	const struct connector_type *type = st->conn->type;
	bool gives = false;

	entry_clear(ret, before->id);
	for (unsigned i = 0; i < have->n; i++) {
		const struct unique_key *k = &have->items[i];
		const char *other;

		if (k->attr != before->id || duplicate_has_key(want, k->hash))
			continue;
		gives = true;
		other = type->stand_in
		                ? type->stand_in(attr_name(k->attr), k->value->data, row->dn, a)
		                : NULL;
		if (other)
			entry_add(ret, before->id, value_string(other));
	}
	for (unsigned i = 0; gives && i < before->count; i++) {
		bool kept = true;

		for (unsigned k = 0; k < have->n; k++)
			if (have->items[k].value == &before->values[i])
				kept = duplicate_has_key(want, have->items[k].hash);
		if (kept)
			entry_add(ret, before->id, before->values[i]);
	}
	return gives;
}

void order_aside(struct export_step *st, const struct cs_row *row, const struct entry *imported,
	const struct entry *wanted, struct arena *a, struct entry *ret_entry,
	struct delta *ret_delta)
{
	struct unique_keys have, want;

	entry_init(ret_entry, a);
	duplicate_keys(st->conn, imported, a, &have);
	duplicate_keys(st->conn, wanted, a, &want);
	ret_delta->n_attrs = 0;
	ret_delta->attrs = arena_alloc(a, (imported->n_attrs + 1) * sizeof(*ret_delta->attrs));
	for (unsigned i = 0; i < imported->n_attrs; i++) {
		const struct attr *before = &imported->attrs[i];

		if (!entry_get(wanted, before->id))
			continue;
		if (aside_attr(st, row, &have, &want, before, ret_entry, a))
			ret_delta->attrs[ret_delta->n_attrs++] =
				(struct delta_attr){.id = before->id, .before = before};
		else
			entry_remove(ret_entry, before->id);
	}
	for (unsigned i = 0; i < ret_delta->n_attrs; i++)
		ret_delta->attrs[i].after = entry_get(ret_entry, ret_delta->attrs[i].id);
}
