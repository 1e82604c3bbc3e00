/* POST /adminapi/beta/{tenant}/InvokeCommand: commands of Exchange Online. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

/* A request of /adminapi/, from one whose token is for Exchange. */
void exchange_route(struct emulator *em, struct request *rq, struct response *rs);
