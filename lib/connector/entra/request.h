/* How a sub-request of a $batch is written. */
#pragma once

#include "connector/entra/part.h"

/* Appends the sub-request as JSON, with its id. Not of PART_OUTSIDE. */
void part_write(const struct connector *c, const struct part *p, unsigned id, struct buf *b);
