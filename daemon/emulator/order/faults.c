/* A list of faults in the order in which they came; used up ones are dropped at the next one. */
#include "order/faults.h"

#include "tenant/body.h"

#include "base/err.h"

#include <stdio.h>

#define FAULTS_MAX 1000
#define DELAY_MAX 3600000L /* ms */

/* The end of the list, without those that are used up; NULL: there are too many. */
static struct fault **faults_end(struct fault **pp)
{
	unsigned n = 0;

	while (*pp) {
		struct fault *f = *pp;

		if (f->count > 0) {
			pp = &f->next;
			n++;
			continue;
		}
		*pp = f->next;
		free(f);
	}
	return n < FAULTS_MAX ? pp : NULL;
}

bool faults_add(struct fault **list, const json_t *o, struct response *rs)
{
	long status = body_number(o, "status", 0);
	struct fault *f, **pp = faults_end(list);

	if (!pp || (status && (status < 200 || status > 599))) {
		respond_error(rs, 400, "BadRequest",
			pp ? "A status is a number from 200 to 599."
			   : "There are too many faults already.");
		return false;
	}
	f = xcalloc(1, sizeof(*f));
	snprintf(f->match, sizeof(f->match), "%s", body_text(o, "match"));
	snprintf(f->holds, sizeof(f->holds), "%s", body_text(o, "holds"));
	f->rate = json_number_value(json_object_get(o, "rate"));
	f->count = body_number(o, "count", f->rate > 0 ? 1000000000 : 1);
	f->skip = body_number(o, "skip", 0);
	f->status = (int)status;
	f->retry_after = body_number(o, "retryAfter", -1);
	f->delay_ms = MIN(MAX(body_number(o, "delayMs", 0), 0L), DELAY_MAX);
	f->after_bytes = body_number(o, "afterBytes", -1);
	f->reset = json_is_true(json_object_get(o, "reset"));
	f->batch_part = json_is_true(json_object_get(o, "batchPart"));
	*pp = f;
	return true;
}

void faults_clear(struct fault **list)
{
	while (*list) {
		struct fault *f = *list;

		*list = f->next;
		free(f);
	}
}

static bool holds(const struct request_body *body, const char *text)
{
	return !*text || (body->n && memmem(body->data, body->n, text, strlen(text)));
}

struct fault *fault_take(struct fault *list, const char *method, const char *path, bool part,
	const struct request_body *body)
{
	char line[1024];

	if (!list)
		return NULL;
	snprintf(line, sizeof(line), "%s %s", method, path);
	for (struct fault *f = list; f; f = f->next) {
		if (f->batch_part != part || !strstr(line, f->match) || f->count <= 0 ||
			!holds(body, f->holds))
			continue;
		if (f->skip > 0) {
			f->skip--;
			continue;
		}
		if (f->rate > 0 && (double)rand() / RAND_MAX >= f->rate)
			continue;
		f->count--;
		return f;
	}
	return NULL;
}

void fault_apply(const struct fault *f, struct response *rs)
{
	if (f->status)
		respond_error(rs, f->status,
			f->status == 429   ? "TooManyRequests"
			: f->status >= 500 ? "serviceNotAvailable"
					   : "BadRequest",
			"A fault was asked for.");
	rs->retry_after = f->retry_after;
	rs->reset = f->reset;
	rs->after_bytes = f->after_bytes;
	rs->delay_ms = f->delay_ms;
}
