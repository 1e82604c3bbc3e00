/* The JSON of an answer, mended where a single value of it is not what JSON allows. */
#pragma once

#include <jansson.h>
#include <stddef.h>

/*
 * The JSON of an answer, NULL: the text is not JSON. flags: jansson's. The caller decrefs. Strings
 * may hold a NUL, also as the mark of a value that could not be read (bytes that are not UTF-8,
 * half a character, a number beyond 64 bits).
 */
json_t *entra_parse(const char *text, size_t n, size_t flags);
