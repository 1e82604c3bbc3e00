/* The tenant's time, which tests move forward, and reads that lag behind writes. */
#pragma once

#include "tenant/emulator.h"

/* The tenant's time, in seconds since 1970. */
int64_t tenant_now(const struct emulator *em);
/* Objects and changes behind this number are not seen yet. */
uint64_t tenant_visible(const struct emulator *em);
/* The same for references to what the provisioning service has made. */
uint64_t tenant_resolved(const struct emulator *em);
/* After each request that may have changed something: what will be seen later. */
void tenant_mark(struct emulator *em);
