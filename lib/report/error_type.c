/* The tables of error_type.h. */
#include "report/error_type.h"
#include "base/util.h"

#include <assert.h>

static const char *const RETRIES[] = {
#define X(name, words) [RETRY_##name] = words,
	ERROR_RETRIES(X)
#undef X
};

static const struct {
	const char *word;
	enum error_retry retry;
	const char *advice;
} TYPES[] = {
#define X(name, word, retry, advice) {word, RETRY_##retry, advice},
	ERROR_TYPES(X)
#undef X
};

const char *error_type_word(enum error_type t)
{
	assert((unsigned)t < ERROR_TYPE_COUNT);
	return TYPES[t].word;
}

enum error_type error_type_find(const char *word)
{
	unsigned i = 0;

	while (i < ERROR_TYPE_COUNT && !streq(TYPES[i].word, word))
		i++;
	return (enum error_type)i;
}

const char *error_type_advice(enum error_type t)
{
	return t < ERROR_TYPE_COUNT ? TYPES[t].advice : NULL;
}

const char *error_type_retry(enum error_type t)
{
	assert((unsigned)t < ERROR_TYPE_COUNT);
	return RETRIES[TYPES[t].retry];
}
