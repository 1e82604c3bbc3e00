/* /$batch: several requests in one. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

/* How a part is answered; the route, which knows the batch, hands itself over. */
typedef void batch_route(struct emulator *em, struct request *rq, struct response *rs);

void handle_batch(struct emulator *em, struct request *rq, batch_route *route, struct response *rs);
