/* References of an object that is checked, and the groups that have it: see gather.h. */
#include "base/buf.h"
#include "base/hashset.h"
#include "model/dn.h"
#include "store/cs_link.h"
#include "sync/migration/gather_priv.h"
#include "sync/soa.h"

/* The number of the partition that holds a DN; -1: none does. */
static int partition_of(const struct gather_source *src, const char *dn, struct arena *a)
{
	const char *key = dn_key(a, dn);
	int found = -1;

	for (int i = 0; src->partition_keys && src->partition_keys[i]; i++)
		if (dn_key_below(key, src->partition_keys[i]) &&
			(found < 0 || strlen(src->partition_keys[i]) >
					      strlen(src->partition_keys[found])))
			found = i;
	return found;
}

/* The target's row of a source's row; id 0: there is none. */
static int target_of(
	struct gather *g, int64_t mv, struct arena *a, struct cs_row *ret, struct err *e)
{
	struct cs_row few;
	int r;

	*ret = (struct cs_row){0};
	if (!mv)
		return 0;
	r = cs_joined_in(g->m->store, mv, g->m->target_row.id, a, &few, e);
	TRY(r);
	return r == STORE_NONE ? 0 : MIN(cs_get(g->m->store, few.id, a, ret, e), 0);
}

/* What is to be said of the other end of a reference. */
static int fill(struct gather *g, struct gather_source *src, const struct subject *s,
	const struct cs_row *other, struct check_ref *ref, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row target;

	ref->kind = other->kind == CS_PLACEHOLDER ? SUBJECT_OTHER
	                                          : src->cfg->type->readiness->kind(other->class);
	ref->same_domain = partition_of(src, other->dn, &a) == partition_of(src, s->source.dn, &a);
	TRY(target_of(g, other->mv, &a, &target, e));
	ref->synced = target.id && target.anchor && target.imported && target.want == WANT_PRESENT;
	ref->converted = target.id && soa_blocks_all(&target);
	return 0;
}

static int find(struct gather *g, struct gather_source *src, const char *value, struct arena *a,
	struct cs_row *ret, const char **ret_dn, struct err *e)
{
	struct store *store = g->m->store;
	const char *anchor = NULL;
	int r = STORE_NONE;

	*ret_dn = value;
	*ret = (struct cs_row){.kind = CS_PLACEHOLDER, .class = ""};
	if (src->cfg->type->reference)
		src->cfg->type->reference(value, a, &anchor, ret_dn);
	if (anchor)
		r = cs_find_anchor(store, src->row->id, anchor, a, ret, e);
	if (r == STORE_NONE)
		r = cs_find_dn(store, src->row->id, *ret_dn, a, ret, e);
	TRY(r);
	if (r == STORE_NONE)
		*ret = (struct cs_row){.kind = CS_PLACEHOLDER, .class = ""};
	ret->dn = ret->dn && *ret->dn ? ret->dn : *ret_dn;
	return 0;
}

struct known {
	struct hashset rows; /* targets of the links that the last import showed */
	size_t n;
};

static int load_known(
	struct gather *g, const struct subject *s, unsigned attr, struct known *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list(g->m->store, s->source.id, attr, &a, &links, &n, e));
	for (unsigned i = 0; i < n; i++)
		if (links[i].imported && hashset_add(&ret->rows, (uint64_t)links[i].target))
			ret->n++;
	return 0;
}

/* One attribute of references; *ret_same: they are as at the last import. */
static int take_attr(struct gather *g, struct gather_source *src, const struct subject *s,
	const struct attr *at, struct check_ref *refs, bool *ret_same, struct err *e)
{
	struct known known = {0};
	int r = load_known(g, s, at->id, &known, e);

	*ret_same = known.n == at->count;
	for (unsigned i = 0; r == 0 && i < at->count; i++) {
		_cleanup_arena_ struct arena a = {0};
		struct cs_row other;
		const char *dn;

		r = find(g, src, at->values[i].data, &a, &other, &dn, e);
		if (r < 0)
			break;
		/* one that is new to the set was not there at the last import */
		if (!other.id || hashset_add(&known.rows, (uint64_t)other.id))
			*ret_same = false;
		refs[i] = (struct check_ref){
			.attr = attr_name(at->id), .dn = arena_strdup(&g->batch, other.dn)};
		r = fill(g, src, s, &other, &refs[i], e);
	}
	hashset_done(&known.rows);
	return r;
}

static bool is_of_interest(const struct gather_source *src, const struct attr *at)
{
	const struct readiness_facts *f = src->cfg->type->readiness;
	enum attr_use use = f->use(attr_name(at->id));

	return at->count && (use == ATTR_USE_KEPT || use == ATTR_USE_VALUE) &&
	       f->is_reference(&at->values[0]);
}

/* References that the last import showed, of attributes that have none at all now. */
static int find_ended(struct gather *g, const struct gather_source *src, const struct subject *s,
	const struct entry *live, struct buf *changed, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct link_count *counts;
	unsigned n;

	TRY(cs_link_counts(g->m->store, s->source.id, &a, &counts, &n, e));
	for (unsigned i = 0; i < n; i++) {
		const struct attr *at = entry_get(live, counts[i].attr);

		if (counts[i].n && gather_reads(src, counts[i].attr) && (!at || !at->count))
			buf_addf(changed, "%s%s", changed->len ? ", " : "",
				attr_name(counts[i].attr));
	}
	return 0;
}

int gather_refs(struct gather *g, struct gather_source *src, const struct subject *s,
	struct check_object *o, struct buf *changed, struct err *e)
{
	struct check_ref *refs;
	unsigned n = 0;

	for (unsigned i = 0; i < o->live->n_attrs; i++)
		if (is_of_interest(src, &o->live->attrs[i]))
			n += o->live->attrs[i].count;
	o->refs = refs = arena_zalloc(&g->batch, (n + 1) * sizeof(*refs));
	for (unsigned i = 0; i < o->live->n_attrs; i++) {
		const struct attr *at = &o->live->attrs[i];
		bool same;

		if (!is_of_interest(src, at))
			continue;
		TRY(take_attr(g, src, s, at, refs + o->n_refs, &same, e));
		o->n_refs += at->count;
		if (!same && at->values[0].type == VALUE_REFERENCE && gather_reads(src, at->id))
			buf_addf(changed, "%s%s", changed->len ? ", " : "", attr_name(at->id));
	}
	return find_ended(g, src, s, o->live, changed, e);
}

int gather_parents(struct gather *g, struct gather_source *src, const struct subject *s,
	struct check_object *o, struct err *e)
{
	struct check_ref *parents;
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list_target(g->m->store, s->source.id, &g->batch, &links, &n, e));
	o->parents = parents = arena_zalloc(&g->batch, (n + 1) * sizeof(*parents));
	for (unsigned i = 0; i < n; i++) {
		_cleanup_arena_ struct arena a = {0};
		struct cs_row other;
		int r;

		if (!links[i].imported || links[i].attr != src->member)
			continue;
		r = cs_get(g->m->store, links[i].cs, &a, &other, e);
		TRY(r);
		if (r == STORE_NONE)
			continue;
		parents[o->n_parents].dn = arena_strdup(&g->batch, other.dn);
		TRY(fill(g, src, s, &other, &parents[o->n_parents], e));
		o->n_parents++;
	}
	return 0;
}

/* --- what is in the cloud only --- */

/* The target's row of the other end of a reference; id 0: no import has shown it. */
static int find_other(struct gather *g, const struct authority_reference *ref, struct arena *a,
	struct cs_row *ret, enum place *ret_place, struct err *e)
{
	struct entry en;
	int r;

	*ret = (struct cs_row){0};
	*ret_place = ref->mastered ? PLACE_OTHER : PLACE_NATIVE;
	if (!ref->anchor)
		return 0;
	r = cs_find_anchor(g->m->store, g->m->target_row.id, ref->anchor, a, ret, e);
	TRY(r);
	if (r == STORE_NONE || !ret->imported)
		return 0;
	TRY(migration_image(g->m, ret, a, &en, e));
	*ret_place = place_of(g->m, ret, &en);
	return 0;
}

/* Does the source have the membership, too? Then the target's group only shows it. */
static int in_source(struct gather *g, struct gather_source *src, const struct subject *s,
	const struct cs_row *group, bool *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row row;
	struct cs_link link;
	int r;

	*ret = false;
	if (!src || !group->mv || !s->source.id)
		return 0;
	r = cs_joined_in(g->m->store, group->mv, src->row->id, &a, &row, e);
	if (r == 0)
		r = cs_link_get(g->m->store, row.id, src->member, s->source.id, &link, e);
	TRY(r);
	*ret = r == 0 && link.imported;
	return 0;
}

/* Is the reference one that only the target's side has? */
static int is_clouds(struct gather *g, struct gather_source *src, const struct subject *s,
	const struct authority_reference *ref, bool *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row row;
	enum place place;
	bool known = false;

	TRY(find_other(g, ref, &a, &row, &place, e));
	*ret = place == PLACE_NATIVE || place == PLACE_UNKNOWN;
	if (!ref->holder || place != PLACE_CONVERTED)
		return 0;
	TRY(in_source(g, src, s, &row, &known, e));
	*ret = !known;
	return 0;
}

int gather_cloud(struct gather *g, struct gather_source *src, const struct subject *s,
	struct check_object *o, struct err *e)
{
	const struct authority_type *t = g->m->target->type->authority;
	const char **members, **groups;
	struct authority_reference *refs;
	enum conn_result r;
	unsigned n;

	if (!t)
		return 0;
	e->code = 0;
	r = t->references(g->m->connector, s->target.anchor, &g->batch, &refs, &n, e);
	if (r == CONN_OBJECT_BAD) {
		o->unseen = arena_strdup(&g->batch, e->text);
		return 0;
	}
	if (r != CONN_OK)
		return migration_refused(g->m, r, e);
	o->cloud_members = members = arena_zalloc(&g->batch, (n + 1) * sizeof(*members));
	o->cloud_groups = groups = arena_zalloc(&g->batch, (n + 1) * sizeof(*groups));
	for (unsigned i = 0; i < n; i++) {
		bool clouds;

		TRY(is_clouds(g, src, s, &refs[i], &clouds, e));
		if (clouds && refs[i].holder)
			groups[o->n_cloud_groups++] = refs[i].name;
		else if (clouds)
			members[o->n_cloud_members++] = refs[i].name;
	}
	return 0;
}
