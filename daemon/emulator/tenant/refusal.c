/* Refusals. */
#include "tenant/refusal.h"

#include <stdarg.h>
#include <stdio.h>

bool refusal_set(struct refusal *r, const char *code, const char *fmt, ...)
{
	va_list ap;

	r->code = code;
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	return false;
}
