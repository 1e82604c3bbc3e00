/* Who is meant, see identity.h. */
#include "sync/migration/identity.h"
#include "base/codec.h"
#include "base/hashset.h"
#include "base/json.h"
#include "store/cs_link.h"
#include "store/cs_page.h"
#include "store/mv.h"
#include "sync/migration/names.h"

#include <errno.h>

#define TEXT_MAX 4096 /* bytes of an identity */

/* --- rows to subjects --- */

/* The first source that shows the metaverse object; id 0: none. */
static int find_source(struct migration *m, struct subject *s, struct arena *a, struct err *e)
{
	struct cs_row *rows;
	unsigned n;

	if (!s->mv || s->source.id)
		return 0;
	TRY(cs_page_sources(m->store, s->mv, a, &rows, &n, e));
	for (unsigned i = 0; i < n; i++)
		if (rows[i].connector != m->target_row.id && !rows[i].deleted) {
			s->source = rows[i];
			return 0;
		}
	return 0;
}

static int find_target_row(struct migration *m, struct subject *s, struct arena *a, struct err *e)
{
	struct cs_row few;
	int r;

	if (!s->mv || s->target.id)
		return 0;
	r = cs_joined_in(m->store, s->mv, m->target_row.id, a, &few, e);
	if (r == 0)
		r = cs_get(m->store, few.id, a, &s->target, e);
	return MIN(r, 0);
}

static const char *keep_text(struct migration *m, const char *text)
{
	return text ? arena_strdup(&m->arena, text) : NULL;
}

/* Into the question's arena, without the images. */
static void keep(struct migration *m, struct cs_row *row)
{
	row->class = keep_text(m, row->class);
	row->dn = keep_text(m, row->dn);
	row->anchor = keep_text(m, row->anchor);
	row->join_rule = keep_text(m, row->join_rule);
	row->imported = row->wanted = NULL;
	row->imported_len = row->wanted_len = 0;
}

/* Place and name, and why nothing can be done with it. */
static int describe(struct migration *m, struct subject *s, struct arena *a, struct err *e)
{
	const struct cs_row *shown = s->target.id && s->target.imported ? &s->target : &s->source;
	struct entry en;

	TRY(migration_image(m, shown, a, &en, e));
	s->name = arena_strdup(&m->arena, names_show(&en));
	s->place = place_of(m, &s->target, shown == &s->target ? &en : NULL);
	if (s->place == PLACE_UNKNOWN)
		s->problem = arena_printf(&m->arena,
			"connector \"%s\" does not have it: it is not in scope, or no cycle has "
			"exported and imported it yet",
			m->target->settings.name);
	keep(m, &s->target);
	keep(m, &s->source);
	return 0;
}

int identity_of_row(
	struct migration *m, const struct cs_row *row, struct subject *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct subject s = {.mv = row->mv};

	if (row->connector == m->target_row.id)
		s.target = *row;
	else if (row->id)
		s.source = *row;
	TRY(find_source(m, &s, &a, e));
	TRY(find_target_row(m, &s, &a, e));
	TRY(describe(m, &s, &a, e));
	s.identity = s.source.id ? s.source.dn : s.target.id ? s.target.dn : "";
	*ret = s;
	return 0;
}

/* --- texts to rows --- */

/* What a text may name; several different objects are one too many. */
struct hits {
	struct subject first;
	const char *second; /* the name of another one; NULL: there is none */
	unsigned n;
};

static bool is_same(const struct subject *a, const struct subject *b)
{
	if (a->mv && a->mv == b->mv)
		return true;
	return a->target.id == b->target.id && a->source.id == b->source.id;
}

static int hit(struct migration *m, const struct cs_row *row, struct hits *h, struct err *e)
{
	struct subject s;

	TRY(identity_of_row(m, row, &s, e));
	if (!h->n)
		h->first = s;
	else if (is_same(&h->first, &s))
		return 0;
	else if (!h->second)
		h->second = s.identity;
	h->n++;
	return 0;
}

/* A DN or an anchor, of the target or of a source. */
static int find_exact(struct migration *m, const char *text, struct hits *h, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};

	for (unsigned i = 0; i < m->n_rows; i++) {
		struct cs_row row;
		int r = cs_find_dn(m->store, m->rows[i].id, text, &a, &row, e);

		if (r == STORE_NONE)
			r = cs_find_anchor(m->store, m->rows[i].id, text, &a, &row, e);
		TRY(r);
		if (r == 0 && row.kind != CS_PLACEHOLDER)
			TRY(hit(m, &row, h, e));
	}
	return 0;
}

/* The id that the target gives, in the form of its anchors. */
static int find_id(struct migration *m, const char *text, struct hits *h, struct err *e)
{
	const struct connector_type *t = m->target->type;
	_cleanup_arena_ struct arena a = {0};
	const char *anchor;

	for (unsigned i = 0; t->anchor_of && (anchor = t->anchor_of(text, i, &a)); i++) {
		struct cs_row row;
		int r = cs_find_anchor(m->store, m->target_row.id, anchor, &a, &row, e);

		TRY(r);
		if (r == 0)
			TRY(hit(m, &row, h, e));
	}
	return 0;
}

/* A row of the index: does its object really have the name? */
static int try_name(
	struct migration *m, const struct name *at, const char *text, struct hits *h, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row row;
	struct mv_row mv;
	struct entry en;
	int r;

	if (!at->metaverse) {
		r = cs_get(m->store, at->id, &a, &row, e);
		TRY(r);
		if (r == STORE_NONE)
			return 0;
		TRY(migration_image(m, &row, &a, &en, e));
		return names_fit(&en, at->which, text) ? hit(m, &row, h, e) : 0;
	}
	r = mv_get(m->store, at->id, &a, &mv, e);
	TRY(r);
	entry_init(&en, &a);
	if (r == STORE_NONE ||
		!image_decode(mv.image, mv.image_len, store_attr_map(m->store), &en) ||
		!names_fit(&en, at->which, text))
		return 0;
	row = (struct cs_row){.mv = at->id};
	return hit(m, &row, h, e);
}

/* By the names from..to. */
static int find_names(struct migration *m, const char *text, enum object_name from,
	enum object_name to, struct hits *h, struct err *e)
{
	const struct name *at;
	size_t n;

	if (!m->names)
		TRY(names_make(m->store, m->target_row.id, &m->names, e));
	at = names_find(m->names, text, &n);
	for (size_t i = 0; i < n; i++)
		if (at[i].which >= from && at[i].which <= to)
			TRY(try_name(m, &at[i], text, h, e));
	return 0;
}

int identity_find(struct migration *m, const char *text, struct subject *ret, struct err *e)
{
	struct hits h = {0};

	*ret = (struct subject){.identity = arena_strdup(&m->arena, text), .name = ""};
	TRY(find_exact(m, text, &h, e));
	if (!h.n)
		TRY(find_id(m, text, &h, e));
	if (!h.n)
		TRY(find_names(m, text, NAME_SIGN_IN, NAME_ADDRESS, &h, e));
	if (!h.n)
		TRY(find_names(m, text, NAME_DISPLAY, NAME_DISPLAY, &h, e));
	if (!h.n) {
		ret->problem = "no object has this DN, id, sign-in name, address or display name";
		return 0;
	}
	if (h.n > 1) {
		ret->problem = arena_printf(&m->arena,
			"several objects have this name (%s, %s%s): give the DN or the id of the "
			"one that you mean",
			h.first.identity, h.second, h.n > 2 ? " ..." : "");
		return 0;
	}
	h.first.identity = ret->identity;
	*ret = h.first;
	return 0;
}

/* --- lists --- */

int subjects_add(struct migration *m, struct subjects *list, const struct subject *s, struct err *e)
{
	if (list->n == SUBJECTS_MAX)
		return err_set(
			e, -E2BIG, NULL, 0, "more than %d objects: split the list", SUBJECTS_MAX);
	if (list->n == list->cap) {
		unsigned cap = list->cap ? list->cap * 2 : 64;
		struct subject *grown = arena_alloc(&m->arena, cap * sizeof(*grown));

		if (list->n)
			memcpy(grown, list->items, list->n * sizeof(*grown));
		list->items = grown;
		list->cap = cap;
	}
	list->items[list->n++] = *s;
	return 0;
}

/* The attribute that holds the row's members; 0: it is no group. */
static unsigned member_attr(const struct migration *m, const struct cs_row *row)
{
	for (unsigned i = 0; i < m->n_rows; i++)
		if (m->rows[i].id == row->connector) {
			const struct connector_type *t = connector_type_find(m->rows[i].type);

			return t && t->group_class && streq(row->class, t->group_class)
			               ? attr_intern(t->member_attr)
			               : 0;
		}
	return 0;
}

int identity_members(struct migration *m, const char *group, struct subjects *list, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const struct cs_row *of;
	struct cs_link *links;
	struct subject g;
	unsigned n, attr;

	TRY(identity_find(m, group, &g, e));
	of = g.source.id ? &g.source : &g.target;
	if (!of->id)
		return err_set(e, -ENOENT, NULL, 0, "%s: %s", group, g.problem);
	attr = member_attr(m, of);
	if (!attr)
		return err_set(e, -EINVAL, NULL, 0, "%s is not a group", group);
	TRY(cs_link_list(m->store, of->id, attr, &a, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		struct cs_row row;
		struct subject s;
		int r;

		if (!links[i].imported)
			continue;
		r = cs_get(m->store, links[i].target, &a, &row, e);
		TRY(r);
		if (r == STORE_NONE)
			continue;
		TRY(identity_of_row(m, &row, &s, e));
		TRY(subjects_add(m, list, &s, e));
	}
	return 0;
}

static int add_below(struct migration *m, const int64_t *ids, unsigned n, struct subjects *list,
	unsigned *found, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};

	for (unsigned i = 0; i < n; i++) {
		struct cs_row row;
		struct subject s;
		int r;

		arena_reset(&a);
		r = cs_get(m->store, ids[i], &a, &row, e);
		TRY(r);
		if (r == STORE_NONE || row.kind == CS_PLACEHOLDER || !row.mv || row.deleted)
			continue;
		TRY(identity_of_row(m, &row, &s, e));
		TRY(subjects_add(m, list, &s, e));
		(*found)++;
	}
	return 0;
}

int identity_below(struct migration *m, const char *dn, struct subjects *list, struct err *e)
{
	unsigned found = 0;

	for (unsigned i = 0; i < m->n_rows; i++) {
		_cleanup_free_ int64_t *ids = NULL;
		unsigned n;

		if (m->rows[i].id == m->target_row.id)
			continue;
		TRY(cs_ids_below(m->store, m->rows[i].id, dn, &ids, &n, e));
		TRY(add_below(m, ids, n, list, &found, e));
	}
	return found ? 0
	             : err_set(e, -ENOENT, NULL, 0,
			       "no source has objects below \"%s\" that rules have joined", dn);
}

static int add_text(struct migration *m, const char *text, const json_t *o, struct subjects *list,
	struct err *e)
{
	const char *mode = json_string_value(json_object_get(o, "mode"));
	struct subject s;

	if (!text || !*text || strlen(text) > TEXT_MAX)
		return err_set(e, -EINVAL, NULL, 0,
			"the name of an object is empty, or longer than %d bytes", TEXT_MAX);
	TRY(identity_find(m, text, &s, e));
	s.mode = mode ? arena_strdup(&m->arena, mode) : NULL;
	s.wave = json_integer_value(json_object_get(o, "wave"));
	return subjects_add(m, list, &s, e);
}

/* The first one of each object stays; those that are not known all stay. */
static void drop_twice(struct subjects *list)
{
	struct hashset seen = {0};
	unsigned n = 0;

	for (unsigned i = 0; i < list->n; i++) {
		const struct subject *s = &list->items[i];
		int64_t key[2] = {s->target.id, s->target.id ? 0 : s->source.id};

		if ((!key[0] && !key[1]) || hashset_add(&seen, hash64(key, sizeof(key))))
			list->items[n++] = *s;
	}
	list->n = n;
	hashset_done(&seen);
}

int identity_parameters(struct migration *m, const json_t *p, struct subjects *ret, struct err *e)
{
	const json_t *objects = json_object_get(p, "objects");
	const char *group = json_string_value(json_object_get(p, "group"));
	const char *ou = json_string_value(json_object_get(p, "ou"));
	struct subjects list = {0};
	json_t *o;
	size_t i;

	if (!json_array_size(objects) && !group && !ou)
		return err_set(
			e, -EINVAL, NULL, 0, "name objects, a group, an OU or a file with them");
	json_array_foreach (objects, i, o)
		TRY(add_text(m,
			json_string_value(json_is_object(o) ? json_object_get(o, "identity") : o),
			json_is_object(o) ? o : NULL, &list, e));
	if (group)
		TRY(identity_members(m, group, &list, e));
	if (ou)
		TRY(identity_below(m, ou, &list, e));
	drop_twice(&list);
	*ret = list;
	return 0;
}

static void set(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, text && *text ? json_string(text) : json_null());
}

json_t *subject_json(const struct migration *m, const struct subject *s)
{
	json_t *o = json_object();
	const struct cs_row *row = s->source.id ? &s->source : &s->target;

	set(o, "identity", s->identity);
	set(o, "name", s->name);
	set(o, "class", s->target.id ? s->target.class : s->source.class);
	set(o, "dn", row->dn);
	set(o, "anchor", s->target.anchor);
	set(o, "source_dn", s->source.dn);
	set(o, "connector", s->source.id ? migration_connector_name(m, s->source.connector) : NULL);
	set(o, "state", s->problem ? NULL : place_word(s->place));
	set(o, "problem", s->problem);
	if (s->mode)
		set(o, "mode", s->mode);
	if (s->wave)
		json_object_set_new(o, "wave", json_integer(s->wave));
	return o;
}
