/*
 * The worker: this program, executed again for one run. It reports on the descriptor that it is
 * told (--report), a JSON object per line, or nowhere:
 *   {"progress": {"run", "step", "steps", "connector", "type", "result", "error", "counters"}}
 *   {"end": {"run": 7, "result": "success", "good": true}}
 *   {"finding": {"check": "sign-in", "verdict": "good", "text": "..."}}   of a test
 *   {"error": "text"}       no run could be made
 */
#pragma once

#include "base/util.h"

struct worker_options {
	const char *config, *profile, *connector;
	bool test;  /* of the connector, instead of a run */
	int report; /* the descriptor to report on; -1: none */
};

/* The exit code: 0 good, 1 the run ended with errors, 2 no run. */
int worker_main(const struct worker_options *o);
