/* Users, groups, contacts and devices: /users, /users/{id}. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

void handle_collection(
	struct emulator *em, struct request *rq, enum object_type t, struct response *rs);
void handle_object(struct emulator *em, struct request *rq, struct object *o, struct response *rs);
