/* What a client can ask about the service itself. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

void handle_metadata(struct emulator *em, struct request *rq, struct response *rs);
void handle_organization(struct emulator *em, struct request *rq, struct response *rs);
void handle_domains(struct emulator *em, struct request *rq, struct response *rs);
/* POST /directoryObjects/getByIds */
void handle_by_ids(struct emulator *em, struct request *rq, struct response *rs);
