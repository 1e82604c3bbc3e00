/* How steps end. */
#include "sync/step.h"

#include <errno.h>

enum step_result stop_result(enum conn_result r, const struct err *e, enum step_result otherwise)
{
	switch (r) {
	case CONN_CANCELED:
		return STEP_RESULT_CANCELED;
	case CONN_DOWN:
		return STEP_RESULT_CONNECTIVITY;
	case CONN_OK:
	case CONN_OBJECT_BAD:
	case CONN_RUN_BAD:
		break;
	}
	return e->code == -EACCES ? STEP_RESULT_NO_START_CREDENTIALS : otherwise;
}
