/* The image of what was accepted and is never shown, see acknowledged.h. */
#include "sync/acknowledged.h"
#include "sync/images.h"

/* The entry becomes the row's image; of one that is too large nothing is kept. */
static int keep(
	struct sync *s, struct cs_row *row, struct entry *en, struct arena *a, struct err *e)
{
	int r;

	acknowledged_forget(row);
	if (!en->n_attrs)
		return 0;
	r = entry_image(s, en, a, &row->acknowledged, &row->acknowledged_len, e);
	return MIN(r, 0);
}

int acknowledged_nothing(struct sync *s, struct cs_row *row, struct arena *a, struct err *e)
{
	struct entry en;
	int r;

	entry_init(&en, a);
	r = entry_image(s, &en, a, &row->acknowledged, &row->acknowledged_len, e);
	return MIN(r, 0);
}

int acknowledged_unknown(struct sync *s, const struct unreadable *u, struct cs_row *row,
	struct arena *a, struct err *e)
{
	struct entry en;

	entry_init(&en, a);
	for (unsigned i = 1; i < attr_count(); i++)
		if (unreadable_has(u, i))
			entry_clear(&en, i);
	return keep(s, row, &en, a, e);
}

static bool is_one_of(unsigned attr, const unsigned *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (list[i] == attr)
			return true;
	return false;
}

int acknowledged_doubt(struct sync *s, const struct unreadable *u, struct cs_row *row,
	const struct delta *d, struct arena *a, struct err *e)
{
	struct entry en = {0};

	for (unsigned i = 0; i < d->n_attrs; i++) {
		if (!unreadable_has(u, d->attrs[i].id))
			continue;
		if (!en.arena)
			TRY(row_acknowledged(s, row, a, &en, e));
		entry_clear(&en, d->attrs[i].id);
	}
	if (!en.arena)
		return 0;
	TRY(keep(s, row, &en, a, e));
	return 1;
}

int acknowledged_accept(struct sync *s, const struct unreadable *u, struct cs_row *row,
	const struct delta *d, const unsigned *refused, unsigned n_refused, struct arena *a,
	struct err *e)
{
	struct entry en = {0};

	for (unsigned i = 0; i < d->n_attrs; i++) {
		const struct delta_attr *da = &d->attrs[i];

		if (!unreadable_has(u, da->id) || is_one_of(da->id, refused, n_refused))
			continue;
		if (!en.arena)
			TRY(row_acknowledged(s, row, a, &en, e));
		if (da->after && da->after->count)
			entry_put(&en, da->id, da->after->values, da->after->count);
		else
			entry_remove(&en, da->id);
	}
	if (!en.arena)
		return 0;
	TRY(keep(s, row, &en, a, e));
	return 1;
}

int acknowledged_set(struct sync *s, const struct unreadable *u, struct cs_row *row,
	const struct entry *from, bool whole, struct arena *a, struct err *e)
{
	struct entry en = {0};

	if (u && whole)
		entry_init(&en, a);
	for (unsigned i = 0; u && i < from->n_attrs; i++) {
		const struct attr *at = &from->attrs[i];

		if (!unreadable_has(u, at->id))
			continue;
		if (at->count && at->values[0].type == VALUE_REFERENCE)
			continue;
		if (!en.arena)
			TRY(row_acknowledged(s, row, a, &en, e));
		if (at->count)
			entry_set_all(&en, at->id, at->values, at->count);
		else
			entry_remove(&en, at->id);
	}
	if (!en.arena)
		return 0;
	TRY(keep(s, row, &en, a, e));
	return whole && !row->acknowledged ? acknowledged_nothing(s, row, a, e) : 0;
}

int acknowledged_trust(struct sync *s, const struct unreadable *u, struct cs_row *row,
	const struct entry *wanted, int64_t watermark, struct arena *a, bool *ret_any,
	struct err *e)
{
	struct entry en;

	entry_init(&en, a);
	for (unsigned i = 0; i < wanted->n_attrs; i++) {
		const struct attr *at = &wanted->attrs[i];

		if (at->count && unreadable_has(u, at->id))
			entry_put(&en, at->id, at->values, at->count);
	}
	*ret_any = en.n_attrs > 0;
	entry_set(&en, attr_intern(ACKNOWLEDGED_TRUSTED), value_integer(watermark));
	return keep(s, row, &en, a, e);
}

int acknowledged_trusts(struct sync *s, const struct cs_row *row, int64_t watermark,
	struct arena *a, bool *ret, struct err *e)
{
	const struct value *v;
	struct entry en;

	TRY(row_acknowledged(s, row, a, &en, e));
	v = entry_first(&en, attr_intern(ACKNOWLEDGED_TRUSTED));
	*ret = v && v->num == watermark;
	return 0;
}

void acknowledged_forget(struct cs_row *row)
{
	row->acknowledged = NULL;
	row->acknowledged_len = 0;
}
