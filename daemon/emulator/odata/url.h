/* Percent-encoding of URLs and forms. */
#pragma once

#include "base/buf.h"

/* Percent-decodes in place. False: malformed, or not UTF-8. */
bool url_decode(char *s);
/* The same for a segment of a path, where "+" is itself (RFC 3986; a form and a query: a space). */
bool path_decode(char *s);
/* Appends s percent-encoded. */
void url_encode(struct buf *b, const char *s);
