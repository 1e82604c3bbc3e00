/* connector_type.test and .authority_ready of Entra: sign-in, rights, the tenant. */
#pragma once

#include "connector/connector.h"

enum conn_result entra_test(struct connector *c, const struct test_request *req,
	struct test_sink *sink, struct err *e) _must_check_;
/* readiness.c */
enum conn_result entra_authority_ready(struct connector *c, const char *const *classes, unsigned n,
	bool back, struct readiness_sink *sink, struct err *e) _must_check_;
