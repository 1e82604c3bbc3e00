/* audit: the journal's record of each object whose source of authority was to move. */
#pragma once

#include "sync/migration/identity.h"

struct audit {
	const char *who; /* audit_who() of uid */
	int64_t uid;
	const char *kind; /* "convert", "rollback" */
	const char *authority;
	const char *from, *to; /* words of places */
	const char *dn, *anchor;
	const char *error; /* NULL: it was moved */
	int64_t job;
};

/* The name and number of a user, "ann (1000)"; the caller frees. Asks the name service. */
char *audit_who(int64_t uid);
/* Puts the record into the outbox, in the transaction of the change. */
int audit_add(struct migration *m, const struct audit *a, struct err *e) _must_check_;
