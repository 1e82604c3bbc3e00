/* Expressions: compiled, and when that works evaluated on a small entry. */
#include "fuzz.h"
#include "lang/expr.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1);
	struct arena a = {0};
	struct expr *x = NULL;
	struct entry en;
	struct err e = {0};

	memcpy(text, data, n);
	text[n] = '\0';
	entry_init(&en, &a);
	entry_set(&en, attr_intern("a"), value_string("Text"));
	entry_set(&en, attr_intern("n"), value_integer(-7));
	entry_set(&en, attr_intern("b"), value_binary("\1\2\3", 3));
	if (expr_compile(text, &x, NULL, &e) == 0) {
		struct eval ev = {.source = &en, .arena = &a};
		struct flow_result fr;

		expr_eval(x, &ev, &fr);
	}
	expr_free(x);
	arena_done(&a);
	free(text);
	return 0;
}
