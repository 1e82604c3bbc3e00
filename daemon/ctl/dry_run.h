/* What commands about a dry run of the export share. */
#pragma once

#include "ctl.h"

#include <stdio.h>

/* What holds something up, of DryRunExport's answer. brief: not what a cycle would tell anyway. */
void dry_run_tell(FILE *f, const json_t *answer, bool brief);
/* The exit code: a threshold that stops the export is what a script should notice. */
int dry_run_exit(const json_t *answer);
/* pending diff --wire; name NULL: of all objects. */
int pending_wire(const struct ctl *c, const char *name);
