/* Containers, and the DNs of the rows below them. */
#include "base/text.h"
#include "store/container.h"
#include "store/cs_page.h"
#include "sync/errors.h"
#include "sync/images.h"
#include "sync/import/import.h"
#include "model/dn.h"

int import_container(struct import_step *st, const char *anchor, const char *dn, bool sure,
	const char **ret_old, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct store *store = st->sync->store;
	int64_t connector = st->conn->row.id;
	const char *old;
	int r = container_get(store, connector, anchor, &a, &old, e);

	TRY(r);
	if (r == STORE_NONE && !sure)
		return IMPORT_OTHER;
	if (r == 0 && !streq(old, dn) && !import_is_full(st)) {
		buf_clear(&st->old_dn);
		buf_adds(&st->old_dn, old);
		*ret_old = buf_str(&st->old_dn);
		return IMPORT_MOVED;
	}
	if (r == 0 && streq(old, dn) && !import_is_full(st))
		return 0;
	return container_put(store, connector, anchor, dn, st->stamp, e);
}

/* One moved container with everything that is needed to rename what is below it. */
struct moved {
	const char *old_key;
	const char *dn;
	unsigned depth; /* RDNs of the old DN */
};

static unsigned dn_depth(const char *dn)
{
	unsigned n = 0;

	for (; *dn; dn = dn_parent(dn))
		n++;
	return n;
}

/* What the DN becomes: the deepest of the moved containers that holds it decides. NULL: stays. */
static const char *new_dn(const struct moved *list, unsigned n, const char *dn, struct arena *a)
{
	const char *key = dn_key(a, dn), *tail = dn;
	const struct moved *best = NULL;

	for (unsigned i = 0; i < n; i++)
		if (dn_key_below(key, list[i].old_key) && (!best || list[i].depth > best->depth))
			best = &list[i];
	if (!best)
		return NULL;
	for (unsigned keep = dn_depth(dn) - best->depth; keep; keep--)
		tail = dn_parent(tail);
	return arena_printf(a, "%.*s%s", (int)(tail - dn), dn, best->dn);
}

/* The attribute of the image that holds the DN, if rules read it, gets the new DN too. */
static int rename_image(struct import_step *st, struct cs_row *row, const char *dn, struct err *e)
{
	const char *name = st->conn->type->dn_attr;
	unsigned attr = name ? attr_find(name) : 0;
	struct entry en;
	int r;

	if (!attr || !row->imported)
		return 0;
	TRY(row_shown(st->sync, row, &st->arena, &en, e));
	if (!entry_get(&en, attr))
		return 0;
	entry_set(&en, attr, value_string(dn));
	r = entry_image(st->sync, &en, &st->arena, &row->imported, &row->imported_len, e);
	return r != IMAGE_TOO_LARGE ? r
	                            : object_error(st->sync, row->id, ERROR_IMPORT,
					      ERROR_TYPE_OBJECT_TOO_LARGE, IMAGE_TOO_LARGE_TEXT, e);
}

static int rename_row(
	struct import_step *st, int64_t id, const struct moved *list, unsigned n, struct err *e)
{
	struct store *store = st->sync->store;
	struct cs_row row, holder;
	const char *dn;
	int r;

	arena_reset(&st->arena);
	TRY(cs_get(store, id, &st->arena, &row, e));
	dn = new_dn(list, n, row.dn, &st->arena);
	if (!dn)
		return 0;
	r = cs_find_dn(store, row.connector, dn, &st->arena, &holder, e);
	TRY(r);
	if (r == 0 && holder.id != id)
		TRY(cs_set_transient(store, holder.id, e));
	TRY(rename_image(st, &row, dn, e));
	row.dn = dn;
	row.transient = false;
	if (row.kind != CS_PLACEHOLDER)
		sync_count(st->sync, COUNTER_STAGE_RENAME);
	return cs_update(store, &row, true, e);
}

struct id_list {
	int64_t *ids;
	size_t n;
};

static int add_below(struct import_step *st, const char *old, struct id_list *l, struct err *e)
{
	_cleanup_free_ int64_t *some = NULL;
	unsigned n = 0;

	TRY(cs_ids_below(st->sync->store, st->conn->row.id, old, &some, &n, e));
	l->ids = xrealloc(l->ids, (l->n + n + 1) * sizeof(*l->ids));
	for (unsigned k = 0; k < n; k++) {
		TRY(cs_set_transient(st->sync->store, some[k], e)); /* found only once */
		l->ids[l->n++] = some[k];
	}
	return 0;
}

/*
 * Renames the rows below the old DNs. All of them are transient meanwhile, since one may get the DN
 * of another. Rows that were transient before come last: where two rows get the same DN, they keep
 * it.
 */
static int rename_rows(struct import_step *st, const struct moved *list, unsigned n,
	const char *const *olds, struct err *e)
{
	_cleanup_free_ int64_t *aside = NULL;
	struct id_list l = {0};
	unsigned n_aside = 0;
	int r = cs_ids_transient(st->sync->store, st->conn->row.id, &aside, &n_aside, e);

	for (unsigned i = 0; r == 0 && i < n; i++)
		r = add_below(st, olds[i], &l, e);
	for (size_t i = 0; r == 0 && i < l.n; i++)
		r = rename_row(st, l.ids[i], list, n, e);
	for (unsigned i = 0; r == 0 && i < n_aside; i++)
		r = rename_row(st, aside[i], list, n, e);
	free(l.ids);
	return MIN(r, 0);
}

/* All are read before one is written: a new DN may be the old one of another. */
static int rename_containers(struct import_step *st, const struct moved *list, unsigned n,
	const char *const *olds, struct err *e)
{
	struct store *store = st->sync->store;
	int64_t connector = st->conn->row.id;
	_cleanup_arena_ struct arena a = {0};
	struct container_row **rows = arena_alloc(&a, (n + 1) * sizeof(struct container_row *));
	unsigned *counts = arena_alloc(&a, (n + 1) * sizeof(*counts));

	for (unsigned i = 0; i < n; i++)
		TRY(container_below(store, connector, olds[i], &a, &rows[i], &counts[i], e));
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < counts[i]; k++) {
			const struct container_row *c = &rows[i][k];
			const char *dn = new_dn(list, n, c->dn, &a);

			if (dn)
				TRY(container_put(store, connector, c->anchor, dn, st->stamp, e));
		}
	}
	return 0;
}

int import_containers_moved(
	struct import_step *st, const struct container_move *moves, unsigned n, struct err *e)
{
	struct store *store = st->sync->store;
	int64_t connector = st->conn->row.id;
	_cleanup_arena_ struct arena a = {0};
	struct moved *list = arena_alloc(&a, (n + 1) * sizeof(*list));
	const char **olds = arena_alloc(&a, (n + 1) * sizeof(*olds));
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		const char *old;
		int r = container_get(store, connector, moves[i].anchor, &a, &old, e);

		TRY(r);
		if (r == STORE_NONE || streq(old, moves[i].dn))
			continue;
		olds[count] = old;
		list[count++] = (struct moved){dn_key(&a, old), moves[i].dn, dn_depth(old)};
	}
	TRY(rename_rows(st, list, count, olds, e));
	TRY(rename_containers(st, list, count, olds, e));
	/* the moved containers themselves, exactly as the directory names them */
	for (unsigned i = 0; i < n; i++)
		TRY(container_put(store, connector, moves[i].anchor, moves[i].dn, st->stamp, e));
	return 0;
}
