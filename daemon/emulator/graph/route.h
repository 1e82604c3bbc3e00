/* One request of Graph: from a URL to the part that handles it. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

/* One request to an answer; used for whole requests and the parts of a $batch. */
void graph_route(struct emulator *em, struct request *rq, struct response *rs);
