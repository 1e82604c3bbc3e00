/* See service_faults.h. */
#include "order/service_faults.h"

#include "tenant/body.h"

#include "base/err.h"

#include <stdio.h>

#define DELAY_MAX 3600000L /* ms */

static const char *const words[] = {
#define X(id, word) word,
	SERVICE_FAULTS(X)
#undef X
};

static bool read_text(const json_t *o, const char *key, char *to, size_t size)
{
	const json_t *v = json_object_get(o, key);

	if (v && (!json_is_string(v) || json_string_length(v) >= size))
		return false;
	snprintf(to, size, "%s", v ? json_string_value(v) : "");
	return true;
}

static bool is_key(const char *key)
{
	static const char *const keys[] = {"kind", "operation", "sourceAnchor", "text", "to",
		"code", "skip", "count", "bytes", "delayMs", "retryAfter", "afterWork"};

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		if (streq(keys[i], key))
			return true;
	return false;
}

/* NULL, or what is wrong. */
static const char *read_fault(const json_t *o, struct service_fault *f)
{
	const char *word = body_text(o, "kind"), *key;
	json_t *v;

	json_object_foreach ((json_t *)o, key, v)
		if (!is_key(key))
			return "faults: an unknown key";
	while (f->kind < SERVICE_FAULT_COUNT && !streq(words[f->kind], word))
		f->kind++;
	if (f->kind == SERVICE_FAULT_COUNT)
		return "kind";
	if (!read_text(o, "operation", f->operation, sizeof(f->operation)) ||
		!read_text(o, "sourceAnchor", f->source_anchor, sizeof(f->source_anchor)) ||
		!read_text(o, "text", f->text, sizeof(f->text)) ||
		!read_text(o, "to", f->to, sizeof(f->to)))
		return "faults: a text";
	f->code = body_number(o, "code", 0);
	f->skip = body_number(o, "skip", 0);
	f->count = body_number(o, "count", 1);
	f->bytes = MAX(body_number(o, "bytes", 0), 0L);
	f->delay_ms = MIN(MAX(body_number(o, "delayMs", 0), 0L), DELAY_MAX);
	f->retry_after = body_number(o, "retryAfter", -1);
	f->after_work = json_is_true(json_object_get(o, "afterWork"));
	return NULL;
}

const char *service_faults_add(struct service_fault **list, const json_t *faults)
{
	struct service_fault *new = NULL, **end = &new;
	const char *wrong = NULL;
	size_t i;
	json_t *v;

	json_array_foreach ((json_t *)faults, i, v) {
		*end = xcalloc(1, sizeof(**end));
		wrong = wrong ? wrong : read_fault(v, *end);
		end = &(*end)->next;
	}
	if (wrong) {
		service_faults_clear(&new);
		return wrong;
	}
	while (*list)
		list = &(*list)->next;
	*list = new;
	return NULL;
}

void service_faults_clear(struct service_fault **list)
{
	while (*list) {
		struct service_fault *f = *list;

		*list = f->next;
		free(f);
	}
}

/* "": any; a star at the end stands for any end. */
static bool is_operation(const char *pattern, const char *operation)
{
	size_t n = strcspn(pattern, "*");

	return !*pattern ||
	       (pattern[n] ? strncmp(pattern, operation, n) == 0 : streq(pattern, operation));
}

static const struct service_fault *take(struct service_fault *list, const char *operation,
	const char *source_anchor, const char *object_operation)
{
	for (struct service_fault *f = list; f; f = f->next) {
		bool of_object = f->kind >= SERVICE_FAULT_FAILURE;

		if (of_object != (source_anchor != NULL) || f->count <= 0 ||
			(!is_operation(f->operation, operation) &&
				!streq(f->operation, object_operation)) ||
			(*f->source_anchor && source_anchor &&
				!streq(f->source_anchor, source_anchor)))
			continue;
		if (f->skip > 0) {
			f->skip--;
			continue;
		}
		f->count--;
		return f;
	}
	return NULL;
}

const struct service_fault *service_fault_take(struct service_fault *list, const char *operation)
{
	return take(list, operation, NULL, "");
}

const struct service_fault *service_fault_take_object(struct service_fault *list,
	const char *operation, const char *source_anchor, const char *object_operation)
{
	return take(list, operation, source_anchor, object_operation);
}
