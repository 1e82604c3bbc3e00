/* What was asked so far: numbers, and the last requests. */
#pragma once

#include "odata/request.h"

#define LOG_MAX 4096

struct log_entry {
	char method[8];
	char path[160];
	int status;
};

struct stats {
	uint64_t requests, batches, parts;
	uint64_t provisions, objects; /* requests of the service that write, and what is in them */
	uint64_t good, refused, failed; /* 2xx-3xx, 4xx, 5xx */
	uint64_t by_method[8];
	uint64_t writes;     /* object writes that succeeded */
	uint64_t duplicates; /* of these: nothing changed */
	/* likewise, with something in them that Graph never shows: the client cannot know better */
	uint64_t hidden_duplicates;
	uint64_t creates, deletes;
	struct log_entry log[LOG_MAX];
	uint64_t n_log;
};

void stats_log(struct stats *s, const char *method, const char *path, int status);
void stats_count(struct stats *s, enum method m, int status);
