/* The static dictionary of .NET's binary XML ([MC-NBFS] 2.2). */
#pragma once

#include <stdint.h>

/* NULL: there is no such id. */
const char *dictionary_word(uint32_t id);
/* The id of a word; -1: it is not in it. */
int dictionary_id(const char *word);
