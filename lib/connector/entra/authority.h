/* connector_type.authority of Entra: onPremisesSyncBehavior, and Exchange's flag. */
#pragma once

#include "connector/authority.h"

extern const struct authority_type entra_authority;
