/* Images of objects: decoded from rows and encoded for them, by the store's attribute numbers. */
#include "sync/images.h"
#include "model/image.h"
#include "sync/unreadable.h"

#include <errno.h>
#include <inttypes.h>

static int decode(struct sync *s, const struct cs_row *row, const void *image, size_t len,
	struct arena *a, struct entry *ret, struct err *e)
{
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

int row_shown(
	struct sync *s, const struct cs_row *row, struct arena *a, struct entry *ret, struct err *e)
{
	return decode(s, row, row->imported, row->imported_len, a, ret, e);
}

int row_acknowledged(
	struct sync *s, const struct cs_row *row, struct arena *a, struct entry *ret, struct err *e)
{
	return decode(s, row, row->acknowledged, row->acknowledged_len, a, ret, e);
}

/* Beside what is shown: what is not, unless the class's attribute can be read by now. */
static int add_acknowledged(
	struct sync *s, const struct cs_row *row, struct arena *a, struct entry *ret, struct err *e)
{
	const struct unreadable *u =
		unreadable_of(sync_connector_by_id(s, row->connector), row->class);
	struct entry en;

	TRY(row_acknowledged(s, row, a, &en, e));
	for (unsigned i = 0; i < en.n_attrs; i++)
		if (unreadable_has(u, en.attrs[i].id) && !entry_get(ret, en.attrs[i].id))
			entry_put(ret, en.attrs[i].id, en.attrs[i].values, en.attrs[i].count);
	return 0;
}

int row_entry(struct sync *s, const struct cs_row *row, bool wanted, struct arena *a,
	struct entry *ret, struct err *e)
{
	if (wanted)
		return decode(s, row, row->wanted, row->wanted_len, a, ret, e);
	TRY(row_shown(s, row, a, ret, e));
	return row->acknowledged ? add_acknowledged(s, row, a, ret, e) : 0;
}

int row_with_shown(struct sync *s, const struct cs_row *row, const struct entry *shown,
	struct arena *a, struct entry *ret, struct err *e)
{
	entry_init(ret, a);
	for (unsigned i = 0; i < shown->n_attrs; i++)
		if (shown->attrs[i].count) /* one without values is not there; here it would be in
		                              doubt */
			entry_put(ret, shown->attrs[i].id, shown->attrs[i].values,
				shown->attrs[i].count);
	return row->acknowledged ? add_acknowledged(s, row, a, ret, e) : 0;
}

/* Is the boolean attribute of the imported image there, and true? */
static int shows(struct sync *s, const struct cs_row *row, const char *attr, struct arena *a,
	bool *ret, struct err *e)
{
	const struct value *v;
	struct entry en;

	TRY(row_entry(s, row, false, a, &en, e));
	v = entry_first(&en, attr_intern(attr));
	*ret = v && v->type == VALUE_BOOLEAN && v->num;
	return 0;
}

int row_is_mastered(struct sync *s, const struct sync_connector *c, const struct cs_row *row,
	struct arena *a, bool *ret, struct err *e)
{
	const char *name =
		c->type->mastered_attr ? c->type->mastered_attr(&c->cfg->settings) : NULL;

	*ret = true; /* the connector has no attribute that shows it */
	return name ? shows(s, row, name, a, ret, e) : 0;
}

int row_is_foreign(struct sync *s, const struct sync_connector *c, const struct cs_row *row,
	struct arena *a, bool *ret, struct err *e)
{
	const char *name = c->type->foreign_attr ? c->type->foreign_attr(&c->cfg->settings) : NULL;

	*ret = false;
	return name ? shows(s, row, name, a, ret, e) : 0;
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
	struct buf *b = &s->image; /* its memory is used again for the next object */

	buf_clear(b);
	if (!image_encode(entry, store_attr_map(s->store), b)) {
		TRY(store_attr_error(s->store, e));
		return IMAGE_TOO_LARGE;
	}
	*ret = arena_dup(a, b->data ? b->data : "", b->len);
	*ret_len = b->len;
	return 0;
}
