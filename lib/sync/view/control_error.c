/* The table of control_error.h. */
#include "sync/view/control_error.h"
#include "base/util.h"

#include <assert.h>
#include <errno.h>

static const struct {
	const char *word;
	int code;
} ERRORS[] = {
#define X(name, word, code) {word, code},
	CONTROL_ERRORS(X)
#undef X
};

const char *control_error_word(enum control_error c)
{
	assert((unsigned)c < CONTROL_ERROR_COUNT);
	return ERRORS[c].word;
}

enum control_error control_error_find(const char *word)
{
	unsigned i = 0;

	while (i < CONTROL_ERROR_COUNT && !streq(ERRORS[i].word, word))
		i++;
	return (enum control_error)i;
}

enum control_error control_error_of(int code)
{
	for (unsigned i = 0; i < CONTROL_ERROR_COUNT; i++)
		if (ERRORS[i].code && ERRORS[i].code == -code)
			return (enum control_error)i;
	return CONTROL_ERROR_FAILED;
}
