/* The words of the results, for people and for JSON. */
#include "lang/expr/result.h"

#include <assert.h>

static const char *const RESULT_NAMES[] = {
#define X(name, word) [FLOW_RESULT_##name] = word,
	FLOW_RESULTS(X)
#undef X
};

const char *flow_result_name(enum flow_result_kind k)
{
	assert(k < ARRAY_SIZE(RESULT_NAMES));
	return RESULT_NAMES[k];
}
