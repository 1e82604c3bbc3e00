/* Why the tenant refuses a change: the code of the answer and a sentence for people. */
#pragma once

#include "base/util.h"

struct refusal {
	const char *code; /* NULL: nothing is refused */
	char text[768];
};

/* Fills it and is false, so that "return refusal_set(...)" reads well. */
bool refusal_set(struct refusal *r, const char *code, const char *fmt, ...) _printf_(3, 4);
