/* Events leave in the order in which they were put into the outbox. */
#include "sync/outbox.h"
#include "report/fault.h"
#include "store/outbox.h"

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
			json_t *json = json_loads(rows[i].record, 0, NULL);
			struct record r;
			bool delivered = true;

			fault_hit(FAULT_EVENT_BEFORE_DELIVER);
			if (json && record_from_json(json, &r))
				delivered = s->host->record(s->host->ctx, &r) == 0;
			json_decref(json);
			if (!delivered)
				return 0; /* the journal did not take it: delivered later */
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
