/* Findings of a connector's test, and the words of TEST_VERDICTS. */
#include "connector/check.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

const char *test_verdict_name(enum test_verdict v)
{
	static const char *const WORDS[] = {
#define X(id, word) word,
		TEST_VERDICTS(X)
#undef X
	};

	return WORDS[v];
}

void finding_tell(
	struct test_sink *sink, const char *check, enum test_verdict v, const char *fmt, ...)
{
	char text[1024];
	struct test_finding f = {check, v, text};
	va_list ap;

	assert(sink->finding && check);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sink->finding(sink, &f);
}
