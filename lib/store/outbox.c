/* Events on their way to the journal. */
#include "store/outbox.h"
#include "store/query.h"

#include <errno.h>

int outbox_add(struct store *s, const struct record *r, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_OUTBOX_ADD, e);
	json_t *json = record_to_json(r);
	char *text = json_dumps(json, JSON_COMPACT);
	int ret;

	json_decref(json);
	if (!st || !text) {
		free(text);
		return st ? err_set(e, -EILSEQ, s->path, 0, "an event is not UTF-8") : e->code;
	}
	q_text(st, 1, text);
	ret = q_run(s, Q_OUTBOX_ADD, e);
	free(text);
	return ret;
}

int outbox_list(struct store *s, int64_t after, unsigned limit, struct arena *a,
	struct outbox_row **ret, unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	sqlite3_stmt *st = q_start(s, Q_OUTBOX_LIST, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, after);
	q_int(st, 2, limit);
	while ((r = q_step(s, Q_OUTBOX_LIST, e)) > 0) {
		struct outbox_row *row = rows_add(&rows);

		row->id = sqlite3_column_int64(st, 0);
		row->record = q_col_text(st, 1, a);
	}
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

int outbox_delete(struct store *s, int64_t up_to, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_OUTBOX_DELETE, e);

	if (!st)
		return e->code;
	q_int(st, 1, up_to);
	return q_run(s, Q_OUTBOX_DELETE, e);
}
