/* Things that several steps do: decode and encode rows, evaluate rules, report. */
#include "sync/session.h"
#include "base/codec.h"
#include "report/fault.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "lang/rule/scope.h"
#include "store/mv_link.h"
#include "store/outbox.h"
#include "store/wait.h"
#include "model/dn.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

void sync_progress(struct sync *s, bool now)
{
	int64_t t = monotonic_ms();

	if (!s->host->progress || (!now && t - s->last_progress < 500))
		return;
	s->last_progress = t;
	s->progress.counters = &s->counters;
	s->host->progress(s->host->ctx, &s->progress);
}

struct sync_connector *sync_connector_by_id(struct sync *s, int64_t id)
{
	for (unsigned i = 0; i < s->n_connectors; i++)
		if (s->connectors[i].row.id == id)
			return &s->connectors[i];
	return NULL;
}

/* [MS-ADTS] 2.2.16 userAccountControl, 2.2.12 groupType; no group filters what is synchronized. */
static const char *constant_parameter(const char *name)
{
	static const char *const VALUES[][2] = {
		{"ADS_UF_ACCOUNTDISABLE", "2"},
		{"ADS_GROUP_TYPE_GLOBAL", "2"},
		{"ADS_GROUP_TYPE_DOMAIN_LOCAL", "4"},
		{"ADS_GROUP_TYPE_LOCAL", "4"},
		{"ADS_GROUP_TYPE_UNIVERSAL", "8"},
		{"ADS_GROUP_TYPE_SECURITY_ENABLED", "2147483648"},
		{"Connector.GroupFilteringGroupDn", ""},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(VALUES); i++)
		if (streq(VALUES[i][0], name))
			return VALUES[i][1];
	return NULL;
}

static const char *parameter_of(
	struct sync *s, const struct sync_connector *c, unsigned partition, const char *name)
{
	if (streq(name, "Connector.ID"))
		return c->name;
	if (constant_parameter(name) || !c->type->parameter)
		return constant_parameter(name);
	return c->type->parameter(&c->cfg->settings, c->names, partition, name, &s->arena);
}

int sync_parameters(struct sync *s, struct sync_connector *c, struct err *e)
{
	const char *key = arena_printf(&s->arena, "names.%" PRId64, c->row.id);
	char **dns = c->type->partitions ? c->type->partitions(&c->cfg->settings, &s->arena) : NULL;
	unsigned n = 0;

	c->names = NULL;
	TRY(c->row.id ? meta_get(s->store, key, &s->arena, &c->names, e) : 0);
	while (dns && dns[n])
		n++;
	c->n_partitions = MAX(n, 1u);
	c->partition_keys = arena_zalloc(&s->arena, c->n_partitions * sizeof(char *));
	c->parameters = arena_zalloc(&s->arena, c->n_partitions * sizeof(*c->parameters));
	for (unsigned k = 0; k < c->n_partitions; k++) {
		if (k < n)
			c->partition_keys[k] = dn_key(&s->arena, dns[k]);
		for (unsigned i = 0; rule_parameters[i]; i++)
			c->parameters[k][i] = parameter_of(s, c, k, rule_parameters[i]);
	}
	return 0;
}

int sync_names_put(struct sync *s, struct sync_connector *c, const char *names, struct err *e)
{
	const char *key = arena_printf(&s->arena, "names.%" PRId64, c->row.id);

	TRY(meta_set(s->store, key, names, e));
	return sync_parameters(s, c, e);
}

int sync_parameters_check(struct sync *s, struct sync_connector *c, struct err *e)
{
	const char *key = arena_printf(&s->arena, "parameters.%" PRId64, c->row.id);
	const char *before = NULL, *now;
	uint64_t h = 0;

	for (unsigned k = 0; k < c->n_partitions; k++)
		for (unsigned i = 0; rule_parameters[i]; i++) {
			const char *v = c->parameters[k][i];

			h = h * 31 + (v ? hash64(v, strlen(v)) : 7);
		}
	now = arena_printf(&s->arena, "%016" PRIx64, h);
	TRY(meta_get(s->store, key, &s->arena, &before, e));
	if (before && streq(before, now))
		return 0;
	c->row.full_sync_required = true;
	return meta_set(s->store, key, now, e);
}

/* The most specific partition that holds the object. */
static unsigned partition_of(const struct sync_connector *c, const char *dn)
{
	_cleanup_arena_ struct arena a = {0};
	const char *key = dn ? dn_key(&a, dn) : "";
	unsigned best = 0;
	size_t len = 0;

	for (unsigned i = 0; i < c->n_partitions; i++)
		if (c->partition_keys[i] && dn_key_below(key, c->partition_keys[i]) &&
			strlen(c->partition_keys[i]) > len) {
			best = i;
			len = strlen(c->partition_keys[i]);
		}
	return best;
}

static const char *eval_parameter(void *ctx, const char *name, struct arena *a)
{
	struct eval_ctx *ec = ctx;

	if (!ec->conn)
		return NULL;
	if (ec->partition < 0)
		ec->partition =
			ec->conn->n_partitions > 1 ? (int)partition_of(ec->conn, ec->dn) : 0;
	for (unsigned i = 0; rule_parameters[i]; i++)
		if (streq(rule_parameters[i], name))
			return ec->conn->parameters[ec->partition][i];
	return NULL;
}

/* How many references the object has, of the attributes of which the rules ask. */
static int fetch_counts(struct eval_ctx *ec, struct arena *a, struct err *e)
{
	struct store *store = ec->sync->store;
	struct eval_count *counts;
	struct link_count *all;
	unsigned n = 0;

	if (!ec->needs->n_counted)
		return 0;
	if (ec->cs) { /* one look for all attributes */
		TRY(cs_link_counts(store, ec->cs, a, &all, &n, e));
		counts = arena_alloc(a, (n + 1) * sizeof(*counts));
		for (unsigned i = 0; i < n; i++)
			counts[i] = (struct eval_count){all[i].attr, all[i].n};
	} else {
		counts = arena_zalloc(a, ec->needs->n_counted * sizeof(*counts));
		for (; ec->mv && n < ec->needs->n_counted; n++) {
			counts[n].attr = ec->needs->counted[n];
			TRY(mv_link_count(store, ec->mv, counts[n].attr, &counts[n].n, e));
		}
	}
	ec->facts.counts = counts;
	ec->facts.n_counts = n;
	return 0;
}

/* Direct members only: a nested group is not resolved. 1 yes, 0 no. */
static int is_member(struct eval_ctx *ec, const char *group_dn, struct err *e)
{
	struct store *store = ec->sync->store;
	struct cs_link link;
	int64_t group;
	int r = cs_id_by_dn(store, ec->conn->row.id, group_dn, &group, e);

	if (r == 0)
		r = cs_link_get(store, group, attr_intern("member"), ec->cs, &link, e);
	return r < 0 ? r : r == 0 && link.imported;
}

/* A %Parameter% that has no value is an error of the scope, which says so when it is evaluated. */
static int fetch_groups(struct eval_ctx *ec, struct arena *a, struct err *e)
{
	const struct rule_needs *needs = ec->needs;
	const char **groups;

	if (!needs->n_groups || !ec->cs || !ec->conn)
		return 0;
	groups = arena_alloc(a, needs->n_groups * sizeof(*groups));
	for (unsigned i = 0; i < needs->n_groups; i++) {
		const char *name = scope_parameter(needs->groups[i], a);
		const char *dn = name ? eval_parameter(ec, name, a) : needs->groups[i];
		int member = dn ? is_member(ec, dn, e) : 0;

		if (member < 0)
			return member;
		if (member)
			groups[ec->facts.n_groups++] = dn;
	}
	ec->facts.groups = groups;
	return 0;
}

int eval_fetch(struct eval_ctx *ctx, const struct entry *source, const char *class, struct arena *a,
	struct err *e)
{
	ctx->dn = source->dn;
	ctx->partition = -1;
	ctx->facts = (struct eval_facts){0};
	ctx->needs = ruleset_needs(
		ctx->sync->rules, ctx->cs ? RULE_INBOUND : RULE_OUTBOUND, ctx->conn->name, class);
	TRY(fetch_counts(ctx, a, e));
	return fetch_groups(ctx, a, e);
}

void eval_init(struct eval *ev, struct eval_ctx *ctx, const struct entry *source, struct arena *a)
{
	assert(ctx->needs);
	*ev = (struct eval){
		.source = source,
		.facts = ctx->facts,
		.parameter = eval_parameter,
		.ctx = ctx,
		.arena = a,
	};
}

int row_entry(struct sync *s, const struct cs_row *row, bool wanted, struct arena *a,
	struct entry *ret, struct err *e)
{
	const void *image = wanted ? row->wanted : row->imported;
	size_t len = wanted ? row->wanted_len : row->imported_len;

	entry_init(ret, a);
	ret->class = row->class;
	ret->dn = row->dn;
	ret->anchor = row->anchor;
	if (image_decode(image, image ? len : 0, store_attr_map(s->store), ret))
		return 0;
	return err_set(e, -EUCLEAN, row->dn, 0,
		"the stored image of connector space object %" PRId64
		" is corrupt; restore the database or delete it and run an initial cycle",
		row->id);
}

int row_is_mastered(struct sync *s, const struct sync_connector *c, const struct cs_row *row,
	struct arena *a, bool *ret, struct err *e)
{
	const char *name =
		c->type->mastered_attr ? c->type->mastered_attr(&c->cfg->settings) : NULL;
	const struct value *v;
	struct entry en;

	*ret = true; /* nothing would show it */
	if (!name)
		return 0;
	TRY(row_entry(s, row, false, a, &en, e));
	v = entry_first(&en, attr_intern(name));
	*ret = v && v->type == VALUE_BOOLEAN && v->num;
	return 0;
}

int mv_entry(
	struct sync *s, const struct mv_row *row, struct arena *a, struct entry *ret, struct err *e)
{
	entry_init(ret, a);
	ret->class = row->class;
	if (image_decode(row->image, row->image_len, store_attr_map(s->store), ret))
		return 0;
	return err_set(e, -EUCLEAN, NULL, 0,
		"the stored image of metaverse object %" PRId64
		" is corrupt; restore the database or delete it and run an initial cycle",
		row->id);
}

int entry_image(struct sync *s, struct entry *entry, struct arena *a, const void **ret,
	size_t *ret_len, struct err *e)
{
	struct buf *b = &s->image; /* kept between objects: an image is made for each */

	buf_clear(b);
	if (!image_encode(entry, store_attr_map(s->store), b)) {
		TRY(store_attr_error(s->store, e));
		return IMAGE_TOO_LARGE;
	}
	*ret = arena_dup(a, b->data ? b->data : "", b->len);
	*ret_len = b->len;
	return 0;
}

void sync_done(struct sync *s)
{
	buf_done(&s->image);
	bitmap_done(&s->flow_done);
	bitmap_done(&s->errors);
	bitmap_done(&s->fresh);
	arena_done(&s->arena);
}

enum step_result stop_result(enum conn_result r, const struct err *e, enum step_result otherwise)
{
	switch (r) {
	case CONN_CANCELED:
		return STEP_RESULT_CANCELED;
	case CONN_DOWN:
		return STEP_RESULT_CONNECTIVITY;
	case CONN_OK:
	case CONN_OBJECT_BAD:
	case CONN_RUN_BAD:
		break;
	}
	return e->code == -EACCES ? STEP_RESULT_NO_START_CREDENTIALS : otherwise;
}

int object_error(struct sync *s, int64_t cs, enum error_phase phase, const char *type,
	const char *text, struct err *e)
{
	s->n_errors++;
	bitmap_set(&s->errors, cs);
	return error_put(s->store, cs, phase, type, text, unix_now(), 0, NULL, e);
}

int object_error_outbound(struct sync *s, const struct sync_connector *target, int64_t cs,
	const char *type, const char *text, struct err *e)
{
	s->n_errors++;
	bitmap_set(&s->errors, cs);
	return error_put_outbound(s->store, cs, target->row.id, type, text, unix_now(), e);
}

static void note_error(void *ctx, int64_t cs)
{
	bitmap_set(ctx, cs);
}

int errors_load(
	struct sync *s, enum error_phase phase, const struct sync_connector *c, struct err *e)
{
	int64_t ids[PAGE];
	unsigned n;

	bitmap_clear(&s->errors);
	if (!c)
		return error_ids(s->store, phase, note_error, &s->errors, e);
	ids[0] = 0;
	do {
		TRY(error_page(s->store, c->row.id, phase, ids[0], PAGE, ids, &n, e));
		for (unsigned i = 0; i < n; i++)
			bitmap_set(&s->errors, ids[i]);
		ids[0] = n ? ids[n - 1] : 0;
	} while (n == PAGE);
	return 0;
}

int object_good(struct sync *s, enum error_phase phase, const struct sync_connector *target,
	int64_t cs, struct err *e)
{
	if (!bitmap_get(&s->errors, cs))
		return 0;
	bitmap_unset(&s->errors, cs);
	TRY(phase == ERROR_OUTBOUND ? error_clear_outbound(s->store, cs, target->row.id, e)
				    : error_clear(s->store, cs, phase, e));
	return 1;
}

int tell_errors(struct sync *s, enum error_phase phase, const struct sync_connector *c,
	struct step_end *end, struct err *e)
{
	int64_t n;

	TRY(error_count(s->store, c->row.id, phase, &n, e));
	n = MAX(n, s->n_errors);
	if (!n || !step_result_good(end->result))
		return 0;
	end->result = STEP_RESULT_SYNC_ERRORS;
	snprintf(end->error, sizeof(end->error),
		"%" PRId64 " object(s) have synchronization errors: adsyncctl errors", n);
	return 0;
}

int export_error_clear(struct sync *s, int64_t cs, struct err *e)
{
	return error_clear_but(s->store, cs, ERROR_EXPORT, NOT_REIMPORTED_ERROR, e);
}

/* One at a time: what was delivered is forgotten before the next, so a crash repeats one at most.
 */
int outbox_deliver(struct sync *s, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	int64_t after = 0;

	for (;;) {
		struct outbox_row *rows;
		unsigned n;

		arena_reset(&a);
		TRY(outbox_list(s->store, after, 100, &a, &rows, &n, e));
		for (unsigned i = 0; i < n; i++) {
			json_t *json = json_loads(rows[i].record, 0, NULL);
			struct record r;
			bool delivered = true;

			fault_hit(FAULT_EVENT_BEFORE_DELIVER);
			if (json && record_from_json(json, &r))
				delivered = s->host->record(s->host->ctx, &r) == 0;
			json_decref(json);
			if (!delivered)
				return 0; /* the journal is away: the next run delivers */
			fault_hit(FAULT_EVENT_AFTER_DELIVER);
			after = rows[i].id;
			TRY(store_begin(s->store, e));
			TRY(outbox_delete(s->store, after, e));
			TRY(store_commit(s->store, e));
		}
		if (n < 100)
			return 0;
	}
}

bool row_adoptable(const struct cs_row *row, const struct cs_row *found)
{
	return !row->anchor && !row->imported && row->want == WANT_PRESENT &&
	       streq(row->class, found->class) && found->kind == CS_STAGING && !found->mv &&
	       found->want == WANT_NOTHING;
}

static int adopt_links(struct sync *s, int64_t row, int64_t found, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list(s->store, found, 0, &a, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		struct cs_link l = links[i], there;
		int r = cs_link_get(s->store, row, l.attr, l.target, &there, e);

		TRY(r);
		TRY(cs_link_delete(s->store, found, l.attr, l.target, e));
		if (r == 0) {
			there.imported |= l.imported;
			there.seen = MAX(there.seen, l.seen);
			l = there;
		}
		l.cs = row;
		TRY(cs_link_put(s->store, &l, true, e));
	}
	return cs_link_repoint(s->store, found, row, e);
}

int row_adopt(struct sync *s, struct cs_row *row, const struct cs_row *found, struct err *e)
{
	TRY(adopt_links(s, row->id, found->id, e));
	TRY(cs_delete(s->store, found->id, e));
	row->kind = CS_STAGING;
	row->anchor = found->anchor;
	row->imported = found->imported;
	row->imported_len = found->imported_len;
	row->blocked = found->blocked;
	row->deleted = found->deleted;
	return cs_update(s->store, row, true, e);
}

int row_remove(struct sync *s, struct cs_row *row, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *links;
	unsigned n;
	int r = cs_link_is_target(s->store, row->id, e);

	bitmap_unset(&s->errors, row->id);
	TRY(r);
	if (r == 0) {
		TRY(cs_delete(s->store, row->id, e));
		return 0;
	}
	TRY(cs_link_list(s->store, row->id, 0, &a, &links, &n, e));
	for (unsigned i = 0; i < n; i++)
		TRY(cs_link_delete(s->store, row->id, links[i].attr, links[i].target, e));
	TRY(error_clear_all(s->store, row->id, e));
	TRY(wait_set(s->store, row->id, NULL, 0, e));
	row->kind = CS_PLACEHOLDER;
	row->class = "";
	row->imported = row->wanted = NULL;
	row->imported_len = row->wanted_len = 0;
	row->want = WANT_NOTHING;
	row_set_state(row, EXPORT_EVENT_DROPPED);
	row->blocked = row->export_all = row->deleted = false;
	row->mv = 0;
	row->join_rule = NULL;
	row->links = row->delete_after = 0;
	return cs_update(s->store, row, false, e);
}
