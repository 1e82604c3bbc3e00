/* The words of the results, for people and for JSON. */
#include "lang/expr/result.h"

static const char *const RESULT_NAMES[] = {
#define X(name, word) [FLOW_RESULT_##name] = word,
	FLOW_RESULTS(X)
#undef X
};

const char *flow_result_name(enum flow_result_kind k)
{
	return RESULT_NAMES[k];
}
