/* /users/{id}/onPremisesSyncBehavior: who has the authority over an object. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

void handle_soa(struct emulator *em, struct request *rq, struct object *o, struct response *rs);
