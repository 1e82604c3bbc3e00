/* /directoryRoles, and what an object belongs to. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

void handle_roles(struct emulator *em, struct request *rq, struct response *rs);
void handle_member_of(
	struct emulator *em, struct request *rq, struct object *o, struct response *rs);
void handle_reports(struct emulator *em, struct request *rq, struct object *o, struct response *rs);
