/*
 * findings: what the checks of many objects found, as the answers of questions have it. An object
 * is named by its number in the list of subjects.
 */
#pragma once

#include "base/json.h"
#include "sync/migration/gather.h"

#define FINDINGS_MAX 200000 /* in one answer */

struct findings {
	struct gather_sink sink;
	const struct subject *subjects;
	json_t *list;  /* {"object": number or null, "code", "attribute", "text"} */
	json_t *codes; /* of those in the list: code -> {"severity", "why", "advice"} */
	enum readiness_severity *worst; /* of each subject; SEVERITY_COUNT: nothing was found */
	unsigned n;
	bool all_blocked; /* something blocks that is about all of them */
	bool full;        /* there are more than FINDINGS_MAX */
};

/*
 * Checks all of them, some at a time, and tells the progress. -ENOTSUP, -EACCES, -EHOSTDOWN ...: a
 * directory does not answer; -E2BIG: there are more findings than one answer can have. Call
 * findings_done() in any case.
 */
int findings_make(struct migration *m, enum check_purpose purpose, const struct subjects *of,
	struct findings *ret, struct err *e) _must_check_;
void findings_done(struct findings *f);
#define _cleanup_findings_ _cleanup_(findings_done)

/* "blocks", "warns", "info" or "ready": the worst of an object; what is about all counts, too. */
const char *findings_word(const struct findings *f, unsigned object);
