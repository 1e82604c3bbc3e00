/*
 * The worker: this program, executed again for one run or one question. It reports on the
 * descriptor that it is told (--report), or nowhere. A run reports JSON objects, one in a line:
 *   {"progress": {"run", "step", "steps", "connector", "type", "result", "error", "counters",
 *    "left_out": why the step, which has no number then, is not done; "connectors": all names}}
 *   {"end": {"run": 7, "result": "success", "good": true}}
 *   {"error": "text", "code": -2}       no run could be made
 * A question (a method of the control interface, its parameters are read from standard input)
 * reports "+", the parameters of its reply, a JSON object, and a newline; or such a line with an
 * error. One that takes long reports lines before it:
 *   {"progress": {...}}
 */
#pragma once

#include "base/util.h"

#define WORKER_ANSWER '+'

struct worker_options {
	const char *config, *profile, *connector;
	const char *question; /* instead of a run; NULL: none */
	int64_t uid;          /* of the one who asked it; -1: not known */
	int report;           /* the descriptor to report on; -1: none */
};

/* The exit code: 0 good, 1 the run ended with errors, 2 no run, no answer. */
int worker_main(const struct worker_options *o);
