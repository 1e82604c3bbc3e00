/* The shape in which the service keeps values, for what is read and for what rules want. */
#pragma once

#include "model/entry.h"

/* Brings the values of an object of the class into that shape. */
void entra_settle(const char *class, struct entry *en);
/*
 * The same for an object that was read, whose class is set; and where the service keeps beside a
 * value the one that it was sent, the latter counts: what was exported is confirmed by it.
 */
void entra_settle_read(struct entry *en);
