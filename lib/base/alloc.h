/* alloc: memory from the heap, never NULL. For one object's values there is the arena. */
#pragma once

#include "base/util.h"

/* Out of memory ends the process: an engine that goes on with half an object is worse. */
void *xmalloc(size_t n) __attribute__((returns_nonnull, malloc));
void *xcalloc(size_t n, size_t size) __attribute__((returns_nonnull, malloc));
void *xrealloc(void *p, size_t n) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((returns_nonnull, malloc)) _must_check_;
char *xstrndup(const char *s, size_t n) __attribute__((returns_nonnull, malloc)) _must_check_;
char *xasprintf(const char *fmt, ...) _printf_(1, 2)
	__attribute__((returns_nonnull, malloc)) _must_check_;
