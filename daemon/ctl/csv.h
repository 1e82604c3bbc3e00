/*
 * Comma-separated values (RFC 4180): read with a limit on everything, and written so that a
 * spreadsheet takes no cell for a formula.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stdio.h>

#define CSV_FIELDS_MAX 64
#define CSV_FIELD_MAX 8192 /* bytes */
#define CSV_ROWS_MAX 200000

struct csv_row {
	char **fields;
	unsigned n;
	int line; /* on which it begins */
};

/*
 * Reads n bytes of text; empty lines are left out. Rows live in the arena. -EINVAL with *e naming
 * `source` and the line: a quote that does not end or stands in the middle of a field, a NUL.
 * -E2BIG: more than the limits above.
 */
int csv_read(const char *text, size_t n, char separator, const char *source, struct arena *a,
	struct csv_row **ret, unsigned *ret_n, struct err *e) _must_check_;

/* A cell, quoted, with a comma behind it, or the end of the line. */
void csv_put(FILE *f, const char *s, bool last);
/* What csv_put() has put in front of a cell that looks like a formula is not part of it. */
const char *csv_plain(const char *field);
