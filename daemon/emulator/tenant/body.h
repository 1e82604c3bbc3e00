/* The JSON body of a request: parsed with limits, its members found in any case. */
#pragma once

#include "base/buf.h"
#include "base/json.h"

/*
 * The caller frees. NULL: it is not an object or list of JSON, has a key twice, or is nested too
 * deeply.
 */
json_t *body_parse(const char *text, size_t n);
/* A member of a body, its name in any case; borrowed. NULL: there is none. */
json_t *body_get(const json_t *body, const char *name);
/* "" when it is not a string; borrowed. */
const char *body_text(const json_t *body, const char *name);
/* A whole number by its name; def when it is not one. */
long body_number(const json_t *o, const char *key, long def);
/* Appends the text of a value; flags as json_dumps() has them. */
void body_dump(struct buf *b, const json_t *v, size_t flags);
