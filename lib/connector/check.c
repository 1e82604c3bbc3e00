/* Findings of a connector's test. */
#include "connector/check.h"

#include <stdarg.h>
#include <stdio.h>

void finding_tell(
	struct test_sink *sink, const char *check, enum test_verdict v, const char *fmt, ...)
{
	char text[1024];
	struct test_finding f = {check, v, text};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sink->finding(sink, &f);
}
