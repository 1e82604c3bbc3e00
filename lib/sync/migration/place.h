/*
 * place: where an object of the target stands between its source and the target's own side. It is
 * the state table of the service (isCloudManaged and onPremisesSyncEnabled), as the rows tell it.
 */
#pragma once

#include "sync/migration/migration.h"

/* X(enum, word, for people) */
#define PLACES(X)                                                                       \
	X(UNKNOWN, "unknown", "it is not known in the target")                          \
	X(SYNCED, "synced", "the source has the authority")                             \
	X(CONVERTED, "converted", "the target's side has the authority over all of it") \
	X(EXCHANGE_ONLY, "exchange-only",                                               \
		"the target's side has the authority over some "                        \
		"attributes")                                                           \
	X(ROLLED_BACK, "awaiting-takeover",                                             \
		"the source has the authority again, and the "                          \
		"next cycle takes the object over")                                     \
	X(NATIVE, "cloud-native", "the object was made on the target's side")           \
	X(OTHER, "synced-elsewhere", "a source has the authority, and no rule here holds it")
enum place {
#define X(id, word, text) PLACE_##id,
	PLACES(X)
#undef X
		PLACE_COUNT
};
const char *place_word(enum place p);
const char *place_text(enum place p);
/* PLACE_COUNT: there is no such word. */
enum place place_find(const char *word);

/* Of a row of the target; image: what the last import showed. */
enum place place_of(const struct migration *m, const struct cs_row *row, const struct entry *image);
