/*
 * Bad days of the provisioning service: {"kind": "truncated", "bytes": 40, "count": 2, "skip": 1,
 * "operation": "FinalizeExport"}. The next so many requests, or those of an operation, or the
 * results of an object, go like that.
 */
#pragma once

#include "base/json.h"

/*
 * X(enum, word): what is answered instead of the work; what is done to a good answer; and, from
 * "failure" on, what becomes of an object
 */
#define SERVICE_FAULTS(X)                                                               \
	X(BUSY, "busy")                                                                 \
	X(DENIED, "denied")                                                             \
	X(NOT_ACTIVATED, "notActivated")                                                \
	X(TOO_OLD, "buildTooOld")                                                       \
	X(FAULT, "fault")       /* with text and code */                                \
	X(REDIRECT, "redirect") /* "to", else to where it was asked */                  \
	X(HTML_500, "html500")                                                          \
	X(HTML_200, "html200")                                                          \
	X(UNAVAILABLE, "unavailable")    /* 503, with retryAfter */                     \
	X(CLOSED_BEFORE, "closedBefore") /* the connection, without an answer */        \
	X(CLOSED_AFTER, "closedAfter")   /* likewise, but what was asked is done */     \
	X(TRUNCATED, "truncated")        /* a whole answer of so many bytes */          \
	X(CUT, "cut")                    /* the connection ends after so many bytes */  \
	X(GZIP, "gzip")                                                                 \
	X(INLINE, "inline")          /* every name inline, every value as characters */ \
	X(UTF16, "utf16")            /* every text in UTF-16 */                         \
	X(ARRAYS, "arrays")          /* numbers and booleans as arrays */               \
	X(UNKNOWN, "unknownMembers") /* elements and attributes that nobody knows */    \
	X(TWO_TEXTS, "twoTexts")     /* each text as two records */                     \
	X(DELAYED, "delayed")        /* by delayMs */                                   \
	X(FAILURE, "failure")        /* of an object */                                 \
	X(WARNING, "warning")        /* likewise: a success with a text */              \
	X(IGNORED, "ignored")        /* likewise: a success, and nothing is done */
enum service_fault_kind {
#define X(id, word) SERVICE_FAULT_##id,
	SERVICE_FAULTS(X)
#undef X
		SERVICE_FAULT_COUNT
};

struct service_fault {
	struct service_fault *next;
	enum service_fault_kind kind;
	char operation[64];      /* "": any; "Provision*": those that begin so */
	char source_anchor[128]; /* of an object; "": any */
	char text[512], to[256];
	long code, skip, count, bytes, delay_ms, retry_after;
	bool after_work; /* what was asked is done, whatever the answer */
};

/*
 * Appends what the list describes (NULL: nothing). NULL, or what is wrong: then nothing is
 * appended.
 */
const char *service_faults_add(struct service_fault **list, const json_t *faults);
void service_faults_clear(struct service_fault **list);
/* The next one for a request of the operation; NULL: none. It is counted. */
const struct service_fault *service_fault_take(struct service_fault *list, const char *operation);
/* The same for an object of it; its operation ("Set", "Delete") may have been meant as well. */
const struct service_fault *service_fault_take_object(struct service_fault *list,
	const char *operation, const char *source_anchor, const char *object_operation);
