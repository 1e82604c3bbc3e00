/* The definitions of directory extensions in a tenant (Graph's extensionProperty). */
#pragma once

#include "connector/connector.h"

/* connector_type.extension_target */
extern const struct extension_target entra_extension_target;
