/* The settings of an Entra connector: checked, and what they choose. All offline. */
#pragma once

#include "connector/settings.h"
#include "net/oauth.h"

/* connector_type.check */
int entra_check(const struct settings *s, struct err *e) _must_check_;
/* The one way to sign in that they choose; an error when it is none, or several. */
int entra_sign_in(const struct settings *s, enum oauth_method *ret, struct err *e) _must_check_;
/* The setting that chooses it. */
const char *entra_sign_in_setting(enum oauth_method method);
/* source_of_authority = cloud? */
bool entra_is_clouds(const struct settings *s);
