/* What a lookup delivers: kept in memory, and later written as an import writes it. */
#include "sync/chosen.h"
#include "store/error.h"
#include "sync/errors.h"
#include "sync/import/import.h"
#include "sync/soa.h"
#include "sync/soa_apply.h"

/* --- keeping --- */

static struct found_object *add_object(struct found *f)
{
	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 16;
		f->objects = xrealloc(f->objects, f->cap * sizeof(*f->objects));
	}
	f->objects[f->n] = (struct found_object){.change = COUNTER_COUNT};
	return &f->objects[f->n++];
}

static const char *copy(struct arena *a, const char *text)
{
	return text ? arena_strdup(a, text) : NULL;
}

static struct entry *new_entry(
	struct found *f, const char *class, const char *dn, const char *anchor)
{
	struct entry *en = arena_alloc(&f->arena, sizeof(*en));

	entry_init(en, &f->arena);
	en->class = copy(&f->arena, class);
	en->dn = copy(&f->arena, dn);
	en->anchor = copy(&f->arena, anchor);
	return en;
}

static int keep_object(struct import_sink *sink, const struct import_object *o, struct err *e)
{
	struct found *f = container_of(sink, struct found, sink);
	const struct entry *en = o->entry;
	struct found_object *fo = add_object(f);

	fo->object = *o;
	fo->object.entry = new_entry(f, en->class, en->dn, en->anchor);
	fo->object.changes = NULL;
	fo->object.n_changes = 0;
	for (unsigned i = 0; i < en->n_attrs; i++)
		entry_set_all(
			fo->object.entry, en->attrs[i].id, en->attrs[i].values, en->attrs[i].count);
	return 0;
}

static int keep_bad(struct import_sink *sink, const char *dn, const char *anchor,
	const char *error_type, const char *text, struct err *e)
{
	struct found *f = container_of(sink, struct found, sink);
	struct found_object *fo = add_object(f);

	fo->object.entry = new_entry(f, NULL, dn, anchor);
	fo->error = arena_printf(&f->arena, "%s: %s", error_type, text);
	return 0;
}

static int keep_flag(struct import_sink *sink, const char *class, unsigned attr, const char *anchor,
	struct err *e)
{
	struct found *f = container_of(sink, struct found, sink);

	if (f->n_flags == f->cap_flags) {
		f->cap_flags = f->cap_flags ? f->cap_flags * 2 : 16;
		f->flags = xrealloc(f->flags, f->cap_flags * sizeof(*f->flags));
	}
	f->flags[f->n_flags++] =
		(struct found_flag){copy(&f->arena, class), copy(&f->arena, anchor), attr};
	return 0;
}

static void ignore_note(struct import_sink *sink, const char *text)
{
}

void found_init(struct found *f, struct sync_connector *c)
{
	*f = (struct found){
		.sink = {.object = keep_object,
			.bad = keep_bad,
			.flag = keep_flag,
			.note = ignore_note},
		.conn = c,
	};
}

void found_done(struct found *f)
{
	free(f->objects);
	free(f->flags);
	arena_done(&f->arena);
}

/* --- writing --- */

/* An object that was delivered and cannot be kept: its error. */
static int step_bad(struct import_sink *sink, const char *dn, const char *anchor,
	const char *error_type, const char *text, struct err *e)
{
	struct import_step *st = container_of(sink, struct import_step, sink);
	int64_t id;
	int r = cs_id_by_anchor(st->sync->store, st->conn->row.id, anchor, &id, e);

	if (r != 0)
		return MIN(r, 0);
	return object_error_named(st->sync, id, ERROR_IMPORT, error_type, text, e);
}

static void note_error(void *ctx, int64_t cs)
{
	bitmap_set(ctx, cs);
}

/* Which of the counters of an import has counted the object? */
static enum counter counted(const struct counters *before, const struct counters *after)
{
	for (unsigned i = COUNTER_STAGE_NO_CHANGE; i <= COUNTER_STAGE_FAILURE; i++)
		if (after->n[i] > before->n[i])
			return (enum counter)i;
	return COUNTER_STAGE_NO_CHANGE;
}

static int write_object(struct import_step *st, struct found_object *fo, struct err *e)
{
	const char *anchor = fo->object.entry->anchor;
	int64_t connector = st->conn->row.id;

	if (!fo->error && !fo->late && !fo->object.deleted && !fo->object.left) {
		struct counters before = st->sync->counters;

		arena_reset(&st->arena);
		TRY(import_object(st, &fo->object, e));
		fo->change = counted(&before, &st->sync->counters);
	}
	if (anchor)
		TRY(cs_id_by_anchor(st->sync->store, connector, anchor, &fo->cs, e));
	return 0;
}

/* Is the object on the list that says who has the authority? */
static bool is_flagged(const struct found *f, const char *anchor, unsigned attr)
{
	for (unsigned i = 0; i < f->n_flags; i++)
		if (f->flags[i].attr == attr && f->flags[i].anchor &&
			streq(f->flags[i].anchor, anchor))
			return true;
	return false;
}

/* The list of a class is complete: it says of each object that was found who has the authority. */
static int write_flags(
	struct import_step *st, const struct found *f, const struct found_flag *list, struct err *e)
{
	const struct authority_def *def = soa_find(st->conn->type, attr_name(list->attr));

	for (unsigned i = 0; def && i < f->n; i++) {
		const struct found_object *fo = &f->objects[i];
		bool flagged;
		struct cs_row row;
		int r;

		if (fo->error || fo->object.deleted || fo->object.left ||
			!streq(fo->object.entry->class, list->class))
			continue;
		flagged = is_flagged(f, fo->object.entry->anchor, list->attr);
		arena_reset(&st->arena);
		r = cs_find_anchor(st->sync->store, st->conn->row.id, fo->object.entry->anchor,
			&st->arena, &row, e);
		TRY(r);
		if (r == 0 && row.imported && flagged != !!(row.blocked & def->authority))
			TRY(soa_set(st->sync, &row, def->authority, flagged, e));
	}
	return 0;
}

static int write_all(struct import_step *st, struct found *f, struct err *e)
{
	const unsigned *attrs;
	unsigned n;

	attrs = ruleset_read_attrs(st->sync->rules, st->conn->name, &st->sync->arena, &n);
	for (unsigned i = 0; i < n; i++)
		bitmap_set(&st->attrs, attrs[i]);
	TRY(error_ids(st->sync->store, ERROR_IMPORT, note_error, &st->errors, e));
	for (unsigned i = 0; i < f->n; i++)
		TRY(write_object(st, &f->objects[i], e));
	for (unsigned i = 0; i < f->n_flags; i++)
		if (!f->flags[i].anchor)
			TRY(write_flags(st, f, &f->flags[i], e));
	return 0;
}

int chosen_import(struct sync *s, struct found *f, struct err *e)
{
	struct import_step st = {
		.sink = {.bad = step_bad}, .sync = s, .conn = f->conn, .stamp = s->run};
	int r = write_all(&st, f, e);

	arena_done(&st.arena);
	bitmap_done(&st.seen);
	bitmap_done(&st.attrs);
	bitmap_done(&st.errors);
	return r;
}
