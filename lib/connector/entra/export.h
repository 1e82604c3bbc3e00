/* connector_type.export of Entra: writes in batches. */
#pragma once

#include "connector/connector.h"

enum conn_result entra_export(
	struct connector *c, struct export_source *source, struct err *e) _must_check_;
