/* /auditLogs, and of it directoryAudits */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

/* Records as a collection of auditLogs. */
struct record_set {
	const char *name;
	const struct audits *records;
	json_t *(*render)(const struct emulator *em, const struct audit *a);
};
/* The collection, or the one whose id is the path's third segment. */
void respond_records(const struct emulator *em, struct request *rq, const struct record_set *set,
	struct response *rs);
void handle_audits(struct emulator *em, struct request *rq, struct response *rs);
