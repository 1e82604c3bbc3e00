/*
 * Export through the provisioning service: objects, deletes and single references by
 * ProvisionAzureADSyncObjects, members by ProvisionAzureADSyncObjects2; at the end FinalizeExport.
 */
#pragma once

#include "connector/connector.h"

/* connector_type.export and .export_end on surface = service. */
enum conn_result service_export(
	struct connector *c, struct export_source *source, struct err *e) _must_check_;
enum conn_result service_export_end(struct connector *c, struct err *e) _must_check_;
