/* Who may do what with which object. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

/* May the caller do this with objects of the type? False with rs filled. */
bool may_read(const struct request *rq, enum object_type type, struct response *rs);
bool may_write(const struct request *rq, enum object_type type, struct response *rs);
/*
 * May the application do what is sensitive with the user (learn.microsoft.com/graph/api/resources/
 * users#who-can-perform-sensitive-actions)? Not when the user holds a directory role, unless
 * it comes through the provisioning service, or the application may assign roles itself. o NULL: a
 * new user.
 */
bool may_touch(const struct request *rq, const struct object *o);
/*
 * May the caller write the object, whoever masters it? False with rs filled; that synchronization
 * may not, since the source of authority is in the cloud, goes into the provisioning log.
 */
bool object_writable(
	struct emulator *em, const struct request *rq, const struct object *o, struct response *rs);
