/* connector_type.test of Entra: sign-in, rights, the tenant. */
#pragma once

#include "connector/connector.h"

enum conn_result entra_test(struct connector *c, const struct import_request *req,
	struct test_sink *sink, struct err *e) _must_check_;
