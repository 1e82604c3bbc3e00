/* Objects of connector spaces and of the metaverse, as JSON. */
#include "model/entry_json.h"
#include "store/connector_row.h"
#include "store/cs_link.h"
#include "store/cs_page.h"
#include "store/error.h"
#include "store/mv.h"
#include "store/mv_link.h"
#include "sync/acknowledged.h"
#include "sync/export/target.h"
#include "sync/soa.h"
#include "sync/view/fields.h"
#include "sync/view/show.h"

#include <errno.h>
#include <inttypes.h>

#define SEARCH_MAX 200
#define LINKS_MAX 1000 /* references shown of one object */

static int find_connector(struct store *s, const char *name, struct arena *a,
	struct connector_row *ret, struct err *e)
{
	struct connector_row *rows;
	unsigned n;
	int r = connector_list(s, a, &rows, &n, e);

	for (unsigned i = 0; r == 0 && i < n; i++)
		if (streq(rows[i].name, name)) {
			*ret = rows[i];
			return 0;
		}
	return r < 0 ? r : err_set(e, -ENOENT, NULL, 0, "there is no connector \"%s\"", name);
}

/* The row's connector, as the store knows it; it may not be configured any more. */
static struct connector_row connector_of(struct store *s, const struct cs_row *row, struct arena *a)
{
	struct connector_row *rows;
	struct err ignored;
	unsigned n;

	if (connector_list(s, a, &rows, &n, &ignored) == 0)
		for (unsigned i = 0; i < n; i++)
			if (rows[i].id == row->connector)
				return rows[i];
	return (struct connector_row){.name = "?", .type = ""};
}

int show_source(
	struct store *s, const struct cs_row *row, struct arena *a, json_t *o, struct err *e)
{
	struct cs_row *joined;
	unsigned n = 0;

	json_object_set_new(o, "source_dn", json_null());
	if (row->mv)
		TRY(cs_page_sources(s, row->mv, a, &joined, &n, e));
	for (unsigned i = 0; i < n; i++)
		if (joined[i].connector != row->connector) {
			set_text(o, "source_dn", joined[i].dn);
			return 0;
		}
	return 0;
}

static void decode(struct store *s, const void *image, size_t len, struct arena *a,
	struct entry *en, struct err *e)
{
	entry_init(en, a);
	if (image_decode(image, image ? len : 0, store_attr_map(s), en))
		return;
	entry_init(en, a);
	err_set(e, -EUCLEAN, NULL, 0, "the stored image is corrupt");
}

/* What the directory has, as far as is known: shown by an import, or accepted and never shown. */
static void decode_both(
	struct store *s, const struct cs_row *row, struct arena *a, struct entry *en, struct err *e)
{
	decode(s, row->imported, row->imported_len, a, en, e);
	if (!image_decode_beside(row->acknowledged, row->acknowledged_len, store_attr_map(s), en))
		err_set(e, -EUCLEAN, NULL, 0, "the stored image is corrupt");
}

/* After an error nothing is shown: an incomplete object would look like a whole one. */
static json_t *whole(json_t *o, const struct err *e)
{
	if (!e->code)
		return o;
	json_decref(o);
	return NULL;
}

/* Who has the authority over it: as the attribute of the directory, and in words. */
static void set_authority(
	json_t *o, const struct connector_type *type, const struct cs_row *row, struct arena *a)
{
	for (unsigned i = 0; type && i < type->n_authorities; i++)
		if (type->authorities[i].authority == AUTHORITY_ALL)
			json_object_set_new(o, type->authorities[i].attr,
				json_boolean(row->blocked & AUTHORITY_ALL));
	json_object_set_new(o, "blocked", json_boolean(soa_blocks_all(row)));
	set_text(o, "authority", type ? soa_words(type, row->blocked, a) : NULL);
}

json_t *show_row(struct store *s, const struct cs_row *row, struct arena *a)
{
	struct connector_row c = connector_of(s, row, a);
	json_t *o = json_object();

	set_text(o, "connector", c.name);
	set_text(o, "dn", row->dn);
	set_text(o, "anchor", row->anchor);
	set_text(o, "class", row->class);
	set_text(o, "kind", cs_kind_name(row->kind));
	set_text(o, "state", export_state_name(row->state));
	set_text(o, "wanted", cs_want_name(row->want));
	set_authority(o, connector_type_find(c.type), row, a);
	json_object_set_new(o, "mv", row->mv ? json_integer(row->mv) : json_null());
	return o;
}

static json_t *rows_json(struct store *s, const struct cs_row *rows, unsigned n, struct arena *a)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, show_row(s, &rows[i], a));
	return list;
}

json_t *show_search(struct store *s, const char *connector, const char *text, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct connector_row c = {0};
	struct cs_row *rows;
	unsigned n;

	if (connector && find_connector(s, connector, &a, &c, e) < 0)
		return NULL;
	if (cs_search(s, c.id, text, SEARCH_MAX, &a, &rows, &n, e) < 0)
		return NULL;
	return rows_json(s, rows, n, &a);
}

static json_t *links_json(struct store *s, const struct cs_row *row, struct arena *a, struct err *e)
{
	json_t *list = json_array();
	struct cs_link *links;
	unsigned n;

	if (cs_link_list(s, row->id, 0, a, &links, &n, e) < 0)
		return list;
	for (unsigned i = 0; i < MIN(n, (unsigned)LINKS_MAX); i++) {
		struct cs_row target;
		json_t *o;

		if (cs_get(s, links[i].target, a, &target, e) != 0)
			continue;
		o = json_object();
		set_text(o, "attribute", attr_name(links[i].attr));
		set_text(o, "target", target.dn);
		set_text(o, "target_anchor", target.anchor);
		json_object_set_new(o, "imported", json_boolean(links[i].imported));
		json_object_set_new(o, "wanted", json_boolean(links[i].wanted));
		set_text(o, "state", export_state_name(links[i].state));
		json_array_append_new(list, o);
	}
	return list;
}

/* The row's class, in the schema that the connector's type has without settings. */
static const struct schema_class *class_of(
	struct store *s, const struct cs_row *row, struct arena *a)
{
	struct connector_row c = connector_of(s, row, a);
	const struct connector_type *type = connector_type_find(c.type);

	return type ? schema_class_find(type->schema(NULL), row->class) : NULL;
}

/* What the next export would send: attribute -> {from, to}. */
static json_t *pending_json(struct store *s, const struct cs_row *row, const struct entry *have,
	const struct entry *want, struct arena *a)
{
	json_t *o = json_object();
	struct delta d;

	if (!want_has_values(row->want) || soa_blocks_all(row) ||
		row->state == EXPORT_STATE_CONFIRMED || row->state == EXPORT_STATE_EXPORTED)
		return o;
	pending_delta(class_of(s, row, a), row, have, want, 0, a, &d);
	for (unsigned i = 0; i < d.n_attrs; i++) {
		struct entry one;
		json_t *change = json_object(), *side;

		entry_init(&one, a);
		if (d.attrs[i].before)
			entry_set_all(&one, d.attrs[i].id, d.attrs[i].before->values,
				d.attrs[i].before->count);
		side = entry_to_json(&one, a);
		json_object_set(change, "from", json_object_get(side, attr_name(d.attrs[i].id)));
		json_decref(side);
		entry_init(&one, a);
		if (d.attrs[i].after)
			entry_set_all(&one, d.attrs[i].id, d.attrs[i].after->values,
				d.attrs[i].after->count);
		side = entry_to_json(&one, a);
		json_object_set(change, "to", json_object_get(side, attr_name(d.attrs[i].id)));
		json_decref(side);
		json_object_set_new(o, attr_name(d.attrs[i].id), change);
	}
	return o;
}

json_t *show_changes(struct store *s, const struct cs_row *row, struct arena *a)
{
	struct entry imported, wanted;
	struct err ignored; /* the next cycle stops at it and reports it */

	decode_both(s, row, a, &imported, &ignored);
	decode(s, row->wanted, row->wanted_len, a, &wanted, &ignored);
	return pending_json(s, row, &imported, &wanted, a);
}

static json_t *error_json(struct store *s, int64_t cs, struct arena *a, struct err *e)
{
	static const enum error_phase phases[] = {
		ERROR_IMPORT, ERROR_SYNC, ERROR_OUTBOUND, ERROR_EXPORT};
	struct error_row er;

	for (unsigned i = 0; i < ARRAY_SIZE(phases); i++)
		if (error_get(s, cs, phases[i], a, &er, e) == 0)
			return json_pack("{s:s, s:s, s:i}", "type", er.type, "text", er.text,
				"count", er.count);
	return json_null();
}

static json_t *warning_json(struct store *s, int64_t cs, struct arena *a, struct err *e)
{
	struct error_row er;

	return error_get(s, cs, ERROR_WARNING, a, &er, e) == 0 ? json_string(er.text) : json_null();
}

int show_find_row(struct store *s, const char *connector, const char *name, struct arena *a,
	struct cs_row *ret, struct err *e)
{
	struct connector_row *rows;
	bool any = false;
	unsigned n;
	int r = connector_list(s, a, &rows, &n, e);

	for (unsigned i = 0; r == 0 && i < n; i++) {
		if (connector && !streq(rows[i].name, connector))
			continue;
		any = true;
		r = cs_find_dn(s, rows[i].id, name, a, ret, e);
		if (r == STORE_NONE)
			r = cs_find_anchor(s, rows[i].id, name, a, ret, e);
		if (r == 0)
			return 0;
		r = MIN(r, 0);
	}
	if (r < 0)
		return r;
	if (connector && !any)
		return err_set(e, -ENOENT, NULL, 0, "there is no connector \"%s\"", connector);
	return err_set(e, -ENOENT, NULL, 0, "%s%s%s has no object with the DN or anchor \"%s\"",
		connector ? "connector \"" : "no connector", connector ? connector : "",
		connector ? "\"" : "", name);
}

json_t *show_cs(struct store *s, const char *connector, const char *name, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const struct connector_type *type;
	struct entry imported, acknowledged, both, wanted;
	struct cs_row row;
	json_t *o;

	if (show_find_row(s, connector, name, &a, &row, e) < 0)
		return NULL;
	e->code = 0;
	decode(s, row.imported, row.imported_len, &a, &imported, e);
	decode(s, row.acknowledged, row.acknowledged_len, &a, &acknowledged, e);
	entry_remove(&acknowledged, attr_intern(ACKNOWLEDGED_TRUSTED));
	decode_both(s, &row, &a, &both, e);
	decode(s, row.wanted, row.wanted_len, &a, &wanted, e);
	o = show_row(s, &row, &a);
	set_text(o, "rule", row.join_rule);
	type = connector_type_find(connector_of(s, &row, &a).type);
	set_text(o, "kept", type ? soa_kept(type, &row, &a) : NULL);
	json_object_set_new(o, "imported", entry_to_json(&imported, &a));
	json_object_set_new(o, "acknowledged", entry_to_json(&acknowledged, &a));
	json_object_set_new(o, "wanted_attributes", entry_to_json(&wanted, &a));
	json_object_set_new(o, "pending_export", pending_json(s, &row, &both, &wanted, &a));
	json_object_set_new(o, "references", links_json(s, &row, &a, e));
	json_object_set_new(o, "error", error_json(s, row.id, &a, e));
	json_object_set_new(o, "warning", warning_json(s, row.id, &a, e));
	return whole(o, e);
}

/* A number, else the DN or anchor of a joined object in any connector. */
static int find_mv(struct store *s, const char *name, struct arena *a, int64_t *ret, struct err *e)
{
	struct connector_row *rows;
	struct cs_row row;
	unsigned n;
	char *end;
	int r;

	*ret = strtoll(name, &end, 10);
	if (*name && !*end && *ret > 0)
		return 0;
	r = connector_list(s, a, &rows, &n, e);
	for (unsigned i = 0; r == 0 && i < n; i++) {
		r = cs_find_dn(s, rows[i].id, name, a, &row, e);
		if (r == STORE_NONE)
			r = cs_find_anchor(s, rows[i].id, name, a, &row, e);
		if (r == 0 && row.mv) {
			*ret = row.mv;
			return 0;
		}
		r = MIN(r, 0);
	}
	return r < 0 ? r
	             : err_set(e, -ENOENT, NULL, 0,
			       "no metaverse object is joined to an object named \"%s\"", name);
}

static json_t *mv_links_json(struct store *s, int64_t mv, struct arena *a, struct err *e)
{
	static unsigned display_name;
	json_t *list = json_array();
	struct mv_link *links;
	unsigned n;

	if (!display_name)
		display_name = attr_intern("displayName");
	if (mv_link_list(s, mv, 0, a, &links, &n, e) < 0)
		return list;
	for (unsigned i = 0; i < MIN(n, (unsigned)LINKS_MAX); i++) {
		struct mv_row target;
		struct entry en;
		json_t *o;

		if (!links[i].present || mv_get(s, links[i].target, a, &target, e) != 0)
			continue;
		decode(s, target.image, target.image_len, a, &en, e);
		o = json_object();
		set_text(o, "attribute", attr_name(links[i].attr));
		json_object_set_new(o, "target", json_integer(links[i].target));
		set_text(o, "displayName", entry_string(&en, display_name));
		json_array_append_new(list, o);
	}
	return list;
}

int show_find_mv(struct store *s, const char *name, int64_t *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};

	return find_mv(s, name, &a, ret, e);
}

json_t *show_mv(struct store *s, const char *name, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row *rows;
	struct mv_row mv;
	struct entry en;
	json_t *o, *list = json_array();
	unsigned n = 0;
	int64_t id;
	int r = find_mv(s, name, &a, &id, e);

	if (r == 0)
		r = mv_get(s, id, &a, &mv, e);
	if (r == STORE_NONE)
		r = err_set(e, -ENOENT, NULL, 0, "there is no metaverse object %" PRId64, id);
	if (r == 0)
		r = cs_page_joined(s, id, &a, &rows, &n, e);
	if (r < 0) {
		json_decref(list);
		return NULL;
	}
	e->code = 0;
	decode(s, mv.image, mv.image_len, &a, &en, e);
	for (unsigned i = 0; i < n; i++) {
		json_t *c = show_row(s, &rows[i], &a);

		set_text(c, "rule", rows[i].join_rule);
		json_array_append_new(list, c);
	}
	o = json_object();
	json_object_set_new(o, "mv", json_integer(id));
	set_text(o, "class", mv.class);
	json_object_set_new(o, "attributes", entry_to_json(&en, &a));
	json_object_set_new(o, "references", mv_links_json(s, id, &a, e));
	json_object_set_new(o, "connectors", list);
	return whole(o, e);
}
