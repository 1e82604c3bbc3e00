/*
 * What the soa commands share: whom they mean, and a question that takes long. A new one is a row
 * of commands.inc and a function in a file soa_*.c.
 */
#pragma once

#include "ctl.h"

/*
 * The parameters that name objects: the arguments, --file, --group, --ou and --connector; and
 * --wave-size where it is given. 0 with
 * *ret, a new reference, or an exit code with the message printed. none: may it be nobody at all?
 */
int soa_parameters(
	const struct ctl *c, int argc, char **argv, bool none, json_t **ret) _must_check_;
/*
 * Asks a question that takes long; each progress object goes to the function (NULL: a terminal gets
 * the number of objects). Takes the parameters' reference. 0 with *ret, or an exit code with the
 * message printed.
 */
int soa_ask(const struct ctl *c, const char *method, json_t *parameters,
	void (*progress)(const struct ctl *c, const json_t *progress), json_t **ret) _must_check_;
