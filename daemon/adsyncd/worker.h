/*
 * The worker: this program, executed again for one run. It reports on a descriptor that the daemon
 * gave it, a JSON object per line:
 *   {"progress": {"run", "step", "steps", "connector", "type", "result", "error", "counters"}}
 *   {"end": {"run": 7, "result": "success", "good": true}}
 *   {"finding": {"check": "sign-in", "verdict": "good", "text": "..."}}   of a test
 *   {"error": "text"}       no run could be made
 */
#pragma once

#include "base/util.h"

#define WORKER_FD 3

struct worker_options {
	const char *config, *profile, *connector;
	bool test; /* of the connector, instead of a run */
};

/* The exit code: 0 good, 1 the run ended with errors, 2 no run. Reports when WORKER_FD is open. */
int worker_main(const struct worker_options *o);
