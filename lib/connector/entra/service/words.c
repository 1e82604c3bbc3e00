/* Refusals in a row, see words.h. */
#include "connector/entra/service/words.h"
#include "base/buf.h"
#include "connector/entra/schema.h"

/* The words without what is the object's own, so that they can be compared; the caller's. */
static char *common_words(const struct export_item *item, const char *words)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0};
	const char *own[] = {entra_source_anchor(item->dn, &a), item->anchor,
		entra_source_anchor(item->target_dn, &a), item->target_anchor};

	while (*words) {
		size_t skip = 0;

		for (unsigned i = 0; i < ARRAY_SIZE(own); i++)
			if (own[i] && *own[i] && str_starts(words, own[i]))
				skip = strlen(own[i]);
		buf_addc(&b, skip ? '*' : *words);
		words += skip ? skip : 1;
	}
	return xstrdup(buf_str(&b));
}

unsigned service_words_count(
	struct service_words *w, const struct export_item *item, const char *words)
{
	char *common = common_words(item, words);

	if (!w->text || !streq(w->text, common))
		w->n = 0;
	free(w->text);
	w->text = common;
	return ++w->n;
}

void service_words_done(struct service_words *w)
{
	free(w->text);
	*w = (struct service_words){0};
}
