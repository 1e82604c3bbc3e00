/* connector_type.lookup of Entra, see connector/lookup.h. */
#pragma once

#include "connector/connector.h"

enum conn_result entra_lookup(struct connector *c, const struct lookup_request *req,
	struct import_sink *sink, struct err *e) _must_check_;
