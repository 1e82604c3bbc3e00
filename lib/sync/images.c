/* Images of objects: decoded from rows and encoded for them, by the store's attribute numbers. */
#include "sync/images.h"
#include "model/image.h"

#include <errno.h>
#include <inttypes.h>

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
