/*
 * struct err: what an operator will read when something fails. It lives on the caller's stack,
 * is filled once, at the place that knows most, and is passed up unchanged.
 */
#pragma once

#include "base/alloc.h"

struct err {
	int code;         /* negative errno, 0 while unset */
	int line;         /* line in `source`, 0 when there is none */
	char source[256]; /* a file, a host or an object: where it went wrong */
	char text[768];   /* what went wrong and what to do */
};

/*
 * Fills *e (which may be NULL) and returns `code`, so that "return err_set(...)" reads well.
 * `source` may be NULL. The text is cut at the size of the field, never overrun.
 */
int err_set(struct err *e, int code, const char *source, int line, const char *fmt, ...)
	_printf_(5, 6);

/* Puts "outer: " in front of the text of an error that is set (e is not NULL). Returns e->code. */
int err_prefix(struct err *e, const char *fmt, ...) _printf_(2, 3);

/* Writes "source:line: text" to buf (at most size bytes with the NUL); returns buf. */
const char *err_format(const struct err *e, char *buf, size_t size);

/* Passes a fatal result up, unchanged; *e was filled by who found it. */
#define TRY(expr)                    \
	do {                         \
		int _try = (expr);   \
		if (_try < 0)        \
			return _try; \
	} while (0)
