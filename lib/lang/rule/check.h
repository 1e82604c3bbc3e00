/*
 * check: what only the whole set of rules can show. A new check of two rules is a function in
 * check.c that ruleset_check() calls for each pair.
 */
#pragma once

#include "base/err.h"
#include "base/util.h"

struct rule;
struct ruleset;

/* Names, precedence, merge types, circles. -EINVAL with file, line and rule. */
int ruleset_check(const struct ruleset *rs, struct err *e) _must_check_;
/*
 * May both have join conditions for one object? Then they are tried in order of precedence, as
 * there: worth a warning, no error.
 */
bool ruleset_joins_meet(const struct ruleset *rs, const struct rule *x, const struct rule *y);
