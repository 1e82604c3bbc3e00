/* What an export would send, page by page: rows in the states that are due, then references. */
#include "sync/view/show.h"
#include "store/connector_row.h"
#include "store/cs_link.h"
#include "store/cs_page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define PAGE 200
#define LINKS_MAX 1000 /* references shown of one object */

static const enum export_state states[] = {
	EXPORT_STATE_PENDING, EXPORT_STATE_SENDING, EXPORT_STATE_FAILED};

/* A place in the list; its order: connector, phase, id. */
struct place {
	int64_t connector;
	unsigned phase; /* 0..5: states of rows, states of references */
	int64_t id;
};

static const char *operation(const struct cs_row *row)
{
	if (row->want == WANT_ABSENT)
		return "delete";
	return row->anchor ? "update" : "add";
}

static int references(
	struct store *s, const struct cs_row *row, struct arena *a, json_t *list, struct err *e)
{
	struct cs_link *links;
	unsigned n = 0;

	if (row->want == WANT_PRESENT)
		TRY(cs_link_list(s, row->id, 0, a, &links, &n, e));
	for (unsigned i = 0; i < n && json_array_size(list) < LINKS_MAX; i++) {
		struct cs_row target;
		int r;

		if (links[i].state == EXPORT_STATE_NONE ||
			(links[i].wanted == links[i].imported &&
				links[i].state != EXPORT_STATE_SENDING))
			continue;
		r = cs_get(s, links[i].target, a, &target, e);
		TRY(r);
		if (r == STORE_NONE)
			continue;
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s}", "attribute", attr_name(links[i].attr),
				      "operation", links[i].wanted ? "add" : "remove", "target",
				      target.dn));
	}
	return 0;
}

int show_pending_object(
	struct store *s, const struct cs_row *row, struct arena *a, json_t *list, struct err *e)
{
	json_t *o = show_row(s, row, a), *links = json_array();

	json_array_append_new(list, o);
	json_object_set_new(o, "operation", json_string(operation(row)));
	json_object_set_new(o, "changes", show_changes(s, row, a));
	json_object_set_new(o, "references", links);
	TRY(references(s, row, a, links, e));
	return show_source(s, row, a, o, e);
}

static int page_rows(struct store *s, struct place *p, json_t *list, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row *rows;
	unsigned n;

	TRY(cs_page_state(s, p->connector, states[p->phase], p->id, PAGE, &a, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		TRY(show_pending_object(s, &rows[i], &a, list, e));
		p->id = rows[i].id;
	}
	return n == PAGE;
}

static int page_references(struct store *s, struct place *p, json_t *list, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row row;
	int64_t *ids;
	unsigned n;

	TRY(cs_link_page_sources(s, p->connector, states[p->phase - ARRAY_SIZE(states)], p->id,
		PAGE, &a, &ids, &n, e));
	for (unsigned i = 0; i < n; i++) {
		int r = cs_get(s, ids[i], &a, &row, e);

		if (r == 0)
			r = show_pending_object(s, &row, &a, list, e);
		TRY(r);
		p->id = ids[i];
	}
	return n == PAGE;
}

/* A page of one phase; 1: the phase has more. */
static int page(struct store *s, struct place *p, json_t *list, struct err *e)
{
	return p->phase < ARRAY_SIZE(states) ? page_rows(s, p, list, e)
	                                     : page_references(s, p, list, e);
}

/* The connector that follows one in order; 0: there is none. */
static int64_t next_connector(const struct connector_row *rows, unsigned n, int64_t after)
{
	int64_t best = 0;

	for (unsigned i = 0; i < n; i++)
		if (rows[i].id > after && (!best || rows[i].id < best))
			best = rows[i].id;
	return best;
}

static int start_place(struct store *s, const char *connector, const char *after,
	const struct connector_row *rows, unsigned n, struct place *p, struct err *e)
{
	*p = (struct place){.connector = next_connector(rows, n, 0)};
	for (unsigned i = 0; connector && i < n; i++)
		if (streq(rows[i].name, connector)) {
			p->connector = rows[i].id;
			connector = NULL;
		}
	if (connector)
		return err_set(e, -ENOENT, NULL, 0, "there is no connector \"%s\"", connector);
	if (after &&
		(sscanf(after, "%" SCNd64 ".%u.%" SCNd64, &p->connector, &p->phase, &p->id) != 3 ||
			p->connector <= 0 || p->phase >= 2 * ARRAY_SIZE(states)))
		return err_set(e, -EINVAL, NULL, 0,
			"\"%s\" is not a position that ListPending has returned", after);
	return 0;
}

json_t *show_pending(struct store *s, const char *connector, const char *after, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct connector_row *rows;
	json_t *list = json_array();
	char next[80] = "";
	struct place p;
	unsigned n;
	int r = connector_list(s, &a, &rows, &n, e);

	if (r >= 0)
		r = start_place(s, connector, after, rows, n, &p, e);
	while (r >= 0 && p.connector && json_array_size(list) < PAGE) {
		r = page(s, &p, list, e);
		if (r == 0) {
			p.id = 0;
			if (++p.phase == 2 * ARRAY_SIZE(states)) {
				p.phase = 0;
				p.connector = connector ? 0 : next_connector(rows, n, p.connector);
			}
		}
	}
	if (r < 0) {
		json_decref(list);
		return NULL;
	}
	if (p.connector)
		snprintf(next, sizeof(next), "%" PRId64 ".%u.%" PRId64, p.connector, p.phase, p.id);
	return json_pack("{s:o, s:s?}", "objects", list, "next", *next ? next : NULL);
}
