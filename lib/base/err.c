/*
 * Errors for operators. Text that is cut is cut between characters: it goes into JSON and the
 * journal.
 */
#include "base/err.h"
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

int err_set(struct err *e, int code, const char *source, int line, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	e->code = code;
	e->line = line;
	snprintf(e->source, sizeof(e->source), "%s", source ? source : "");
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	utf8_cut(e->text);
	return code;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->text)];
	va_list ap;
	int n;

	assert(e && e->code); /* a code out of nothing would be a fatal one */
	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(e->text))
		snprintf(e->text + n, sizeof(e->text) - (size_t)n, ": %.*s",
			(int)(sizeof(e->text) - (size_t)n), old);
	utf8_cut(e->text);
	return e->code;
}

const char *err_format(const struct err *e, char *buf, size_t size)
{
	if (e->source[0] && e->line)
		snprintf(buf, size, "%s:%d: %s", e->source, e->line, e->text);
	else if (e->source[0])
		snprintf(buf, size, "%s: %s", e->source, e->text);
	else
		snprintf(buf, size, "%s", e->text);
	if (size)
		utf8_cut(buf);
	return buf;
}
