/*
 * Access to a checked section of adsyncd.conf, by the names of its table. Owns nothing: a section
 * belongs to the loaded configuration.
 */
#include "connector/settings.h"
#include "base/timefmt.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const bool_words[] = {"yes", "true", "on", "no", "false", "off"};

static bool choice_valid(const char *choices, const char *v)
{
	size_t n = strlen(v);

	for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (n && strncmp(p, v, n) == 0 && (p[n] == '|' || p[n] == '\0'))
			return true;
	return false;
}

static const struct option_word *find_word(const struct option_def *d, const char *text)
{
	for (const struct option_word *w = d->words; w && w->word; w++)
		if (strcasecmp(text, w->word) == 0)
			return w;
	return NULL;
}

const char *setting_word(const struct option_def *d, int64_t n)
{
	for (const struct option_word *w = d->words; w && w->word; w++)
		if (w->value == n && !isdigit((unsigned char)*w->word))
			return w->word;
	return NULL;
}

static char *number_normalise(const struct option_def *d, const char *v, char *why, size_t size)
{
	const struct option_word *w = find_word(d, v);
	char *end, number[24];
	int64_t n;

	errno = 0;
	n = strtoll(v, &end, 10);
	if (!w && *v && !*end && !errno && n >= d->min && n <= d->max) {
		snprintf(number, sizeof(number), "%lld", (long long)n);
		w = find_word(d, number); /* 00 is 0 */
		if (!w)
			return xstrdup(number);
	}
	if (w) {
		snprintf(why, size, "%s", w->warning ? w->warning : "");
		return xasprintf("%lld", (long long)w->value);
	}
	snprintf(why, size, "a number from %lld to %lld%s%s was expected, not \"%.100s\"",
		(long long)d->min, (long long)d->max, d->choices ? " or " : "",
		d->choices ? d->choices : "", v);
	return NULL;
}

char *setting_normalise(const struct option_def *d, const char *v, char *why, size_t size)
{
	int64_t n;

	why[0] = '\0';
	switch (d->kind) {
	case OPTION_BOOLEAN:
		for (unsigned i = 0; i < ARRAY_SIZE(bool_words); i++)
			if (strcasecmp(v, bool_words[i]) == 0)
				return xstrdup(i < 3 ? "yes" : "no");
		snprintf(why, size, "yes or no was expected, not \"%.100s\"", v);
		return NULL;
	case OPTION_NUMBER:
		return number_normalise(d, v, why, size);
	case OPTION_DURATION:
		if (duration_parse(v, &n) && n >= d->min && (!d->max || n <= d->max))
			return xasprintf("%lld", (long long)n);
		snprintf(why, size,
			"a time such as 00:30:00 (at least %lld seconds) was expected, not "
			"\"%.100s\"",
			(long long)d->min, v);
		return NULL;
	case OPTION_CHOICE:
		if (choice_valid(d->choices, v))
			return xstrdup(v);
		for (const struct option_word *w = d->words; w && w->word; w++)
			if (streq(w->word, v)) {
				snprintf(why, size, "\"%s\" is gone: %s", v, w->warning);
				return NULL;
			}
		snprintf(why, size, "one of %s was expected, not \"%.100s\"", d->choices, v);
		return NULL;
	case OPTION_PATH:
		if (*v == '/')
			return xstrdup(v);
		snprintf(why, size, "an absolute path was expected, not \"%.100s\"", v);
		return NULL;
	case OPTION_SECRET:
		if (*v == '/' || str_starts(v, "credential:"))
			return xstrdup(v);
		snprintf(why, size, "an absolute path or credential:NAME was expected");
		return NULL;
	case OPTION_STRING:
	case OPTION_LIST:
		break;
	}
	return xstrdup(v);
}

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
