/* The operations of the provisioning service: each answers, or is a fault. */
#pragma once

#include "soap/envelope.h"

void operation_provision(struct emulator *em, const struct soap_call *call, struct response *rs);
void operation_configuration(
	struct emulator *em, const struct soap_call *call, struct response *rs);
void operation_set_features(struct emulator *em, const struct soap_call *call, struct response *rs);
void operation_finalize(struct emulator *em, const struct soap_call *call, struct response *rs);
void operation_read_back(struct emulator *em, const struct soap_call *call, struct response *rs);
void operation_capabilities(struct emulator *em, const struct soap_call *call, struct response *rs);
