/*
 * LDIF content records (RFC 2849), read as a stream: folded lines, base64, comments, CR LF, and
 * what tools add: a byte order mark, "changetype: add" (ldifde), continuation references and the
 * result of the search (ldapsearch). Refused, since the file is taken for a whole directory: other
 * change records, values by URL, a last line without its end (a half-written file), a search that
 * did not succeed, UTF-16. A line over 16 MiB is cut, and told as cut.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct ldif {
	const char *path; /* borrowed */
	int fd;
	char *buffer;
	size_t used, pos; /* bytes in buffer, and those consumed */
	bool eof;
	int line;         /* of the logical line last read */
	int next_line;    /* physical lines consumed, plus 1 */
	struct buf text;  /* the logical line */
	bool cut;         /* it was longer */
	struct buf value; /* decoded */
	enum {
		LDIF_BETWEEN,
		LDIF_ENTRY,
		LDIF_REFERENCE,
		LDIF_SEARCH
	} in;             /* a record of this kind */
	bool result_seen; /* of LDIF_SEARCH */
};

/* The caller opened fd and closes it. */
void ldif_init(struct ldif *l, int fd, const char *path);
void ldif_done(struct ldif *l);
#define _cleanup_ldif_ _cleanup_(ldif_done)

struct ldif_line {
	const char *name; /* "displayName", with options if any; not NUL-terminated */
	size_t name_len;
	const char *value; /* decoded, NUL-terminated behind its length */
	size_t value_len;
	bool cut; /* it is not whole, nor decoded: over 16 MiB */
};

/*
 * The next attribute line: 1. 0: the record has ended (an empty line, or the end of the file after
 * a record). 2: the end of the file. Valid until the next call. -EINVAL, -EIO with *e.
 */
int ldif_read(struct ldif *l, struct ldif_line *ret, struct err *e) _must_check_;
