/* The schedule's arithmetic and file. */
#include "schedule.h"
#include "base/file.h"

#include <jansson.h>

#include <inttypes.h>
#include <stdio.h>

#define CLOCK_SLACK 60 /* seconds: a clock that is set right by less changes no plan */
#define TIME_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

void schedule_start(struct schedule *s, int64_t now, int64_t interval)
{
	if (!s->last || !s->next || s->next <= now)
		s->next = now;
	else if (s->next > now + interval)
		s->next = now + interval; /* the clock was set back, or the interval is shorter */
}

void schedule_begun(struct schedule *s, int64_t now, int64_t interval)
{
	s->last = now;
	s->next = now + interval;
	s->initial = false;
}

bool schedule_look(struct schedule *s, int64_t now, int64_t interval)
{
	if (s->next <= now + interval + CLOCK_SLACK)
		return false;
	s->next = now;
	return true;
}

void schedule_interval(struct schedule *s, int64_t now, int64_t interval)
{
	if (s->last)
		s->next = MAX(s->last + interval, now);
}

int64_t schedule_wait(const struct schedule *s, int64_t now, bool enabled)
{
	if (!enabled)
		return -1;
	return s->next > now ? s->next - now : 0;
}

static bool read_time(const json_t *o, const char *key, int64_t *ret)
{
	const json_t *n = json_object_get(o, key);

	*ret = json_integer_value(n);
	return json_is_integer(n) && *ret >= 0 && *ret <= TIME_MAX;
}

void schedule_load(const char *dir, struct schedule *ret, bool *ret_damaged)
{
	_cleanup_free_ char *path = xasprintf("%s/scheduler.json", dir), *text = NULL;
	struct err ignored;
	json_t *json;

	*ret = (struct schedule){0};
	*ret_damaged = false;
	if (access(path, F_OK) < 0)
		return;
	json = file_read(path, 65536, &text, NULL, &ignored) < 0 ? NULL : json_loads(text, 0, NULL);
	*ret_damaged = !read_time(json, "next", &ret->next) || !read_time(json, "last", &ret->last);
	if (*ret_damaged)
		*ret = (struct schedule){0};
	else
		ret->initial = json_is_true(json_object_get(json, "initial"));
	json_decref(json);
}

int schedule_save(const char *dir, const struct schedule *s, struct err *e)
{
	_cleanup_free_ char *path = xasprintf("%s/scheduler.json", dir);
	char text[128];
	int n = snprintf(text, sizeof(text),
		"{\"next\":%" PRId64 ",\"last\":%" PRId64 ",\"initial\":%s}\n", s->next, s->last,
		s->initial ? "true" : "false");

	return file_write(path, 0600, text, (size_t)n, e);
}
