/* The open store, as every header of this layer names it; store.h has its functions. */
#pragma once

#include "base/err.h"

struct store;

#define STORE_NONE 1 /* no such row */

/* PEEK: as READ, but waits 5 ms for a lock, not 5 s: for a loop that others wait for */
enum store_mode { STORE_READ, STORE_WRITE, STORE_PEEK };
