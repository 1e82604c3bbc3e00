/* A URL to a request. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"

/* Splits a URL (from behind the host) into rq; false with rs filled. The strings live in rq. */
bool request_parse(struct request *rq, const char *url, struct response *rs);
/* Frees what the request owns: segments, query, body. */
void request_done(struct request *rq);
