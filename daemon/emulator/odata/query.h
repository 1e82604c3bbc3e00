/* OData query options of a request, and what they choose. */
#pragma once

#include "graph/handlers.h"

#define SELECT_MAX 80
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
/* The same for a segment of a path, where "+" is itself (RFC 3986; a form and a query: a space). */
bool path_decode(char *s);
/* Appends s percent-encoded. */
void url_encode(struct buf *b, const char *s);

/* Parses the part behind "?", decoded option by option; false with rs filled. */
bool query_parse(struct query *q, char *text, struct response *rs);
void query_done(struct query *q);
/* May the caller see the property? False with rs filled. */
bool may_read_property(const struct request *rq, unsigned prop, struct response *rs);
/* Checks $select against a type; false with rs filled. */
bool query_select(
	struct query *q, const struct request *rq, enum object_type t, struct response *rs);
/* The page that $skiptoken names in a list, 0: the first one; false with rs filled. */
bool query_skip(const struct query *q, unsigned long *ret, struct response *rs);
/* Checks $orderby, $search and $filter against a type and the ConsistencyLevel. */
bool query_check(
	struct query *q, const struct request *rq, enum object_type t, struct response *rs);
/* The same of objects that hang on another one, which take no plain $filter; cast -1: any type. */
bool query_check_related(struct query *q, const struct request *rq, int cast, struct response *rs);

/*
 * $filter: eq ne gt ge lt le in, startswith(), endswith(), x/any(v:...), x/$count, and, or, not,
 * parentheses. NULL with *why.
 */
struct filter *filter_parse(const char *text, const char **why);
void filter_free(struct filter *f);
/* 1 true, 0 false, -1: the type has no such property, or it cannot be compared so (*why). */
int filter_match(const struct filter *f, const struct object *o, const char **why);
int filter_match_json(const struct filter *f, const json_t *json, const char **why);
enum filter_need {
	NEED_NOTHING,
	NEED_INDEX,    /* ConsistencyLevel: eventual and $count=true */
	NEED_PROPERTY, /* the type has none of the name (*why) */
};
/* What a filter over objects of the type asks for; sync: by an application that synchronizes. */
enum filter_need filter_need(
	const struct filter *f, enum object_type t, bool sync, const char **why);
/* A property in it that only some applications may read; -1: there is none. */
int filter_restricted(const struct filter *f, enum object_type t);
/* The literal (JSON text) when the whole filter is "property eq 'literal'"; NULL otherwise. */
const char *filter_equals(const struct filter *f, const char *property);
/* Of "id eq 'a' or id eq 'b'": their number, and "a,b," appended; 0: it is another filter. */
unsigned filter_ids(const struct filter *f, struct buf *ret);

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
/* A type's objects, or those of deletedItems. */
void list_collection(struct emulator *em, struct request *rq, enum object_type t, bool deleted,
	struct response *rs);
void count_collection(struct emulator *em, struct request *rq, enum object_type t, bool deleted,
	struct response *rs);
/* In the order that $orderby names; query_check() was there. */
void objects_sort(const struct object **list, size_t n, const struct query *q);
