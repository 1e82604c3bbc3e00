/* What the ways to sign in have in common: forms, errors, ids. */
#pragma once

#include "odata/response.h"
#include "tenant/emulator.h"

#define RESOURCE_MAX 512 /* a longer one does not fit into a token */

/* An error of the token endpoint. */
void token_error(struct response *rs, int status, const char *error, const char *text);
/* A value of a form or a query, decoded, in memory of its own; "" when there is none. */
char *form_value(const char *body, const char *name);
/* What a form asks a token for, in memory of its own; "": this host. */
char *form_resource(const char *body);
/* The id of an application's service principal: the same each time. */
void service_principal_id(const struct emulator *em, const char *app_id, char ret[static 37]);
