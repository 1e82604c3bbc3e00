/* What the clock brings: purges, and quarantined values that are free. */
#pragma once

#include "tenant/emulator.h"

/* Does what is due; cheap when nothing is. */
void tenant_housekeeping(struct emulator *em);
