/* The table of findings, see readiness.h. */
#include "connector/readiness.h"
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

const struct readiness_row readiness_rows[] = {
#define READINESS(id, code, severity, why, advice) \
	[READINESS_##id] = {code, SEVERITY_##severity, why, advice},
#include "connector/readiness_table.inc"
#undef READINESS
};

const char *readiness_severity_word(enum readiness_severity s)
{
	static const char *const words[] = {
#define X(id, word) [SEVERITY_##id] = word,
		READINESS_SEVERITIES(X)
#undef X
	};

	return words[s];
}

void readiness_tell(
	struct readiness_sink *s, enum readiness what, const char *attr, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = xstrdup("?");
	va_end(ap);
	s->finding(s, what, attr, text);
	free(text);
}
