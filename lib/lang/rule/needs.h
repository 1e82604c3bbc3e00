/*
 * needs: what evaluation of some rules asks beside the object itself, known once they are loaded.
 * The step finds it out for the object, and gives it as struct eval_facts. Something new that a
 * rule may ask is a member here and there, and a line in needs.c.
 */
#pragma once

#include "lang/rule/rule.h"

struct rule_needs {
	const unsigned *counted; /* attributes of the source whose references are counted */
	unsigned n_counted;
	const char *const *groups; /* asked by ISMEMBEROF: DNs or %Parameters%, each once */
	unsigned n_groups;
};

/* What these rules, all of one direction, need; in the arena. */
void rule_needs_find(
	const struct rule *const *rules, unsigned n, struct arena *a, struct rule_needs *ret);
