/*
 * What tests order of the provisioning service, and what it does where nobody knows what the real
 * one does: POST /emulator/service, and "provisioningService" of the tenant's file. A new choice is
 * a row of a table in service_orders.c; entra-emulator(8) lists them.
 */
#pragma once

#include "base/json.h"
#include "order/service_faults.h"

/* What a Set or a Delete of an object whose isCloudManaged is true does. X(enum, word) */
#define CLOUD_MANAGED_ANSWERS(X)                                       \
	X(REFUSED, "refused")   /* a result with ResultCode Failure */ \
	X(IGNORED, "ignored")   /* Success, and nothing is changed */  \
	X(ACCEPTED, "accepted") /* written, as if the flag were not there */
enum cloud_managed_answer {
#define X(id, word) CLOUD_MANAGED_##id,
	CLOUD_MANAGED_ANSWERS(X)
#undef X
};

#define READ_BACK_ANSWERS(X)                     \
	X(ANSWERS, "answers")                    \
	X(REFUSED, "refused") /* with a fault */ \
	X(EMPTY, "empty")     /* no object at all */
enum read_back_answer {
#define X(id, word) READ_BACK_##id,
	READ_BACK_ANSWERS(X)
#undef X
};

/* What becomes of a reference to an object that is not known, or not seen yet. */
#define UNRESOLVED_ANSWERS(X)                                        \
	X(DROPPED, "dropped") /* without a word */                   \
	X(REFUSED, "refused") /* a result with ResultCode Failure */ \
	X(KEPT, "kept")       /* without a word, and it is there once it resolves */
enum unresolved_answer {
#define X(id, word) UNRESOLVED_##id,
	UNRESOLVED_ANSWERS(X)
#undef X
};

/* More objects or links in a request than it may have. */
#define OVER_LIMIT_ANSWERS(X)                                              \
	X(FAILURE, "failure") /* a result for each object, with Failure */ \
	X(FAULT, "fault")     /* of the whole request */
enum over_limit_answer {
#define X(id, word) OVER_LIMIT_##id,
	OVER_LIMIT_ANSWERS(X)
#undef X
};

/* What is written of an object that fails since a reference of it is refused. */
#define FAILED_CHANGES(X) \
	X(NONE, "none")   \
	X(GOOD, "good") /* everything else */
enum failed_changes {
#define X(id, word) FAILED_CHANGES_##id,
	FAILED_CHANGES(X)
#undef X
};

struct service_orders {
	/* what is used up */
	long busy;             /* so many requests are answered with the fault 81 */
	long redirects;        /* so many with a BindingRedirectionFault */
	char redirect_to[256]; /* its URL; "": the one that was asked */
	long failures;         /* so many objects are refused, whatever they are */
	long warnings;         /* so many are written, and their result has a text */
	char text[512];        /* of both; "": one of ours */
	struct service_fault *faults;
	/* what holds until it is changed */
	enum cloud_managed_answer cloud_managed;
	enum read_back_answer read_back;
	enum unresolved_answer unresolved;
	enum over_limit_answer over_limit;
	enum failed_changes failed_changes;
	bool new_members;         /* answers have members that nobody knows */
	bool names_errors;        /* the text of a Failure begins with the name of the error */
	bool old_audience;        /* tokens for https://graph.windows.net are taken, too */
	bool tells_block;         /* ReadBack has blockOnPremisesSync */
	bool finalize_moves_sync; /* FinalizeExport sets the tenant's last sync time, else each
	                             write */
	long page_size;           /* of ReadBack; 0: everything at once, and no cookie */
	char cookie_name[64], more_name[64]; /* of ReadBack's members, where there are pages */
	long visibility_ms; /* what the service has made is found by references after so long */
	long batch_objects, batch_links;
};

/* As it is without orders, but for what `settings` (the tenant file's; NULL: none) says. */
void service_orders_init(struct service_orders *o, const json_t *settings);
void service_orders_done(struct service_orders *o);
/*
 * Sets what the body names; the rest stays. NULL, or the name of a key that is not known or has a
 * value that it cannot have: then nothing is changed.
 */
const char *service_orders_set(struct service_orders *o, const json_t *body);
/* Takes one of so many; false: there are none left. */
bool service_order_take(long *n);
