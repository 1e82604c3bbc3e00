/*
 * Access to a checked section of adsyncd.conf, by the names of its table. Owns nothing: a section
 * belongs to the loaded configuration.
 */
#include "connector/settings.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned setting_index(const struct settings *s, const char *name)
{
	for (unsigned i = 0; i < s->n_defs; i++)
		if (streq(s->defs[i].name, name))
			return i;
	assert(!"setting is in the table");
	abort();
}

const char *setting_text(const struct settings *s, const char *name)
{
	return s->values[setting_index(s, name)];
}

int setting_line(const struct settings *s, const char *name)
{
	int line = s->lines[setting_index(s, name)];

	return line ? line : s->line;
}

bool setting_bool(const struct settings *s, const char *name)
{
	const char *v = setting_text(s, name);

	return v && (streq(v, "yes") || streq(v, "true") || streq(v, "on"));
}

int64_t setting_number(const struct settings *s, const char *name)
{
	const char *v = setting_text(s, name);

	return v ? strtoll(v, NULL, 10) : 0;
}

int setting_error(const struct settings *s, const char *name, struct err *e, const char *fmt, ...)
{
	char text[sizeof(e->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(e, -EINVAL, s->file, setting_line(s, name), "connector \"%s\", %s: %.600s",
		s->name, name, text);
}

char **setting_list(const struct settings *s, const char *name, char separator, struct arena *a)
{
	const char *text = setting_text(s, name);
	size_t max = 2;
	char **list;
	unsigned n = 0;

	for (const char *p = text; p && *p; p++)
		max += *p == separator || *p == '\n';
	list = arena_zalloc(a, max * sizeof(*list));
	while (text && *text) {
		const char separators[] = {separator, '\n', '\0'};
		const char *end = text + strcspn(text, separators), *last = end;

		while (text < last && isspace((unsigned char)*text))
			text++;
		while (last > text && isspace((unsigned char)last[-1]))
			last--;
		if (last > text)
			list[n++] = arena_dup(a, text, (size_t)(last - text));
		text = *end ? end + 1 : end;
	}
	return list;
}
