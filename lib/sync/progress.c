/* The counters by their names. */
#include "sync/progress.h"

static const char *const COUNTER_NAMES[] = {
#define X(name, word) [COUNTER_##name] = word,
	COUNTERS(X)
#undef X
};

json_t *counters_to_json(const struct counters *c)
{
	json_t *ret = json_object();

	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		if (c->n[i])
			json_object_set_new(ret, COUNTER_NAMES[i], json_integer(c->n[i]));
	return ret;
}
