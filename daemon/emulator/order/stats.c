/* Counting. */
#include "order/stats.h"

#include <stdio.h>

void stats_log(struct stats *s, const char *method, const char *path, int status)
{
	struct log_entry *l = &s->log[s->n_log++ % LOG_MAX];

	snprintf(l->method, sizeof(l->method), "%s", method);
	snprintf(l->path, sizeof(l->path), "%s", path);
	l->status = status;
}

void stats_count(struct stats *s, enum method m, int status)
{
	s->requests++;
	s->by_method[m]++;
	if (status < 400)
		s->good++;
	else if (status < 500)
		s->refused++;
	else
		s->failed++;
}
