/* The schedule's arithmetic and file. */
#include "schedule.h"
#include "base/file.h"

#include <jansson.h>

#include <stdio.h>

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
	*ret_damaged = !json_is_object(json);
	ret->next = json_integer_value(json_object_get(json, "next"));
	ret->last = json_integer_value(json_object_get(json, "last"));
	ret->initial = json_is_true(json_object_get(json, "initial"));
	json_decref(json);
}

int schedule_save(const char *dir, const struct schedule *s, struct err *e)
{
	_cleanup_free_ char *path = xasprintf("%s/scheduler.json", dir);
	char text[128];
	int n = snprintf(text, sizeof(text), "{\"next\":%lld,\"last\":%lld,\"initial\":%s}\n",
		(long long)s->next, (long long)s->last, s->initial ? "true" : "false");

	return file_write(path, 0600, text, (size_t)n, e);
}
