/* How a connector's test tells the sink what it found; one line for each check. */
#pragma once

#include "connector/import.h"

/* One finding of a test for people. X(enum, word of the control socket) */
#define TEST_VERDICTS(X)      \
	X(GOOD, "good")       \
	X(WARNING, "warning") \
	X(BAD, "bad")
enum test_verdict {
#define X(id, word) TEST_##id,
	TEST_VERDICTS(X)
#undef X
};
const char *test_verdict_name(enum test_verdict v);
struct test_finding {
	const char *check; /* "sign-in" */
	enum test_verdict verdict;
	const char *text;
};
/* What a test goes by beside the settings of the connector. */
struct test_request {
	struct import_request import; /* what the rules read */
	int64_t deletion_threshold;   /* of exports to it, as configured; 0: off */
};
struct test_sink {
	void (*finding)(struct test_sink *s, const struct test_finding *f);
};

void finding_tell(struct test_sink *sink, const char *check, enum test_verdict v, const char *fmt,
	...) _printf_(4, 5);
