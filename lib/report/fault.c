/* Fault points: the counting, and the end of the process; a new point is a row in fault.h. */
#include "report/fault.h"
#include "base/util.h"

#include <signal.h>
#include <stdio.h>

#ifdef ADSYNC_FAULTS
static const char *const NAMES[] = {
#define X(id, name) [FAULT_##id] = name,
	FAULT_POINTS(X)
#undef X
};

static void trace(enum fault_point p)
{
	static bool seen[FAULT_COUNT];
	const char *path = getenv("ADSYNC_FAULT_TRACE");
	FILE *f = path && !seen[p] ? fopen(path, "ae") : NULL;

	seen[p] = true;
	if (!f)
		return;
	fprintf(f, "%s\n", NAMES[p]);
	fclose(f);
}

void fault_hit(enum fault_point p)
{
	static unsigned passes[FAULT_COUNT];
	const char *want = getenv("ADSYNC_FAULT");
	size_t len = strlen(NAMES[p]);
	unsigned long n = 1;

	trace(p);
	if (!want || strncmp(want, NAMES[p], len) || (want[len] && want[len] != ':'))
		return;
	if (want[len] == ':')
		n = strtoul(want + len + 1, NULL, 10);
	if (++passes[p] == n)
		raise(SIGKILL);
}
#endif
