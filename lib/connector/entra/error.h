/*
 * The names under which Connect Sync knows export errors, from what Graph answers
 * (learn.microsoft.com/entra/identity/hybrid/connect/tshoot-connect-sync-errors).
 */
#pragma once

/* The error's name: one of the table, else the service's own code. Borrowed. */
const char *entra_error_name(long status, const char *code, const char *message);
/* What to do about it; NULL: nothing is known of the name. */
const char *entra_error_advice(const char *name);
