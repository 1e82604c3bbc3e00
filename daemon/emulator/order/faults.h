/* Faults on order: which request they hit, and what they do to its answer. */
#pragma once

#include "odata/response.h"

#include <jansson.h>

struct fault {
	struct fault *next;
	char match[256];
	char holds[256]; /* text in the body */
	long skip, count;
	double rate; /* share of the matching requests that it hits */
	int status;
	long retry_after, delay_ms, after_bytes;
	bool reset, batch_part;
};

struct request_body {
	const char *data;
	size_t n;
};

/* Appends the fault that the JSON object describes; false with rs filled. */
bool faults_add(struct fault **list, const json_t *o, struct response *rs);
void faults_clear(struct fault **list);
/* The fault that applies to this request; NULL: none. Counts it. */
struct fault *fault_take(struct fault *list, const char *method, const char *path, bool part,
	const struct request_body *body);
/* A fault with a status answers instead of the request; others let it happen first. */
void fault_apply(const struct fault *f, struct response *rs);
