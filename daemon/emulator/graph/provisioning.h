/* /auditLogs/provisioning: what was not synchronized since the cloud has the authority. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

/* Synchronization wanted to write the object, and was refused: one record more. */
void provisioning_skipped(struct emulator *em, const struct request *rq, const struct object *o);
void handle_provisioning(struct emulator *em, struct request *rq, struct response *rs);
