/* The plan of a migration, see waves.h; and the question of adsyncctl soa plan. */
#include "sync/migration/waves.h"
#include "base/buf.h"
#include "base/hashset.h"
#include "model/dn.h"
#include "store/cs_link.h"
#include "store/cs_page.h"
#include "sync/migration/plan.h"
#include "sync/migration/questions.h"

#include <errno.h>

#define NESTING_MAX 2000000 /* groups in groups */
#define PAGE_IDS 500
#define NAMES_SHOWN 3

/* A subject by its row. */
struct at {
	int64_t row;
	unsigned number;
};

struct waves {
	struct migration *m;
	const struct subject **of; /* those of the plan */
	struct plan_object *objects;
	json_int_t *members; /* of each group */
	struct buf *notes;
	struct at *index; /* sorted by row */
	unsigned n;
	struct plan_member *nesting;
	size_t n_nesting, cap;
	struct hashset groups; /* rows of the sources that are groups */
};

static void waves_done(struct waves *w)
{
	for (unsigned i = 0; w->notes && i < w->n; i++)
		buf_done(&w->notes[i]);
	free(w->notes);
	free(w->of);
	free(w->objects);
	free(w->members);
	free(w->index);
	free(w->nesting);
	hashset_done(&w->groups);
}
#define _cleanup_waves_ _cleanup_(waves_done)

static const struct cs_row *row_of(const struct subject *s)
{
	return s->source.id ? &s->source : &s->target;
}

bool waves_can_switch(const struct subject *s)
{
	return !s->problem && (s->place == PLACE_SYNCED || s->place == PLACE_EXCHANGE_ONLY);
}

static const struct connector_type *type_of(const struct waves *w, int64_t connector)
{
	for (unsigned i = 0; i < w->m->n_rows; i++)
		if (w->m->rows[i].id == connector)
			return connector_type_find(w->m->rows[i].type);
	return NULL;
}

static bool is_group(const struct waves *w, const struct cs_row *row)
{
	const struct connector_type *t = type_of(w, row->connector);

	return t && t->group_class && streq(row->class, t->group_class);
}

static unsigned member_of(const struct waves *w, const struct cs_row *row)
{
	const struct connector_type *t = type_of(w, row->connector);

	return t && t->member_attr ? attr_intern(t->member_attr) : 0;
}

static int by_row(const void *a, const void *b)
{
	const struct at *x = a, *y = b;

	return x->row < y->row ? -1 : x->row > y->row;
}

/* The number of the subject with this row; -1: it is not in the plan. */
static int64_t number_of(const struct waves *w, int64_t row)
{
	const struct at key = {row, 0}, *at = NULL;

	if (w->n)
		at = bsearch(&key, w->index, w->n, sizeof(*w->index), by_row);
	return at ? (int64_t)at->number : -1;
}

static void fill(struct waves *w, const struct subjects *of)
{
	size_t n = (size_t)of->n + 1;

	w->of = xcalloc(n, sizeof(*w->of));
	w->objects = xcalloc(n, sizeof(*w->objects));
	w->members = xcalloc(n, sizeof(*w->members));
	w->notes = xcalloc(n, sizeof(*w->notes));
	w->index = xcalloc(n, sizeof(*w->index));
	for (unsigned i = 0; i < of->n; i++) {
		const struct subject *s = &of->items[i];
		const struct cs_row *row = row_of(s);

		if (!waves_can_switch(s))
			continue;
		w->of[w->n] = s;
		w->objects[w->n] = (struct plan_object){
			.key = arena_printf(&w->m->arena, "%s %lld", dn_key(&w->m->arena, row->dn),
				(long long)row->id),
			.group = is_group(w, row)};
		w->index[w->n] = (struct at){row->id, w->n};
		w->n++;
	}
	qsort(w->index, w->n, sizeof(*w->index), by_row);
}

/* The groups of all directories, in the plan or not. */
static int load_groups(struct waves *w, struct err *e)
{
	for (unsigned i = 0; i < w->m->n_rows; i++) {
		const struct connector_type *t = type_of(w, w->m->rows[i].id);
		int64_t ids[PAGE_IDS], after = 0;
		unsigned n;

		if (!t || !t->group_class)
			continue;
		do {
			TRY(cs_page_imported_class_ids(w->m->store, w->m->rows[i].id,
				t->group_class, after, PAGE_IDS, ids, &n, e));
			for (unsigned k = 0; k < n; k++)
				hashset_add(&w->groups, (uint64_t)ids[k]);
			after = n ? ids[n - 1] : 0;
		} while (n == PAGE_IDS);
	}
	return 0;
}

static int nest(struct waves *w, unsigned group, unsigned member, struct err *e)
{
	if (w->n_nesting == NESTING_MAX)
		return err_set(e, -E2BIG, NULL, 0,
			"more than %d groups in groups: plan fewer objects at a time", NESTING_MAX);
	if (w->n_nesting == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 256;
		w->nesting = xrealloc(w->nesting, w->cap * sizeof(*w->nesting));
	}
	w->nesting[w->n_nesting++] = (struct plan_member){group, member};
	return 0;
}

/* Another group that is not in the plan; true: it is still managed by its source. */
static int stays(struct waves *w, int64_t id, const char **ret_dn, bool *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct subject s;
	struct cs_row row;
	int r = cs_get(w->m->store, id, &a, &row, e);

	*ret = false;
	TRY(r);
	if (r == STORE_NONE)
		return 0;
	TRY(identity_of_row(w->m, &row, &s, e));
	*ret = waves_can_switch(&s);
	*ret_dn = arena_strdup(&w->m->arena, row.dn);
	return 0;
}

/* "contains CN=a, CN=b and others, which are not in the plan" */
struct remark {
	struct buf names;
	unsigned n;
};

static void add_name(struct remark *r, const char *dn)
{
	if (r->n++ < NAMES_SHOWN)
		buf_addf(&r->names, "%s%s", r->n > 1 ? "; " : "", dn);
}

static void end_remark(
	struct waves *w, unsigned number, struct remark *r, const char *before, const char *behind)
{
	struct buf *note = &w->notes[number];

	if (r->n)
		buf_addf(note, "%s%s %s%s: %s", note->len ? ". " : "", before, buf_str(&r->names),
			r->n > NAMES_SHOWN ? " and others" : "", behind);
	buf_done(&r->names);
}

static int read_members(struct waves *w, unsigned number, struct err *e)
{
	const struct cs_row *row = row_of(w->of[number]);
	_cleanup_arena_ struct arena a = {0};
	struct remark below = {0};
	struct cs_link *links;
	unsigned n;
	int r = 0;

	TRY(cs_link_list(w->m->store, row->id, member_of(w, row), &a, &links, &n, e));
	for (unsigned i = 0; i < n && r == 0; i++) {
		int64_t member = number_of(w, links[i].target);
		const char *dn;
		bool stay;

		if (!links[i].imported)
			continue;
		w->members[number]++;
		if (!hashset_has(&w->groups, (uint64_t)links[i].target))
			continue;
		if (member >= 0) {
			r = nest(w, number, (unsigned)member, e);
			continue;
		}
		r = stays(w, links[i].target, &dn, &stay, e);
		if (r == 0 && stay)
			add_name(&below, dn);
	}
	end_remark(w, number, &below, "It contains",
		"not in the plan, to be switched before it or to stay");
	return r;
}

static int read_parents(struct waves *w, unsigned number, struct err *e)
{
	const struct cs_row *row = row_of(w->of[number]);
	_cleanup_arena_ struct arena a = {0};
	unsigned attr = member_of(w, row), n;
	struct remark above = {0};
	struct cs_link *links;
	int r = 0;

	TRY(cs_link_list_target(w->m->store, row->id, &a, &links, &n, e));
	for (unsigned i = 0; i < n && r == 0; i++) {
		const char *dn;
		bool stay;

		if (!links[i].imported || links[i].attr != attr || number_of(w, links[i].cs) >= 0)
			continue;
		r = stays(w, links[i].cs, &dn, &stay, e);
		if (r == 0 && stay)
			add_name(&above, dn);
	}
	end_remark(w, number, &above, "It is in",
		"not in the plan, which loses this member in the cloud");
	return r;
}

static int read_groups(struct waves *w, struct err *e)
{
	for (unsigned i = 0; i < w->n; i++) {
		if (w->m->host && work_canceled(w->m->host))
			return err_set(e, -ECANCELED, NULL, 0, "stopped");
		if (w->m->host && i % 1000 == 999)
			work_progress(w->m->host, json_pack("{s:I, s:I}", "objects", (json_int_t)i,
							  "of", (json_int_t)w->n));
		if (!w->objects[i].group)
			continue;
		TRY(read_members(w, i, e));
		TRY(read_parents(w, i, e));
	}
	return 0;
}

/* --- the answer --- */

/*
 * Those who contain each other, by their names: in the order of the plan they stand together, here
 * from..to - 1.
 */
static void note_cycle(struct waves *w, const unsigned *order, unsigned from, unsigned to)
{
	_cleanup_buf_ struct buf names = {0};

	for (unsigned i = from; i < MIN(to, from + NAMES_SHOWN); i++)
		buf_addf(&names, "%s%s", i > from ? "; " : "", row_of(w->of[order[i]])->dn);
	if (to - from > NAMES_SHOWN)
		buf_addf(&names, " and %u more", to - from - NAMES_SHOWN);
	for (unsigned i = from; i < to; i++) {
		struct buf *note = &w->notes[order[i]];

		buf_addf(note, "%s%s: %s", note->len ? ". " : "",
			to - from > 1 ? "These groups contain each other"
				      : "The group contains itself",
			buf_str(&names));
	}
}

static void note_cycles(struct waves *w, const unsigned *order)
{
	for (unsigned from = 0, to; from < w->n; from = to) {
		unsigned cycle = w->objects[order[from]].cycle;

		for (to = from + 1; cycle && to < w->n && w->objects[order[to]].cycle == cycle;)
			to++;
		if (cycle)
			note_cycle(w, order, from, to);
	}
}

static json_t *object_json(struct waves *w, unsigned number)
{
	const struct plan_object *o = &w->objects[number];
	json_t *ret = subject_json(w->m, w->of[number]);
	const struct buf *note = &w->notes[number];

	if (w->of[number]->wave)
		json_object_set_new(ret, "given", json_integer(w->of[number]->wave));
	json_object_set_new(ret, "wave", json_integer(o->wave));
	json_object_set_new(ret, "level", json_integer(o->level));
	json_object_set_new(ret, "cycle", json_integer(o->cycle));
	json_object_set_new(ret, "group", json_boolean(o->group));
	if (o->group)
		json_object_set_new(ret, "members", json_integer(w->members[number]));
	json_object_set_new(ret, "note", note->len ? json_string(buf_str(note)) : json_null());
	return ret;
}

static json_t *nesting_json(const struct waves *w, const unsigned *order)
{
	unsigned *place = xcalloc((size_t)w->n + 1, sizeof(*place));
	json_t *list = json_array();

	for (unsigned i = 0; i < w->n; i++)
		place[order[i]] = i;
	for (size_t i = 0; i < w->n_nesting; i++)
		json_array_append_new(
			list, json_pack("[I, I]", (json_int_t)place[w->nesting[i].group],
				      (json_int_t)place[w->nesting[i].member]));
	free(place);
	return list;
}

static json_t *left_out(struct migration *m, const struct subjects *of)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < of->n; i++) {
		const struct subject *s = &of->items[i];
		json_t *o;

		if (waves_can_switch(s))
			continue;
		o = subject_json(m, s);
		json_object_set_new(
			o, "why", json_string(s->problem ? s->problem : place_text(s->place)));
		json_array_append_new(list, o);
	}
	return list;
}

int waves_make(struct migration *m, const struct subjects *of, unsigned wave_size, json_t **ret,
	struct err *e)
{
	_cleanup_waves_ struct waves w = {.m = m};
	struct plan_result plan;
	json_t *objects;

	fill(&w, of);
	TRY(load_groups(&w, e));
	TRY(read_groups(&w, e));
	plan_make(w.objects, w.n, w.nesting, w.n_nesting, wave_size, &plan);
	objects = json_array();
	note_cycles(&w, plan.order);
	for (unsigned i = 0; i < w.n; i++)
		json_array_append_new(objects, object_json(&w, plan.order[i]));
	*ret = json_pack("{s:o, s:o, s:o, s:I, s:I}", "objects", objects, "nesting",
		nesting_json(&w, plan.order), "left_out", left_out(m, of), "waves",
		(json_int_t)plan.waves, "cycles", (json_int_t)plan.cycles);
	free(plan.order);
	return 0;
}

int migration_plan(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e)
{
	json_int_t size = json_integer_value(json_object_get(p, "wave_size"));
	_cleanup_migration_ struct migration m = {0};
	struct subjects list;

	TRY(migration_open(
		&m, cfg, json_string_value(json_object_get(p, "connector")), STORE_READ, host, e));
	TRY(identity_parameters(&m, p, &list, e));
	return waves_make(&m, &list, (unsigned)MIN(size, SUBJECTS_MAX), ret, e);
}
