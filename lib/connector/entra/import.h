/* connector_type.import of Entra: delta queries, and who is managed in the cloud. */
#pragma once

#include "connector/connector.h"

enum conn_result entra_import(struct connector *c, const struct import_request *req,
	struct import_sink *sink, struct import_answer *ret, struct err *e) _must_check_;
