/* Events leave in the order in which they were put into the outbox. */
#include "sync/outbox.h"
#include "report/fault.h"
#include "store/outbox.h"

#define TEXT_MAX 500 /* bytes shown of an event that cannot be read */

/*
 * An event that cannot be read: damaged, or stored by a newer version. It is told with what can be
 * read of it; it must neither be lost silently nor hold up those behind it.
 */
static void unreadable(const char *text, const json_t *json, struct arena *a, struct record *ret)
{
	const char *name = json_string_value(json_object_get(json, "event"));
	const char *message = json_string_value(json_object_get(json, "message"));
	const char *key;
	json_t *value;

	*ret = (struct record){.event = EVENT_STEP_WARNINGS};
	if (name || message)
		ret->message = arena_printf(a,
			"An event that was stored is not known here: \"%.*s\", with the text: %.*s",
			TEXT_MAX, name ? name : "", TEXT_MAX, message ? message : "");
	else
		ret->message = arena_printf(a,
			"An event that was stored cannot be read and is lost; it begins: %.*s",
			TEXT_MAX, text);
	json_object_foreach (json_object_get(json, "fields"), key, value)
		record_add(ret, key, json_string_value(value));
}

/* False: the journal did not take it. */
static bool deliver(struct sync *s, const struct outbox_row *row, struct arena *a)
{
	json_t *json = json_loads(row->record, 0, NULL);
	struct record r;
	bool delivered;

	fault_hit(FAULT_EVENT_BEFORE_DELIVER);
	if (!json || !record_from_json(json, &r))
		unreadable(row->record, json, a, &r);
	delivered = s->host->record(s->host->ctx, &r) == 0;
	json_decref(json);
	return delivered;
}

int outbox_warn(struct sync *s, const char *connector, const char *text, struct err *e)
{
	struct record r = {.event = EVENT_STEP_WARNINGS, .message = text};

	record_add(&r, RECORD_CONNECTOR, connector);
	TRY(store_begin(s->store, e));
	TRY(outbox_add(s->store, &r, e));
	return store_commit(s->store, e);
}

/* Each event is deleted before the next is delivered, so a crash repeats at most one. */
int outbox_deliver(struct sync *s, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	int64_t after = 0;

	for (;;) {
		struct outbox_row *rows;
		unsigned n;

		arena_reset(&a);
		TRY(outbox_list(s->store, after, 100, &a, &rows, &n, e));
		for (unsigned i = 0; i < n; i++) {
			if (!deliver(s, &rows[i], &a))
				return 0; /* delivered later */
			fault_hit(FAULT_EVENT_AFTER_DELIVER);
			after = rows[i].id;
			TRY(store_begin(s->store, e));
			TRY(outbox_delete(s->store, after, e));
			TRY(store_commit(s->store, e));
		}
		if (n < 100)
			return 0;
	}
}
