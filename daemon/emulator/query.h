/* OData query options: $select, $filter, $top, $count, $skiptoken, $deltatoken. */
#pragma once

#include "emulator.h"

#define SELECT_MAX 64

struct filter;

struct query {
	char *select;              /* as given, NULL: none */
	bool selected[SELECT_MAX]; /* by property */
	bool select_members, select_manager;
	struct filter *filter;
	char *filter_text;
	long top; /* 0: none */
	bool count;
	char *skiptoken, *deltatoken;
};

/* Percent-decodes in place. False: malformed. */
bool url_decode(char *s);
/* Appends s percent-encoded. */
void url_encode(struct buf *b, const char *s);

/* Parses the part behind "?", decoded option by option; false with rs filled. */
bool query_parse(struct query *q, char *text, struct response *rs);
void query_done(struct query *q);
/* Checks $select against a type; false with rs filled. */
bool query_select(
	struct query *q, const struct request *rq, enum object_type t, struct response *rs);

/*
 * $filter: comparisons (eq, ne) of properties with literals, startswith(), and, or, not,
 * parentheses, onPremisesSyncBehavior/isCloudManaged, x/any(p:p eq 'v'). NULL with *why.
 */
struct filter *filter_parse(const char *text, const char **why);
void filter_free(struct filter *f);
/* 1 true, 0 false, -1: the type has no such property (*why its name). */
int filter_match(const struct filter *f, const struct object *o, const char **why);
/* Does it need ConsistencyLevel: eventual and $count? */
bool filter_is_advanced(const struct filter *f);
/* The literal (JSON text) when the whole filter is "property eq 'literal'"; NULL otherwise. */
const char *filter_equals(const struct filter *f, const char *property);
