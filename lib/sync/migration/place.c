/* Where an object stands, see place.h. */
#include "sync/migration/place.h"

#include <assert.h>

static const struct {
	const char *word, *text;
} places[] = {
#define X(id, word, text) {word, text},
	PLACES(X)
#undef X
};

const char *place_word(enum place p)
{
	assert((unsigned)p < PLACE_COUNT);
	return places[p].word;
}

const char *place_text(enum place p)
{
	assert((unsigned)p < PLACE_COUNT);
	return places[p].text;
}

enum place place_find(const char *word)
{
	for (unsigned i = 0; i < PLACE_COUNT; i++)
		if (streq(places[i].word, word))
			return (enum place)i;
	return PLACE_COUNT;
}

/* Does the directory show it as mastered by a source? Where it shows nothing: as the rules say. */
static bool is_mastered(
	const struct migration *m, const struct cs_row *row, const struct entry *image)
{
	const struct connector_type *t = m->target->type;
	const char *name = t->mastered_attr ? t->mastered_attr(&m->target->settings) : NULL;
	const struct value *v;

	if (!name)
		return row->want == WANT_PRESENT && !row->export_all;
	v = entry_first(image, attr_intern(name));
	return v && v->type == VALUE_BOOLEAN && v->num;
}

enum place place_of(const struct migration *m, const struct cs_row *row, const struct entry *image)
{
	bool mastered;

	if (!row->id || !row->imported || row->kind == CS_PLACEHOLDER)
		return PLACE_UNKNOWN;
	if (row->blocked & AUTHORITY_ALL)
		return PLACE_CONVERTED;
	mastered = is_mastered(m, row, image);
	if (row->want != WANT_PRESENT)
		return mastered ? PLACE_OTHER : PLACE_NATIVE;
	if (!mastered || row->export_all) /* as long as not everything has been sent again */
		return PLACE_ROLLED_BACK;
	return row->blocked ? PLACE_EXCHANGE_ONLY : PLACE_SYNCED;
}
