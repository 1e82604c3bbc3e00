/*
 * offline: an object out of JSON, to evaluate expressions over without a store (adsyncctl rules
 * eval, the examples of the manual, tests). As entry_from_json(), and besides:
 *   "%Domain.FQDN%": "text"   the value of a parameter
 *   "#member": 3              an attribute of references, and how many it has
 */
#pragma once

#include "lang/expr/expr.h"

#include <jansson.h>

struct offline {
	struct entry entry;
	const json_t *source; /* borrowed */
	struct arena *arena;
	struct eval eval;        /* ready for expr_eval() */
	struct expr_types types; /* for expr_check() */
};

/* o: NULL for an object without attributes; it must outlive ret. Errors name the attribute. */
int offline_init(struct offline *ret, const json_t *o, struct arena *a, struct err *e) _must_check_;

/* Compiles, checks and evaluates; -EINVAL with the column when it does not compile. */
int offline_eval(struct offline *o, const char *expression, struct flow_result *ret,
	struct err *e) _must_check_;
/* The result as JSON: values, null, "IgnoreThisFlow" as {"flow": ...}. A new reference. */
json_t *offline_result(const struct offline *o, const struct flow_result *r) _must_check_;

/* The object that the examples of functions.c are about, as JSON text. */
extern const char expr_example[];
