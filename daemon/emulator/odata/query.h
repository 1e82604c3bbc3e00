/* OData query options of a request: parsed, not yet checked against a type. */
#pragma once

#include "odata/response.h"
#include "tenant/property.h"

#define EXPAND_MAX 4
#define TOP_MAX 999

struct filter;

/* $expand=members($select=id,displayName) */
struct expand {
	char name[32];
	char *select; /* NULL: the default properties */
};

struct query {
	char *options;                 /* as sent, without $skiptoken: for the nextLink */
	char *select;                  /* as given, NULL: none */
	bool selected[PROPERTIES_MAX]; /* by property */
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

/* Parses the part behind "?", decoded option by option; false with rs filled. */
bool query_parse(struct query *q, char *text, struct response *rs);
void query_done(struct query *q);
