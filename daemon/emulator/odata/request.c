/* Words for methods. */
#include "odata/request.h"

static const char *const METHODS[] = {"GET", "POST", "PATCH", "PUT", "DELETE", "?"};

const char *method_name(enum method m)
{
	return METHODS[m];
}
