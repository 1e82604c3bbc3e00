/* The static dictionary of .NET's binary XML over HTTP ([MC-NBFS] 2.2). */
#pragma once

#include <stdint.h>

/* The string of a dictionary id; NULL: there is none of that id (odd, or above 3CC). */
const char *nbfs_string(uint32_t id);
