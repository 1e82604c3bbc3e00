/* What a command of Exchange is called with. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

struct call {
	struct emulator *em;
	struct request *rq;
	struct response *rs;
	json_t *parameters; /* an object; borrowed */
};
