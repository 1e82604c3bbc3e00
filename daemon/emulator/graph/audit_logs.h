/* /auditLogs/directoryAudits */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

void handle_audits(struct emulator *em, struct request *rq, struct response *rs);
