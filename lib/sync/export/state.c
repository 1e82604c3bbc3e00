/* Export state: the one place that knows the transitions. */
#include "sync/export/state.h"

/*
 * state      CHANGED  SETTLED    SEND     ACCEPTED  REFUSED  EQUAL      DIFFERS  BLOCKED UNBLOCKED
 * none       pending  confirmed  sending  -         -        confirmed  pending  none    pending
 * pending    pending  confirmed  sending  -         -        confirmed  pending  none    pending
 * sending    sending  sending    sending  exported  failed   confirmed  pending  none    pending
 * exported   pending  exported   sending  exported  failed   confirmed  failed   none    pending
 * confirmed  pending  confirmed  sending  -         -        confirmed  pending  none    pending
 * failed     pending  confirmed  sending  exported  failed   confirmed  failed   none    pending
 *
 * From every state: DROPPED none, HELD failed, AGAIN pending.
 *
 * "-" keeps the state. Sending stays sending when the rules want something else: the result of the
 * send is not known yet, and the next send, which finds out, has the newer values.
 * Exported + differs is Connect Sync's exported-change-not-reimported: sent again, with back-off.
 */
enum export_state export_state_next(enum export_state state, enum export_event event)
{
	switch (event) {
	case EXPORT_EVENT_CHANGED:
		return state == EXPORT_STATE_SENDING ? state : EXPORT_STATE_PENDING;
	case EXPORT_EVENT_SETTLED:
		return state == EXPORT_STATE_SENDING || state == EXPORT_STATE_EXPORTED
		               ? state
		               : EXPORT_STATE_CONFIRMED;
	case EXPORT_EVENT_SEND:
		return EXPORT_STATE_SENDING;
	case EXPORT_EVENT_ACCEPTED:
		return state == EXPORT_STATE_SENDING || state == EXPORT_STATE_FAILED
		               ? EXPORT_STATE_EXPORTED
		               : state;
	case EXPORT_EVENT_REFUSED:
		return state == EXPORT_STATE_SENDING || state == EXPORT_STATE_EXPORTED
		               ? EXPORT_STATE_FAILED
		               : state;
	case EXPORT_EVENT_IMPORT_EQUAL:
		return EXPORT_STATE_CONFIRMED;
	case EXPORT_EVENT_IMPORT_DIFFERS:
		return state == EXPORT_STATE_EXPORTED || state == EXPORT_STATE_FAILED
		               ? EXPORT_STATE_FAILED
		               : EXPORT_STATE_PENDING;
	case EXPORT_EVENT_BLOCKED:
	case EXPORT_EVENT_DROPPED:
		return EXPORT_STATE_NONE;
	case EXPORT_EVENT_UNBLOCKED:
	case EXPORT_EVENT_AGAIN:
		return EXPORT_STATE_PENDING;
	case EXPORT_EVENT_HELD:
		return EXPORT_STATE_FAILED;
	case EXPORT_EVENT_COUNT:
		break;
	}
	return state;
}

const enum export_state export_due[EXPORT_DUE_COUNT] = {
	EXPORT_STATE_SENDING,
	EXPORT_STATE_PENDING,
	EXPORT_STATE_FAILED,
};

bool export_is_due(enum export_state state)
{
	for (unsigned i = 0; i < EXPORT_DUE_COUNT; i++)
		if (export_due[i] == state)
			return true;
	return false;
}

#define BACKOFF_FIRST 60
#define BACKOFF_MAX (12 * 3600)

int64_t export_backoff(int count)
{
	int64_t wait = BACKOFF_FIRST;

	if (count <= 1)
		return 0;
	for (int i = 2; i < count && wait < BACKOFF_MAX; i++)
		wait *= 2;
	return wait < BACKOFF_MAX ? wait : BACKOFF_MAX;
}
