/* References: /groups/{id}/members, /users/{id}/manager. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

void handle_members(struct emulator *em, struct request *rq, struct object *o, struct response *rs);
void handle_manager(struct emulator *em, struct request *rq, struct object *o, struct response *rs);
/* References bound by "members@odata.bind"; false with rs filled, nothing changed. */
bool bind_members(struct emulator *em, struct request *rq, struct object *group, const json_t *list,
	bool *ret_changed, struct response *rs);
/* The object of ".../directoryObjects/{id}" or a bare id; NULL: none. */
struct object *object_of_url(const struct emulator *em, const char *url);
