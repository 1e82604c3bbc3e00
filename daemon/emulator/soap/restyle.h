/* A good answer in other words: what a reader of binary XML must also take, or see through. */
#pragma once

#include "base/buf.h"
#include "order/service_faults.h"

/*
 * Writes the message again as the kind says: INLINE, UTF16, ARRAYS, TWO_TEXTS and UNKNOWN; the
 * others leave it as it is. What it says is the same but for UNKNOWN and ARRAYS, which add members.
 */
void restyle(struct buf *message, enum service_fault_kind kind);
