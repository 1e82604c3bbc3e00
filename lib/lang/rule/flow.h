/*
 * flow: one attribute flow of a rule, evaluated over an object, with its values made to fit the
 * type of the target. It owns the conversion between types and how several contributions meet.
 */
#pragma once

#include "lang/expr/eval.h"
#include "lang/expr/result.h"
#include "lang/rule/rule.h"

/*
 * Evaluates one flow that is not a reference (or a reference flow's guard expression). A direct
 * flow of an absent attribute is NULL_. Never fails otherwise: errors are a result.
 */
void flow_eval(
	const struct rule *r, const struct flow *f, const struct eval *ev, struct flow_result *ret);
/* Converts a value to a type. False: it does not fit. */
bool value_convert(struct value *v, enum value_type to, struct arena *a) _must_check_;
/* Adds values to those that are there, leaving out what is there already (Merge). */
void values_merge(struct entry *to, unsigned attr, const struct flow_result *r, bool ignore_case);
/* What a flow does, in words: "displayName <- Trim([displayName])". */
const char *flow_text(const struct rule *r, const struct flow *f, struct arena *a);
