/* Refusals one after the other with the same words, whatever object they are about. */
#pragma once

#include "connector/export.h"

struct service_words {
	unsigned n;
	char *text; /* the words, with * for what is the object's own; NULL: none yet */
};

/* Counts a refusal of the item; how many there were one after the other. */
unsigned service_words_count(
	struct service_words *w, const struct export_item *item, const char *words);
void service_words_done(struct service_words *w);
