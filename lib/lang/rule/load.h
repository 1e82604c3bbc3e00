/* load: a rule file, read into a ruleset that is being made. */
#pragma once

#include "base/err.h"
#include "base/util.h"

struct ruleset;

/* Reads one file into the set: unsorted, unindexed. */
int rules_read_file(struct ruleset *rs, const char *path, struct err *e) _must_check_;
/* Text that settings made: rules without a precedence get the next one that is free. */
int rules_read_made(
	struct ruleset *rs, const char *name, const char *text, struct err *e) _must_check_;
/* The same for text that is in memory (NUL-terminated); path is for messages. */
int rules_read_text(struct ruleset *rs, const char *path, const char *text, size_t len,
	struct err *e) _must_check_;
