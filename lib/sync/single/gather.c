/* What the directories have of the object now, and of those around it. */
#include "model/dn.h"
#include "model/dtyp.h"
#include "store/cs_page.h"
#include "sync/single/work.h"
#include "sync/view/show.h"

#include <errno.h>

/* Objects of such a connector can be asked for by their DN, and rules read them. */
static bool can_be_source(const struct sync_connector *c)
{
	return c->is_source && c->type->lookup && !c->type->refs_are_anchors;
}

static bool host_canceled(void *ctx)
{
	return sync_canceled(ctx);
}

/* One lookup in a connector; what it delivers is kept in f. */
static enum conn_result look_up(struct single *w, struct sync_connector *c,
	struct lookup_request *req, struct found *f, struct err *e)
{
	struct connector_host host = {.canceled = host_canceled,
		.ctx = &w->s,
		.cursor = c->row.cursor,
		.cursor_len = c->row.cursor_len};
	struct connector *con = NULL;
	enum conn_result r;

	req->attrs = ruleset_read_attrs(w->s.rules, c->name, &w->s.arena, &req->n_attrs);
	req->cursor = c->row.cursor;
	req->cursor_len = c->row.cursor_len;
	r = c->type->open(&c->cfg->settings, &host, &con, e);
	if (r == CONN_OK)
		r = c->type->lookup(con, req, &f->sink, e);
	c->type->close(con);
	return r;
}

static int failed(struct sync_connector *c, enum conn_result r, struct err *e)
{
	if (e->code >= 0)
		e->code = r == CONN_DOWN ? -EHOSTDOWN : -EIO;
	return err_prefix(e, "%s cannot be asked", c->name);
}

/* --- the object itself --- */

static const struct found_object *first_there(const struct found *f)
{
	for (unsigned i = 0; i < f->n; i++)
		if (!f->objects[i].error && !f->objects[i].object.deleted &&
			!f->objects[i].object.left)
			return &f->objects[i];
	return NULL;
}

/* Everything that the directory shows of it, also where the settings leave it out. 1: it is there.
 */
static int look_at(
	struct single *w, struct sync_connector *c, const struct lookup_name *name, struct err *e)
{
	struct lookup_request req = {.names = name, .n = 1, .everything = true, .any_scope = true};
	const struct found_object *fo;
	enum conn_result r;

	found_done(&w->shown);
	found_init(&w->shown, c);
	r = look_up(w, c, &req, &w->shown, e);
	if (r != CONN_OK)
		return failed(c, r, e);
	fo = first_there(&w->shown);
	if (w->shown.n && w->shown.objects[0].error)
		report_note(w, "%s", w->shown.objects[0].error);
	if (!fo)
		return 0;
	w->everything = fo->object.entry;
	w->name.dn = w->everything->dn;
	w->name.anchor = w->everything->anchor;
	return 1;
}

/* The row that the name means, in a connector that can be asked; joined to it where need be. */
static int known_row(struct single *w, struct cs_row *ret, struct err *e)
{
	struct cs_row *rows;
	struct err ignored = {0};
	unsigned n = 0;
	int r = show_find_row(
		w->s.store, w->req->connector, w->req->name, &w->arena, ret, &ignored);

	if (r == -ENOENT)
		return STORE_NONE;
	if (r < 0) {
		*e = ignored;
		return r;
	}
	w->source = sync_connector_by_id(&w->s, ret->connector);
	if (w->source && can_be_source(w->source))
		return 0;
	if (ret->mv)
		TRY(cs_page_sources(w->s.store, ret->mv, &w->arena, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		w->source = sync_connector_by_id(&w->s, rows[i].connector);
		*ret = rows[i];
		if (w->source && can_be_source(w->source))
			return 0;
	}
	return err_set(e, -ENOENT, NULL, 0,
		"%s cannot be read by itself: no connector that can be asked for single objects "
		"has it, or is joined to it",
		w->req->name);
}

static int find_unknown(struct single *w, struct err *e)
{
	unsigned char guid[16];
	bool by_anchor = guid_parse(guid, w->req->name);
	struct lookup_name name = {
		.dn = by_anchor ? NULL : w->req->name, .anchor = by_anchor ? w->req->name : NULL};

	if (!by_anchor && !strchr(w->req->name, '='))
		return err_set(e, -ENOENT, NULL, 0,
			"\"%s\" is neither a DN nor the anchor of an object", w->req->name);
	for (unsigned i = 0; i < w->s.n_connectors; i++) {
		struct sync_connector *c = &w->s.connectors[i];
		int r;

		if (!can_be_source(c) || (w->req->connector && !streq(w->req->connector, c->name)))
			continue;
		r = look_at(w, c, &name, e);
		TRY(r);
		if (!r)
			continue;
		w->source = c;
		return 0;
	}
	return err_set(
		e, -ENOENT, NULL, 0, "no source directory has an object \"%s\"", w->req->name);
}

/* Where the object is. STORE_NONE: its row is known, and the directory has it no more. */
static int find_object(struct single *w, struct err *e)
{
	struct cs_row row;
	int r = known_row(w, &row, e);

	TRY(r);
	if (r == STORE_NONE)
		return find_unknown(w, e);
	w->name = (struct lookup_name){.dn = row.dn, .anchor = row.anchor};
	r = look_at(w, w->source, &w->name, e);
	TRY(r);
	if (r)
		return 0;
	report_note(w,
		"%s does not have %s any more. This command deletes nothing: the next cycle "
		"imports the delete and does what the rules say",
		w->source->name, row.dn);
	return STORE_NONE;
}

/* --- what it refers to --- */

struct name_list {
	struct lookup_name *names;
	unsigned n, left;
};

static void add_name(struct single *w, struct name_list *l, const char *anchor, const char *dn)
{
	for (unsigned i = 0; i < l->n; i++)
		if (anchor ? l->names[i].anchor && streq(l->names[i].anchor, anchor)
			   : streq(l->names[i].dn, dn))
			return;
	if (l->n == SINGLE_REFERENCES_MAX)
		l->left++;
	else
		l->names[l->n++] = (struct lookup_name){.dn = dn, .anchor = anchor};
}

static int look_up_references(struct single *w, const struct entry *en, struct err *e)
{
	struct name_list l = {
		.names = arena_alloc(&w->arena, SINGLE_REFERENCES_MAX * sizeof(*l.names))};
	struct lookup_request req = {0};
	enum conn_result r;

	for (unsigned i = 0; i < en->n_attrs; i++) {
		const struct attr *a = &en->attrs[i];

		for (unsigned k = 0; k < a->count && a->values[k].type == VALUE_REFERENCE; k++) {
			const char *anchor, *dn;

			w->source->type->reference(a->values[k].data, &w->arena, &anchor, &dn);
			add_name(w, &l, anchor, dn);
		}
	}
	if (l.left)
		report_note(w,
			"it refers to %u objects more than the %d that are read with it; "
			"references to those are sent only where they were synchronized before",
			l.left, SINGLE_REFERENCES_MAX);
	if (!l.n)
		return 0;
	req.names = l.names;
	req.n = l.n;
	r = look_up(w, w->source, &req, found_of(w, w->source), e);
	return r == CONN_OK ? 0 : failed(w->source, r, e);
}

/* As an import delivers it. STORE_NONE: the settings leave it out. */
static int look_up_object(struct single *w, struct err *e)
{
	struct lookup_request req = {.names = &w->name, .n = 1};
	struct found *f = found_of(w, w->source);
	enum conn_result r = look_up(w, w->source, &req, f, e);
	const struct found_object *fo;

	if (r != CONN_OK)
		return failed(w->source, r, e);
	fo = first_there(f);
	if (!fo && f->n && f->objects[0].error)
		return 0; /* it cannot be read: that is told as the result of the import */
	if (!fo)
		report_note(w,
			"%s is in %s, but the settings of the connector, or the class of the "
			"object, leave it out: it is not imported, and this command deletes "
			"nothing",
			w->name.dn, w->source->name);
	return fo ? look_up_references(w, fo->object.entry, e) : STORE_NONE;
}

/* --- what is joined to them elsewhere --- */

/* Rows of the connector that are chosen and can be asked for. */
static int look_up_rows(struct single *w, struct sync_connector *c, struct err *e)
{
	struct lookup_request req = {0};
	struct lookup_name *names;
	struct found *f = found_of(w, c);
	enum conn_result r;
	unsigned n = 0;

	for (int64_t id = 0; (id = bitmap_next(&w->rows, id));)
		n++;
	names = arena_alloc(&w->arena, (n + 1) * sizeof(*names));
	for (int64_t id = 0; (id = bitmap_next(&w->rows, id));) {
		struct cs_row row;
		int g = cs_get(w->s.store, id, &w->arena, &row, e);

		TRY(g);
		if (g == 0 && row.connector == c->row.id && row.anchor)
			names[req.n++] = (struct lookup_name){.dn = row.dn, .anchor = row.anchor};
	}
	req.names = names;
	found_done(f);
	found_init(f, c);
	if (!req.n || !c->type->lookup)
		return 0;
	r = look_up(w, c, &req, f, failure_of(w, c));
	if (r != CONN_OK)
		(void)failed(c, r, failure_of(w, c));
	return 0;
}

int gather_again(struct single *w, struct sync_connector *c, struct err *e)
{
	*failure_of(w, c) = (struct err){0};
	return look_up_rows(w, c, e);
}

static int add_joined(struct single *w, const char *anchor, struct err *e)
{
	struct cs_row row, *rows;
	unsigned n;
	int r = cs_find_anchor(w->s.store, w->source->row.id, anchor, &w->arena, &row, e);

	if (r != 0)
		return MIN(r, 0);
	bitmap_set(&w->rows, row.id);
	if (!row.mv)
		return 0;
	bitmap_set(&w->mvs, row.mv);
	TRY(cs_page_joined(w->s.store, row.mv, &w->arena, &rows, &n, e));
	for (unsigned i = 0; i < n; i++)
		bitmap_set(&w->rows, rows[i].id);
	return 0;
}

static int look_up_joined(struct single *w, struct err *e)
{
	const struct found *f = found_of(w, w->source);

	for (unsigned i = 0; i < f->n; i++)
		if (f->objects[i].object.entry->anchor)
			TRY(add_joined(w, f->objects[i].object.entry->anchor, e));
	for (unsigned i = 0; i < w->s.n_connectors; i++)
		if (&w->s.connectors[i] != w->source)
			TRY(look_up_rows(w, &w->s.connectors[i], e));
	return 0;
}

int gather(struct single *w, struct err *e)
{
	int r = find_object(w, e);

	if (r == 0)
		r = look_up_object(w, e);
	return r == 0 ? look_up_joined(w, e) : r;
}
