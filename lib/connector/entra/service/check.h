/*
 * adsyncctl connector test for surface = service: the way to the service, our rights there, and
 * what it says of the tenant. Nothing is written. What can be found is a function or a row in
 * check.c.
 */
#pragma once

#include "connector/check.h"
#include "connector/entra/service/call.h"

/* The default of sync_build, and since when it is known to be accepted. */
#define SERVICE_BUILD "2.6.3.0"
#define SERVICE_BUILD_SINCE "March 2026"

#define SERVICE_CLOCK_WARN 60 /* seconds that our clock may differ */
#define SERVICE_CLOCK_BAD 300 /* Entra takes no assertion that is further away */

/* What the test goes by, of our own settings; borrowed. */
struct service_check {
	const char *authority, *graph; /* "https://login.microsoftonline.com" */
	const char *tenant_id;         /* an id, or one of the tenant's domains */
	int64_t deletion_threshold;    /* of exports to this tenant; 0: off */
	bool extensions;               /* directory_extensions are to be written */
};

/*
 * Each host: does it answer, and is its clock ours? CONN_OK whatever was found; CONN_CANCELED with
 * *e.
 */
enum conn_result service_test_hosts(struct service *s, const struct service_check *x,
	struct test_sink *sink, struct err *e) _must_check_;
/* Sign-in, the role, one call, and what its answer says; likewise. */
enum conn_result service_test(struct service *s, const struct service_check *x,
	struct test_sink *sink, struct err *e) _must_check_;

/* --- parts of these; pure --- */

void service_tell_clock(struct test_sink *sink, const char *host, int64_t theirs, int64_t ours);
void service_tell_configuration(struct test_sink *sink, const struct service_check *x,
	const struct service_configuration *c);
