/* Objects that are checked, as their directories show them now: see gather.h. */
#include "sync/migration/gather_priv.h"

struct listener {
	struct import_sink sink;
	struct gather *g;
	struct gather_live *live;
	unsigned n;
};

static struct gather_live *live_of(struct listener *l, const char *anchor)
{
	for (unsigned i = 0; anchor && i < l->n; i++)
		if (l->live[i].anchor && strcasecmp(l->live[i].anchor, anchor) == 0)
			return &l->live[i];
	return NULL;
}

static struct entry *copy(const struct entry *en, struct arena *a)
{
	struct entry *ret = arena_zalloc(a, sizeof(*ret));

	entry_init(ret, a);
	ret->class = en->class ? arena_strdup(a, en->class) : NULL;
	ret->dn = en->dn ? arena_strdup(a, en->dn) : NULL;
	ret->anchor = en->anchor ? arena_strdup(a, en->anchor) : NULL;
	for (unsigned i = 0; i < en->n_attrs; i++)
		entry_set_all(ret, en->attrs[i].id, en->attrs[i].values, en->attrs[i].count);
	return ret;
}

static int hear_object(struct import_sink *sink, const struct import_object *o, struct err *e)
{
	struct listener *l = container_of(sink, struct listener, sink);
	struct gather_live *at = live_of(l, o->entry->anchor);

	if (at && !o->deleted && !o->left)
		at->entry = copy(o->entry, &l->g->batch);
	return 0;
}

static int hear_bad(struct import_sink *sink, const char *dn, const char *anchor,
	const char *error_type, const char *text, struct err *e)
{
	struct listener *l = container_of(sink, struct listener, sink);
	struct gather_live *at = live_of(l, anchor);

	if (at)
		at->unread = arena_printf(&l->g->batch, "it cannot be read: %s", text);
	return 0;
}

static int hear_flag(struct import_sink *sink, const char *class, unsigned attr, const char *anchor,
	struct err *e)
{
	return 0;
}

static void hear_note(struct import_sink *sink, const char *text)
{
}

/* Asks a directory for those of the objects that have an anchor there: live[i] is names[i]. */
static int ask(struct gather *g, const struct connector_config *cfg, struct connector *con,
	struct lookup_request *req, struct gather_live *live, unsigned n, struct err *e)
{
	struct listener l = {
		{.object = hear_object, .bad = hear_bad, .flag = hear_flag, .note = hear_note}, g,
		live, n};
	struct lookup_name *names = arena_zalloc(&g->batch, (n + 1) * sizeof(*names));
	enum conn_result r;

	if (!cfg->type->lookup)
		return 0;
	for (unsigned i = 0; i < n; i++)
		if (live[i].anchor) {
			names[req->n++] = (struct lookup_name){.anchor = live[i].anchor};
			live[i].asked = true;
		}
	req->names = names;
	if (!req->n)
		return 0;
	e->code = 0;
	r = cfg->type->lookup(con, req, &l.sink, e);
	if (r == CONN_OK)
		return 0;
	if (r != CONN_CANCELED && e->code < 0)
		err_prefix(e, "%s", cfg->settings.name);
	return migration_refused(g->m, r, e);
}

static int open_source(struct gather *g, struct gather_source *src, struct err *e)
{
	enum conn_result r;

	if (src->con)
		return 0;
	e->code = 0;
	r = src->cfg->type->open(&src->cfg->settings, &g->host, &src->con, e);
	return r == CONN_OK ? 0 : migration_refused(g->m, r, e);
}

/* Every object of a batch that comes from the source; those of others keep what they have. */
int gather_ask_source(struct gather *g, struct gather_source *src, const struct subject *s,
	unsigned n, struct gather_live *ret, struct err *e)
{
	struct gather_live *live = arena_zalloc(&g->batch, (n + 1) * sizeof(*live));
	struct lookup_request req = {
		.everything = true,
		.attrs = src->attrs,
		.n_attrs = src->n_attrs,
		.cursor = src->row->cursor,
		.cursor_len = src->row->cursor_len,
	};
	bool any = false;

	for (unsigned i = 0; i < n; i++)
		if (s[i].source.id && s[i].source.connector == src->row->id) {
			live[i].anchor = s[i].source.anchor;
			any = true;
		}
	if (!any)
		return 0;
	TRY(open_source(g, src, e));
	TRY(ask(g, src->cfg, src->con, &req, live, n, e));
	for (unsigned i = 0; i < n; i++)
		if (live[i].anchor)
			ret[i] = live[i];
	return 0;
}

int gather_ask_target(struct gather *g, const struct subject *s, unsigned n, bool everything,
	struct gather_live *ret, struct err *e)
{
	struct lookup_request req = {.any_scope = true, .everything = everything};

	for (unsigned i = 0; i < n; i++)
		ret[i].anchor = s[i].target.id ? s[i].target.anchor : NULL;
	TRY(migration_connect(g->m, e));
	return ask(g, g->m->target, g->m->connector, &req, ret, n, e);
}
