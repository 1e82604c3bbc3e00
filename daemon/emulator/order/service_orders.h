/*
 * What tests order of the provisioning service: answers that it gives at times, and what it does
 * where nobody knows what the real one does. {"busy": 2, "redirects": 1, "redirectTo":
 * "https://...", "failures": 1, "warnings": 1, "text": "...", "cloudManaged": "refused",
 * "newMembers": true}
 */
#pragma once

#include "base/json.h"
#include "odata/response.h"

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

struct service_orders {
	long busy;             /* so many requests are answered with the fault 81 */
	long redirects;        /* so many with a BindingRedirectionFault */
	char redirect_to[256]; /* its URL; "": the one that was asked */
	long failures;         /* so many objects are refused, whatever they are */
	long warnings;         /* so many are written, and their result has a text */
	char text[512];        /* of both; "": one of ours */
	enum cloud_managed_answer cloud_managed;
	bool new_members; /* answers have members that nobody knows */
};

/* Sets what the body names; the rest stays. False with rs filled: a value is wrong. */
bool service_orders_set(struct service_orders *o, const json_t *body, struct response *rs);
/* Takes one of so many; false: there are none left. */
bool service_order_take(long *n);
