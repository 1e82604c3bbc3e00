/*
 * gather: what check.h decides by, from the store and from the directories as they are now. Objects
 * are checked many at a time, since a directory is asked for many at a time. A directory that does
 * not answer is an error, never "there is nothing to find".
 *
 * In use: gather_open(), gather_common() once, gather_check() for some GATHER_AT_ONCE objects after
 * the other, gather_close().
 */
#pragma once

#include "sync/migration/check.h"
#include "sync/migration/identity.h"

#define GATHER_AT_ONCE 500

struct gather;

struct gather_sink {
	/* s NULL: it is about all of them; attr NULL: about no single attribute */
	void (*finding)(struct gather_sink *sink, const struct subject *s, enum readiness what,
		const char *attr, const char *text);
};

/* m, borrowed, is open. Loads the rules; the directories are asked when they are needed. */
int gather_open(struct migration *m, enum check_purpose purpose, struct gather **ret,
	struct err *e) _must_check_;
void gather_close(struct gather *g);
static inline void gather_closep(struct gather **g)
{
	gather_close(*g);
}
#define _cleanup_gather_ _cleanup_(gather_closep)

/*
 * What is true for all of the objects: rights that are missing, what the tenant forbids, what
 * cannot be seen. Signs in to the target.
 */
int gather_common(struct gather *g, const struct subject *s, unsigned n, struct gather_sink *sink,
	struct err *e) _must_check_;
/* Each object's findings. -ECANCELED: whoever asked has gone. */
int gather_check(struct gather *g, const struct subject *s, unsigned n, struct gather_sink *sink,
	struct err *e) _must_check_;
