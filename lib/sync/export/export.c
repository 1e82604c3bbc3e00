/* The transaction of the export step, and how long a failure waits. */
#include "sync/export/export.h"
#include "report/fault.h"
#include "store/error.h"

int export_transaction(struct export_step *st, struct err *e)
{
	return store_ensure_transaction(st->sync->store, e);
}

int export_commit(struct export_step *st, struct err *e)
{
	if (st->dry || !store_in_transaction(st->sync->store))
		return 0;
	fault_hit(FAULT_EXPORT_BEFORE_RECORD);
	TRY(store_commit(st->sync->store, e));
	st->uncommitted = 0;
	fault_hit(FAULT_EXPORT_AFTER_RECORD);
	sync_progress(st->sync, false);
	return 0;
}

int export_must_wait(struct export_step *st, enum export_state state, int64_t cs, struct arena *a,
	bool *ret, struct err *e)
{
	struct error_row er;
	int r;

	*ret = false;
	if (state != EXPORT_STATE_FAILED)
		return 0;
	r = error_get(st->sync->store, cs, ERROR_EXPORT, a, &er, e);
	TRY(r);
	*ret = r == 0 && er.retry_at > st->started;
	st->waiting += *ret;
	return 0;
}
