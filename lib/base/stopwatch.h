/*
 * Where the time of a step goes, for the benchmark: exclusive, so that a look into the store from
 * within a rule counts for the store. Off unless ADSYNCD_STOPWATCH is set; then two clock reads
 * per switch. One process, one thread.
 */
#pragma once

#include "base/util.h"

/* X(enum, word in the report) */
#define WATCHES(X)        \
	X(REST, "rest")   \
	X(RULES, "rules") \
	X(STORE, "store")
enum watch {
#define X(name, word) WATCH_##name,
	WATCHES(X)
#undef X
		WATCH_COUNT
};
const char *watch_name(enum watch w);

extern bool watch_on;

/* From the environment; called once by a program that wants it. */
void watch_init(void);
/* Sets all to 0 and counts for the rest. */
void watch_reset(void);
int64_t watch_ns(enum watch w);

enum watch watch_switch(enum watch to);
/* Returns what ran before, for watch_leave(). */
static inline enum watch watch_enter(enum watch w)
{
	return watch_on ? watch_switch(w) : WATCH_REST;
}

static inline void watch_leave(enum watch before)
{
	if (watch_on)
		watch_switch(before);
}
