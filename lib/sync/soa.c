/* What an authority over an object means, see soa.h. */
#include "sync/soa.h"

const struct schema_class *soa_class(const struct connector_config *cfg, const struct cs_row *row)
{
	if (!row->blocked || soa_blocks_all(row))
		return NULL;
	return schema_class_find(cfg->type->schema(&cfg->settings), row->class);
}

bool soa_blocks(const struct cs_row *row, const struct schema_class *class, unsigned attr)
{
	const struct schema_attr *a;

	if (!row->blocked || soa_blocks_all(row))
		return row->blocked;
	a = class ? schema_attr_find(class, attr_name(attr)) : NULL;
	return a && a->authority & row->blocked;
}

static void leave(
	const struct cs_row *row, const struct schema_class *class, bool blocked, struct delta *d)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->n_attrs; i++)
		if (soa_blocks(row, class, d->attrs[i].id) == blocked)
			d->attrs[n++] = d->attrs[i];
	d->n_attrs = n;
}

void soa_ours(const struct cs_row *row, const struct schema_class *class, struct delta *d)
{
	if (row->blocked)
		leave(row, class, false, d);
}

void soa_theirs(const struct cs_row *row, const struct schema_class *class, struct delta *d)
{
	leave(row, class, true, d);
}

void soa_ours_only(const struct cs_row *row, const struct schema_class *class, struct entry *en)
{
	for (unsigned i = row->blocked ? en->n_attrs : 0; i-- > 0;)
		if (soa_blocks(row, class, en->attrs[i].id))
			entry_remove(en, en->attrs[i].id);
}

bool soa_keeps_object(const struct cs_row *row)
{
	return soa_blocks_all(row);
}

bool soa_keeps_gone(const struct cs_row *row)
{
	return soa_blocks_all(row);
}

static bool is_group(const struct connector_type *type, const struct cs_row *row)
{
	return type->group_class && streq(row->class, type->group_class);
}

bool soa_keeps_reference(
	const struct connector_type *type, const struct cs_row *source, const struct cs_row *target)
{
	if (!target->id || target->want != WANT_PRESENT)
		return false;
	return !(target->blocked & AUTHORITY_ALL) || !is_group(type, source) ||
	       !is_group(type, target);
}

enum soa_turn soa_turn(unsigned before, unsigned after)
{
	if (after & AUTHORITY_WHOLE)
		return before & AUTHORITY_WHOLE ? SOA_SAME : SOA_TAKEN;
	return before & ~after ? SOA_RETURNED : SOA_SAME;
}

bool soa_is_returned(const struct cs_row *row, bool mastered_before, bool mastered)
{
	return row->want == WANT_PRESENT && row->imported && !soa_blocks_all(row) &&
	       mastered_before && !mastered;
}

const struct authority_def *soa_find(const struct connector_type *type, const char *attr)
{
	for (unsigned i = 0; i < type->n_authorities; i++)
		if (streq(type->authorities[i].attr, attr))
			return &type->authorities[i];
	return NULL;
}

const char *soa_reason(const struct connector_type *type, unsigned blocked)
{
	for (unsigned i = 0; i < type->n_authorities; i++)
		if (type->authorities[i].authority & blocked)
			return type->authorities[i].reason;
	return "somebody else has the authority over it"; /* every type has a reason today */
}

const char *soa_kept(const struct connector_type *type, const struct cs_row *row, struct arena *a)
{
	if (!soa_blocks_all(row))
		return NULL;
	if (row->want == WANT_PRESENT && !row->imported)
		return arena_printf(a,
			"it was deleted in the directory and is not created again, because %s",
			soa_reason(type, row->blocked));
	if (row->want == WANT_NOTHING && row->imported && !row->mv)
		return arena_printf(a,
			"its source object was deleted or is out of scope; it is kept, because %s",
			soa_reason(type, row->blocked));
	return NULL;
}

static const char *authority_word(enum authority authority)
{
	switch (authority) {
#define X(name, bit, word)     \
	case AUTHORITY_##name: \
		return word;
		AUTHORITIES(X)
#undef X
	}
	return "";
}

const char *soa_words(const struct connector_type *type, unsigned blocked, struct arena *a)
{
	const char *ret = NULL;

	for (unsigned i = 0; i < type->n_authorities; i++) {
		const struct authority_def *def = &type->authorities[i];

		if (def->authority & blocked)
			ret = arena_printf(a, "%s%s%s (%s)", ret ? ret : "", ret ? ", " : "",
				def->word, authority_word(def->authority));
	}
	return ret;
}
