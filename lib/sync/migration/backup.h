/*
 * backup: what an object was, in the source and in the target, just before its source of authority
 * moved. A JSON file for each object and job in state_directory/soa, named after the anchor, the
 * time and the job, which only its owner may read; it is on the disk before anything is sent.
 */
#pragma once

#include "sync/migration/gather.h"

/* Of which job it is, for the files. */
struct backup_about {
	int64_t job;
	const char *authority; /* what the directory calls it */
	const char *from, *to; /* words of places; from NULL: each object's own */
	const char *who;
	const char *kind; /* "convert", "rollback" */
};

/*
 * Asks the directories for the objects and writes a file for each. ret_problems[i]: why there is
 * none of object i, in the question's arena; NULL: it is there. Negative: nobody can be asked, or
 * nothing can be written.
 */
int backup_write(struct gather *g, const struct subject *s, unsigned n,
	const struct backup_about *about, const char **ret_problems, struct err *e) _must_check_;

/* The newest backup of an object; a new reference. -ENOENT: there is none. */
int backup_read(
	struct migration *m, const struct subject *s, json_t **ret, struct err *e) _must_check_;
