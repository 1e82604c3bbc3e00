/* The table of step_result.h. */
#include "report/step_result.h"

static const struct {
	const char *word;
	enum severity severity;
	enum event_id event;
} RESULTS[] = {
#define X(name, word, severity, event) {word, SEVERITY_##severity, event},
	STEP_RESULTS(X)
#undef X
};

const char *step_result_word(enum step_result r)
{
	return RESULTS[r].word;
}

enum severity step_result_severity(enum step_result r)
{
	return RESULTS[r].severity;
}

enum event_id step_result_event(enum step_result r)
{
	return RESULTS[r].event;
}
