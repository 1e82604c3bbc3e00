/* /servicePrincipals: read only, as far as setting up synchronization asks. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

void handle_service_principals(struct emulator *em, struct request *rq, struct response *rs);
