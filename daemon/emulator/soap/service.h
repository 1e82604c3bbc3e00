/* /provisioningservice.svc: the service through which Connect Sync writes. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

/* Before any request: references that waited for an object may be found now. */
void service_resolve(struct emulator *em);
/* content_type NULL: none was sent. body: n bytes as they came. */
void service_answer(struct emulator *em, const struct request *rq, const char *content_type,
	const void *body, size_t n, struct response *rs);
