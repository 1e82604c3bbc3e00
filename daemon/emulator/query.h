/* OData query options of a request, and what they choose. */
#pragma once

#include "emulator.h"

#define SELECT_MAX 64
#define EXPAND_MAX 4
#define TOP_MAX 999

struct filter;

/* $expand=members($select=id,displayName) */
struct expand {
	char name[32];
	char *select; /* NULL: the default properties */
};

struct query {
	char *options;             /* as sent, without $skiptoken: for the nextLink */
	char *select;              /* as given, NULL: none */
	bool selected[SELECT_MAX]; /* by property */
	bool select_members, select_manager;
	struct expand expands[EXPAND_MAX];
	unsigned n_expands;
	struct filter *filter;
	struct search *search;
	int order_by; /* property + 1, 0: none */
	char *order_text;
	bool descending;
	long top; /* 0: none */
	bool count;
	char *skiptoken, *deltatoken;
};

/* Percent-decodes in place. False: malformed, or no UTF-8. */
bool url_decode(char *s);
/* Appends s percent-encoded. */
void url_encode(struct buf *b, const char *s);

/* Parses the part behind "?", decoded option by option; false with rs filled. */
bool query_parse(struct query *q, char *text, struct response *rs);
void query_done(struct query *q);
/* Checks $select against a type; false with rs filled. */
bool query_select(
	struct query *q, const struct request *rq, enum object_type t, struct response *rs);
/* The page that $skiptoken names in a list, 0: the first one; false with rs filled. */
bool query_skip(const struct query *q, unsigned long *ret, struct response *rs);
/* Checks $orderby, $search and $filter against a type and the ConsistencyLevel. */
bool query_check(
	struct query *q, const struct request *rq, enum object_type t, struct response *rs);

/*
 * $filter: eq ne gt ge lt le in, startswith(), endswith(), x/any(v:...), and, or, not,
 * parentheses. NULL with *why.
 */
struct filter *filter_parse(const char *text, const char **why);
void filter_free(struct filter *f);
/* 1 true, 0 false, -1: the type has no such property, or it cannot be compared so (*why). */
int filter_match(const struct filter *f, const struct object *o, const char **why);
int filter_match_json(const struct filter *f, const json_t *json, const char **why);
/* Does it need ConsistencyLevel: eventual and $count? */
bool filter_is_advanced(const struct filter *f);
/* The literal (JSON text) when the whole filter is "property eq 'literal'"; NULL otherwise. */
const char *filter_equals(const struct filter *f, const char *property);
/* The same of "property/any(p:p eq 'literal')". */
const char *filter_any_equals(const struct filter *f, const char *property);

/* $search="displayName:word" AND ...: words that begin so. NULL with *why. */
struct search *search_parse(const char *text, const char **why);
void search_free(struct search *s);
int search_match(const struct search *s, const struct object *o, const char **why);

/* Can the type be expanded so? False with rs filled. */
bool expand_check(const struct query *q, enum object_type t, struct response *rs);
/* Appends "@odata.nextLink" of this request, with a comma behind it. */
void add_next_link(
	const struct emulator *em, const struct request *rq, unsigned long token, struct buf *b);
/* The answer of .../$count. */
void add_count_only(const struct request *rq, unsigned long n, struct response *rs);
void list_collection(
	struct emulator *em, struct request *rq, enum object_type t, struct response *rs);
void count_collection(
	struct emulator *em, struct request *rq, enum object_type t, struct response *rs);
