/* Events on their way to the journal. */
#include "store/outbox.h"
#include "store/query.h"

#include <errno.h>

static void read_row(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct outbox_row *row = ret;

	row->id = sqlite3_column_int64(st, 0);
	row->record = q_col_text(st, 1, a);
}

int outbox_add(struct store *s, const struct record *r, struct err *e)
{
	json_t *json = record_to_json(r);
	_cleanup_free_ char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	if (!text)
		return err_set(e, -EILSEQ, s->path, 0, "an event is not UTF-8");
	return q_exec(s, Q_OUTBOX_ADD, e, S(text));
}

int outbox_list(struct store *s, int64_t after, unsigned limit, struct arena *a,
	struct outbox_row **ret, unsigned *ret_n, struct err *e)
{
	return q_list(s, Q_OUTBOX_LIST, read_row, a, ret, ret_n, e, I(after), I(limit));
}

int outbox_delete(struct store *s, int64_t up_to, struct err *e)
{
	return q_exec(s, Q_OUTBOX_DELETE, e, I(up_to));
}
