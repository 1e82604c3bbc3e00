/* Bodies that are compressed (Content-Encoding). */
#pragma once

#include "base/buf.h"

enum inflated {
	INFLATED_GOOD,
	INFLATED_CODING, /* another coding than gzip, or several */
	INFLATED_BAD,    /* not gzip, cut short, or with something behind it */
	INFLATED_LARGE,  /* more than max bytes */
};

/* One value of Content-Encoding; *gzip counts over all of them. False: another coding. */
bool coding_add(const char *value, unsigned *gzip);
/* Appends n bytes as gzip. */
void gzip_deflate(const char *in, size_t n, struct buf *out);
/* Appends what is inside n bytes of gzip, at most max bytes: it stops while inflating. */
enum inflated gzip_inflate(const char *in, size_t n, size_t max, struct buf *out) _must_check_;
