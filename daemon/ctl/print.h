/* Text for people: tables and objects out of JSON. */
#pragma once

#include <jansson.h>

struct column {
	const char *title, *key;
	int max; /* characters, 0: no limit */
};

/* Rows are objects; columns as wide as they need to be. */
void print_table(const json_t *rows, const struct column *columns, unsigned n);
/* "key: value" for every scalar of the object, with a prefix. */
void print_fields(const json_t *o, const char *prefix);
/* attribute: value, one line per value. */
void print_attributes(const json_t *o, const char *title);
/* "stage-add 3, export-add 2" */
void print_counters(const json_t *o);
