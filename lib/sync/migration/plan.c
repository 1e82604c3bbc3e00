/*
 * plan, see plan.h. The circles are the strongly connected components of the groups, found with
 * Tarjan's algorithm. It keeps a stack of its own: a chain of 50,000 groups is not 50,000 calls.
 * A component comes out after those that it reaches, so that the levels are known on the way.
 */
#include "sync/migration/plan.h"
#include "base/err.h"

#include <assert.h>

#define NEVER UINT_MAX

struct graph {
	struct plan_object *objects;
	unsigned n;
	/* members of group i: to[first[i]] to to[first[i + 1] - 1], only those that are groups */
	size_t *first;
	unsigned *to;
	/* Tarjan's */
	unsigned *index, *low; /* index NEVER: not seen yet */
	unsigned *stack, n_stack;
	bool *on_stack;
	struct frame {
		unsigned object;
		size_t next; /* in `to` */
	} * frames;
	unsigned n_frames, n_seen;
	/* components */
	unsigned *component;          /* of each object */
	struct component *components; /* at most as many as there are objects */
	unsigned n_components;
};

struct component {
	const char *key; /* the smallest of its objects */
	unsigned size, level;
	bool group, cycle;
};

static void graph_done(struct graph *g)
{
	free(g->first);
	free(g->to);
	free(g->index);
	free(g->low);
	free(g->stack);
	free(g->on_stack);
	free(g->frames);
	free(g->component);
	free(g->components);
}
#define _cleanup_graph_ _cleanup_(graph_done)

static bool counts(const struct graph *g, const struct plan_member *m)
{
	assert(m->group < g->n && m->member < g->n);
	return g->objects[m->group].group && g->objects[m->member].group;
}

static void graph_init(struct graph *g, struct plan_object *objects, unsigned n,
	const struct plan_member *members, size_t n_members)
{
	*g = (struct graph){.objects = objects, .n = n};
	g->first = xcalloc((size_t)n + 2, sizeof(*g->first));
	g->to = xcalloc(n_members + 1, sizeof(*g->to));
	g->index = xcalloc((size_t)n + 1, sizeof(*g->index));
	g->low = xcalloc((size_t)n + 1, sizeof(*g->low));
	g->stack = xcalloc((size_t)n + 1, sizeof(*g->stack));
	g->on_stack = xcalloc((size_t)n + 1, sizeof(*g->on_stack));
	g->frames = xcalloc((size_t)n + 1, sizeof(*g->frames));
	g->component = xcalloc((size_t)n + 1, sizeof(*g->component));
	g->components = xcalloc((size_t)n + 1, sizeof(*g->components));
	for (unsigned i = 0; i < n; i++)
		g->index[i] = NEVER;
	/* first[i + 2] counts, then is where the next member of group i + 1 goes */
	for (size_t i = 0; i < n_members; i++)
		if (counts(g, &members[i]))
			g->first[members[i].group + 2]++;
	for (unsigned i = 2; i <= n; i++)
		g->first[i] += g->first[i - 1];
	for (size_t i = 0; i < n_members; i++)
		if (counts(g, &members[i]))
			g->to[g->first[members[i].group + 1]++] = members[i].member;
}

/* --- circles and levels --- */

static void enter(struct graph *g, unsigned object)
{
	g->index[object] = g->low[object] = g->n_seen++;
	g->stack[g->n_stack++] = object;
	g->on_stack[object] = true;
	g->frames[g->n_frames++] = (struct frame){object, g->first[object]};
}

/* The level of a component: those of its members that are outside of it are known. */
static void find_level(struct graph *g, unsigned object, unsigned number)
{
	struct component *c = &g->components[number];

	for (size_t i = g->first[object]; i < g->first[object + 1]; i++) {
		unsigned to = g->component[g->to[i]];

		if (to == number)
			c->cycle = true; /* a group in itself, too */
		else
			c->level = MAX(c->level, g->components[to].level + 1);
	}
}

/* The objects on the stack down to `object` are one component. */
static void close_component(struct graph *g, unsigned object)
{
	unsigned number = g->n_components++, from = g->n_stack;
	struct component *c = &g->components[number];

	do {
		unsigned o = g->stack[--from];

		g->on_stack[o] = false;
		g->component[o] = number;
		c->size++;
		if (!c->key || strcmp(g->objects[o].key, c->key) < 0)
			c->key = g->objects[o].key;
	} while (g->stack[from] != object);
	c->group = g->objects[object].group;
	for (unsigned i = from; i < g->n_stack; i++)
		find_level(g, g->stack[i], number);
	g->n_stack = from;
}

static void visit(struct graph *g, unsigned root)
{
	enter(g, root);
	while (g->n_frames) {
		struct frame *f = &g->frames[g->n_frames - 1];
		unsigned object = f->object;

		if (f->next < g->first[object + 1]) {
			unsigned to = g->to[f->next++];

			if (g->index[to] == NEVER)
				enter(g, to);
			else if (g->on_stack[to])
				g->low[object] = MIN(g->low[object], g->index[to]);
			continue;
		}
		g->n_frames--;
		if (g->low[object] == g->index[object])
			close_component(g, object);
		if (g->n_frames) {
			unsigned above = g->frames[g->n_frames - 1].object;

			g->low[above] = MIN(g->low[above], g->low[object]);
		}
	}
}

/* --- the order --- */

static int compare(const void *a, const void *b, void *ctx)
{
	const struct graph *g = ctx;
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
	const struct component *cx = &g->components[g->component[x]];
	const struct component *cy = &g->components[g->component[y]];

	if (cx->group != cy->group)
		return cx->group ? -1 : 1;
	if (cx->level != cy->level)
		return cx->level < cy->level ? -1 : 1;
	if (cx != cy)
		return strcmp(cx->key, cy->key);
	return strcmp(g->objects[x].key, g->objects[y].key);
}

/* Numbers for waves and circles, along the order. */
static void number(struct graph *g, unsigned wave_size, struct plan_result *ret)
{
	unsigned filled = 0;

	for (unsigned i = 0; i < g->n;) {
		const struct component *c = &g->components[g->component[ret->order[i]]];
		const struct component *before =
			i ? &g->components[g->component[ret->order[i - 1]]] : NULL;

		if (!before || before->group != c->group ||
			(wave_size && (filled >= wave_size || c->size > wave_size - filled))) {
			ret->waves++;
			filled = 0;
		}
		if (c->cycle)
			ret->cycles++;
		filled += c->size;
		for (unsigned k = 0; k < c->size; k++) {
			struct plan_object *o = &g->objects[ret->order[i++]];

			o->wave = ret->waves;
			o->level = c->level;
			o->cycle = c->cycle ? ret->cycles : 0;
		}
	}
}

void plan_make(struct plan_object *objects, unsigned n, const struct plan_member *members,
	size_t n_members, unsigned wave_size, struct plan_result *ret)
{
	_cleanup_graph_ struct graph g;

	assert(n <= PLAN_OBJECTS_MAX);
	graph_init(&g, objects, n, members, n_members);
	for (unsigned i = 0; i < n; i++)
		if (g.index[i] == NEVER)
			visit(&g, i);
	*ret = (struct plan_result){.order = xcalloc((size_t)n + 1, sizeof(*ret->order))};
	for (unsigned i = 0; i < n; i++)
		ret->order[i] = i;
	qsort_r(ret->order, n, sizeof(*ret->order), compare, &g);
	number(&g, wave_size, ret);
}
