/* What is known of objects that are checked, from the store and live: see gather.h. */
#include "base/buf.h"
#include "base/timefmt.h"
#include "model/dn.h"
#include "store/cs_link.h"
#include "store/error.h"
#include "store/mv.h"
#include "sync/export/target.h"
#include "sync/migration/gather.h"
#include "sync/migration/gather_priv.h"

#include <errno.h>

#define SETTLE_SECONDS 86400 /* what services in the cloud may need after a change */
#define NAMES_SHOWN 20

/* --- what all checks share --- */

static bool canceled(void *ctx)
{
	const struct gather *g = ctx;

	return g->m->host && work_canceled(g->m->host);
}

static char **keys_of(char **dns, struct arena *a)
{
	unsigned n = 0;
	char **ret;

	while (dns && dns[n])
		n++;
	ret = arena_zalloc(a, (n + 1) * sizeof(*ret));
	for (unsigned i = 0; i < n; i++)
		ret[i] = dn_key(a, dns[i]);
	return ret;
}

static void add_source(struct gather *g, const struct connector_row *row)
{
	const struct connector_config *cfg = config_connector(g->m->cfg, row->name);
	struct gather_source *src = &g->sources[g->n_sources];
	struct arena *a = &g->m->arena;

	if (!cfg || cfg == g->m->target || !cfg->type->readiness)
		return;
	*src = (struct gather_source){.cfg = cfg, .row = row};
	src->attrs = ruleset_read_attrs(g->rules->set, row->name, a, &src->n_attrs);
	src->member = cfg->type->member_attr ? attr_intern(cfg->type->member_attr) : 0;
	if (cfg->type->partitions)
		src->partition_keys = keys_of(cfg->type->partitions(&cfg->settings, a), a);
	g->n_sources++;
}

int gather_open(struct migration *m, enum check_purpose purpose, struct gather **ret, struct err *e)
{
	_cleanup_gather_ struct gather *g = xcalloc(1, sizeof(*g));

	g->m = m;
	g->purpose = purpose;
	g->host = (struct connector_host){.canceled = canceled, .ctx = g};
	g->wait = setting_number(&m->cfg->scheduler, "sync_cycle_interval") + SETTLE_SECONDS;
	TRY(rules_load(m->cfg, &g->rules, e));
	g->sources = arena_zalloc(&m->arena, (m->n_rows + 1) * sizeof(*g->sources));
	for (unsigned i = 0; i < m->n_rows; i++)
		add_source(g, &m->rows[i]);
	*ret = steal(&g);
	return 0;
}

void gather_close(struct gather *g)
{
	if (!g)
		return;
	for (unsigned i = 0; i < g->n_sources; i++)
		g->sources[i].cfg->type->close(g->sources[i].con);
	rules_free(g->rules);
	arena_done(&g->batch);
	free(g);
}

struct gather_source *gather_source_of(struct gather *g, int64_t connector)
{
	for (unsigned i = 0; i < g->n_sources; i++)
		if (g->sources[i].row->id == connector)
			return &g->sources[i];
	return NULL;
}

bool gather_reads(const struct gather_source *src, unsigned attr)
{
	for (unsigned i = 0; i < src->n_attrs; i++)
		if (src->attrs[i] == attr)
			return true;
	return false;
}

/* --- one object --- */

static void add_name(struct buf *b, const char *name)
{
	buf_addf(b, "%s%s", b->len ? ", " : "", name);
}

static const char *text_or_null(struct gather *g, const struct buf *b)
{
	return b->len ? arena_strdup(&g->batch, buf_str(b)) : NULL;
}

/* References that are still to be sent, or confirmed. */
static int pending_links(
	struct gather *g, int64_t target, struct buf *names, struct check_object *o, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *links;
	unsigned n, last = 0;

	TRY(cs_link_list(g->m->store, target, 0, &a, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		o->awaiting |= links[i].state == EXPORT_STATE_EXPORTED;
		if (export_is_due(links[i].state) && links[i].attr != last) {
			add_name(names, attr_name(links[i].attr));
			last = links[i].attr;
		}
	}
	return 0;
}

/* What was imported, or came to the metaverse, and has not been looked at by the steps behind. */
static int waiting_steps(struct gather *g, const struct gather_source *src, const struct subject *s,
	struct buf *names, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct mv_row mv;
	int r;

	if (src && s->source.seq > src->row->inbound_seq)
		add_name(names, "a change that was imported and is not synchronized yet");
	if (!s->mv)
		return 0;
	r = mv_get(g->m->store, s->mv, &a, &mv, e);
	TRY(r);
	if (r == 0 && mv.seq > g->m->target_row.outbound_seq)
		add_name(names, "a change that has reached the metaverse and not the target yet");
	return 0;
}

static int find_pending(struct gather *g, const struct gather_source *src, const struct subject *s,
	struct check_object *o, struct err *e)
{
	const struct connector_config *cfg = g->m->target;
	_cleanup_buf_ struct buf names = {0};
	_cleanup_arena_ struct arena a = {0};
	struct entry imported, wanted;
	struct cs_row row;
	struct delta d;
	int r = cs_get(g->m->store, s->target.id, &a, &row, e);

	TRY(r);
	if (r == STORE_NONE)
		return 0;
	o->awaiting = row.state == EXPORT_STATE_EXPORTED;
	TRY(migration_image(g->m, &row, &a, &imported, e));
	entry_init(&wanted, &a);
	if (row.wanted && want_has_values(row.want) &&
		!image_decode(row.wanted, row.wanted_len, store_attr_map(g->m->store), &wanted))
		return err_set(e, -EUCLEAN, NULL, 0, "the stored image of %s is corrupt", row.dn);
	if (!o->awaiting) {
		pending_delta(row_class(cfg, &row), &row, &imported, &wanted,
			PENDING_SETTLED | PENDING_DIFFERENCES, &a, &d);
		if (d.n_attrs)
			add_name(&names, delta_names(&d, NAMES_SHOWN, &a));
	}
	TRY(pending_links(g, s->target.id, &names, o, e));
	TRY(waiting_steps(g, src, s, &names, e));
	o->pending = text_or_null(g, &names);
	return 0;
}

static int add_error(
	struct gather *g, int64_t cs, enum error_phase phase, struct buf *text, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct error_row row;
	int r;

	if (!cs)
		return 0;
	r = error_get(g->m->store, cs, phase, &a, &row, e);
	TRY(r);
	if (r == 0)
		buf_addf(text, "%s%s (%s): %s", text->len ? "; " : "", row.type,
			error_phase_name(phase), row.text);
	return 0;
}

static int find_errors(
	struct gather *g, const struct subject *s, struct check_object *o, struct err *e)
{
	_cleanup_buf_ struct buf text = {0};

	for (int p = 0; p < ERROR_PHASE_COUNT; p++) {
		TRY(add_error(g, s->source.id, (enum error_phase)p, &text, e));
		TRY(add_error(g, s->target.id, (enum error_phase)p, &text, e));
	}
	o->error = text_or_null(g, &text);
	return 0;
}

static bool is_same(const struct attr *a, const struct attr *b)
{
	bool none = !a || !a->count, other = !b || !b->count;

	return none || other ? none == other : attr_equal(a, b);
}

/* Values that the rules read, compared with the last import. References are not in images. */
static int find_changed(struct gather *g, const struct gather_source *src, const struct subject *s,
	const struct entry *live, struct buf *names, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct entry before;
	struct cs_row row;
	int r = cs_get(g->m->store, s->source.id, &a, &row, e);

	TRY(r);
	if (r == STORE_NONE)
		return 0;
	TRY(migration_image(g->m, &row, &a, &before, e));
	for (unsigned i = 0; i < src->n_attrs; i++) {
		const struct attr *now = entry_get(live, src->attrs[i]);

		if (now && now->count && now->values[0].type == VALUE_REFERENCE)
			continue;
		if (!is_same(entry_get(&before, src->attrs[i]), now))
			add_name(names, attr_name(src->attrs[i]));
	}
	if (live->dn && !streq(dn_key(&a, live->dn), dn_key(&a, row.dn)))
		add_name(names, "its name or place");
	return 0;
}

static int take_live(struct gather *g, struct gather_source *src, const struct subject *s,
	struct check_object *o, struct err *e)
{
	struct unsynced *u = arena_zalloc(&g->batch, sizeof(*u));
	_cleanup_buf_ struct buf changed = {0};

	TRY(find_changed(g, src, s, o->live, &changed, e));
	TRY(gather_refs(g, src, s, o, &changed, e));
	o->changed = text_or_null(g, &changed);
	unsynced_find(g->rules->set, src->cfg, g->m->target, o->live, &g->batch, u);
	o->unsynced = u;
	return 0;
}

static int gather_one(struct gather *g, const struct subject *s, const struct gather_live *live,
	struct check_object *o, struct err *e)
{
	struct gather_source *src = gather_source_of(g, s->source.connector);

	*o = (struct check_object){
		.purpose = g->purpose,
		.place = s->place,
		.problem = s->source.id || s->target.id ? NULL : s->problem,
		.now = unix_now(),
		.wait = g->wait,
		.live = live->entry,
		.asked = live->asked,
		.unread = live->unread,
	};
	if (o->problem)
		return 0;
	if (src) {
		o->facts = src->cfg->type->readiness;
		o->kind = o->facts->kind(s->source.class);
	}
	if (s->target.id)
		TRY(find_pending(g, src, s, o, e));
	TRY(find_errors(g, s, o, e));
	if (src && o->live)
		TRY(take_live(g, src, s, o, e));
	if (src)
		TRY(gather_parents(g, src, s, o, e));
	if (g->purpose == CHECK_ROLLBACK && s->target.id && s->target.anchor)
		TRY(gather_cloud(g, src, s, o, e));
	return 0;
}

struct forward {
	struct readiness_sink sink;
	struct gather_sink *to;
	const struct subject *s;
};

static void pass_on(
	struct readiness_sink *sink, enum readiness what, const char *attr, const char *text)
{
	struct forward *f = container_of(sink, struct forward, sink);

	f->to->finding(f->to, f->s, what, attr, text);
}

int gather_check(struct gather *g, const struct subject *s, unsigned n, struct gather_sink *sink,
	struct err *e)
{
	struct gather_live *live;

	arena_reset(&g->batch);
	live = arena_zalloc(&g->batch, (n + 1) * sizeof(*live));
	for (unsigned i = 0; i < g->n_sources; i++)
		TRY(gather_ask_source(g, &g->sources[i], s, n, live, e));
	if (g->purpose == CHECK_ROLLBACK)
		TRY(migration_connect(g->m, e));
	for (unsigned i = 0; i < n; i++) {
		struct forward f = {{pass_on}, sink, &s[i]};
		struct check_object o;

		if (canceled(g))
			return err_set(e, -ECANCELED, NULL, 0, "stopped");
		TRY(gather_one(g, &s[i], &live[i], &o, e));
		check_object(&o, &f.sink);
	}
	return 0;
}

/* --- what is true for all --- */

static bool has_class(const char **classes, unsigned n, const char *class)
{
	for (unsigned i = 0; i < n; i++)
		if (streq(classes[i], class))
			return true;
	return false;
}

int gather_common(struct gather *g, const struct subject *s, unsigned n, struct gather_sink *sink,
	struct err *e)
{
	const struct connector_type *t = g->m->target->type;
	struct forward f = {{pass_on}, sink, NULL};
	_cleanup_arena_ struct arena a = {0};
	const char **classes = arena_zalloc(&a, (n + 1) * sizeof(*classes));
	bool users = false, back = g->purpose == CHECK_ROLLBACK;
	unsigned n_classes = 0;
	enum conn_result r;

	for (unsigned i = 0; i < n; i++) {
		struct gather_source *src = gather_source_of(g, s[i].source.connector);

		users |= src && src->cfg->type->readiness->kind(s[i].source.class) == SUBJECT_USER;
		if (s[i].target.id && !has_class(classes, n_classes, s[i].target.class))
			classes[n_classes++] = s[i].target.class;
	}
	TRY(migration_connect(g->m, e));
	if (g->purpose == CHECK_EXCHANGE) /* asks for other rights, when it is done */
		return 0;
	e->code = 0;
	r = t->authority_ready
	            ? t->authority_ready(g->m->connector, classes, n_classes, back, &f.sink, e)
	            : CONN_OK;
	if (r != CONN_OK)
		return migration_refused(g->m, r, e);
	if (back)
		readiness_tell(&f.sink, READINESS_ACCESS_PACKAGES, NULL,
			"access packages were not checked");
	else if (users)
		readiness_tell(&f.sink, READINESS_SIGN_IN_UNSEEN, NULL,
			"passwords and federation were not checked");
	return 0;
}
