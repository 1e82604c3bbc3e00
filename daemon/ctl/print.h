/* Text for people: tables and objects out of JSON. */
#pragma once

#include <jansson.h>
#include <stdio.h>

struct column {
	const char *title, *key;
	int max; /* characters, 0: no limit */
};

/* A member that is text; "" where there is none: what a server leaves out is no reason to fall. */
const char *text_of(const json_t *o, const char *key);
/*
 * Text of a directory for a terminal: characters that control it are shown as "?". Whoever may
 * write a name in AD must not be able to steer an administrator's terminal.
 */
void print_plain(FILE *f, const char *text);
/* Rows are objects; columns as wide as they need to be. */
void print_table(const json_t *rows, const struct column *columns, unsigned n);
/* "key: value" for every scalar of the object, with a prefix; all values begin in one column. */
void print_fields(const json_t *o, const char *prefix);
/* How wide the longest text of a member (NULL: the row is a text) is, in characters; at least so
 * much. */
int print_width(const json_t *rows, const char *key, int least);
/* The line of a step, without its number and its end: connector (so wide), type, result, counters.
 */
void print_step(const json_t *step, const char *result, int wide);
/* attribute: value, one line per value; `none` where there are no values. */
void print_attributes(const json_t *o, const char *title, const char *none);
/* What is pending, under a heading: "attribute from -> to". Nothing when there is nothing. */
void print_changes(const json_t *changes);
/* "stage-add 3, export-add 2" */
void print_counters(const json_t *o);
