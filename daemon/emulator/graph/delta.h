/* Delta queries: /users/delta. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

void handle_delta(struct emulator *em, struct request *rq, enum object_type t, struct response *rs);
