/* Expressions: compiled, checked, and when that works evaluated on the manual's object. */
#include "fuzz.h"
#include "lang/import/offline.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_arena_ struct arena a = {0};
	char *text = arena_dup(&a, data, n);
	json_t *sample = json_loads(expr_example, 0, NULL);
	struct err e = {0};
	struct flow_result fr;
	struct offline o;

	if (offline_init(&o, sample, &a, &e) < 0)
		abort();
	if (offline_eval(&o, text, &fr, &e) < 0) {
		if (!e.text[0])
			abort();
	} else {
		json_decref(offline_result(&o, &fr));
	}
	json_decref(sample);
	return 0;
}
