/*
 * The stopwatch: one clock read at each switch, added to what ran until then. The totals are the
 * process's own; a new row of WATCHES is one more that they are divided among.
 */
#include "base/stopwatch.h"

#include <time.h>

bool watch_on;
static enum watch now_running;
static int64_t since, total[WATCH_COUNT];

static const char *const NAMES[] = {
#define X(name, word) word,
	WATCHES(X)
#undef X
};

const char *watch_name(enum watch w)
{
	return NAMES[w];
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void watch_init(void)
{
	watch_on = getenv("ADSYNCD_STOPWATCH") != NULL;
	watch_reset();
}

void watch_reset(void)
{
	memset(total, 0, sizeof(total));
	now_running = WATCH_REST;
	since = watch_on ? now_ns() : 0;
}

enum watch watch_switch(enum watch to)
{
	enum watch before = now_running;
	int64_t t = now_ns();

	total[before] += t - since;
	since = t;
	now_running = to;
	return before;
}

int64_t watch_ns(enum watch w)
{
	return total[w];
}
