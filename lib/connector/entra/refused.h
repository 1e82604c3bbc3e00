/* What public Graph refuses of a PATCH, and what of it is sent all the same. */
#pragma once

#include "connector/entra/part.h"

/*
 * A PATCH was refused: takes the properties that are to blame out of it. False: it is not a matter
 * of single properties.
 */
bool part_reduce(const struct connector *c, struct part *p, long status, const char *code,
	const char *message);
/* Takes out of a PATCH what the service would refuse. */
void part_leave_out(const struct connector *c, struct part *p);
/*
 * Takes out of an object that is written, new or not, the directory extensions that the service
 * would refuse, on any surface: they hold up nothing else.
 */
void part_leave_out_extensions(const struct connector *c, struct part *p);
/* Is anything left to be sent? */
bool part_has_rest(const struct connector *c, const struct part *p);
/* The outcome of a PATCH of which something was refused. */
void part_refused(const struct connector *c, const struct part *p, bool sent, struct arena *a,
	struct export_outcome *o);
