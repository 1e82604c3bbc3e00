/*
 * Sign-in by a device code, as open tools of synchronization ask for it: the emulator has no
 * people, so whoever asks is signed in at once, with the rights of the application that the tenant
 * file names (deviceCodeApplication); without that nobody is.
 */
#pragma once

#include "odata/response.h"
#include "tenant/emulator.h"

/* Answers a request for a code (RFC 8628 3.2); body: the form. */
void handle_device_code(
	const struct emulator *em, const char *base, const char *body, struct response *rs);
/*
 * Whose rights a token gets that is asked for by a code or by a refresh token; NULL: by neither, or
 * nobody's. *ret_resource: what the code was asked for, owned by the caller; NULL: the form says
 * it.
 */
const struct application *device_code_application(
	const struct emulator *em, const char *grant, const char *body, char **ret_resource);
/* Appends what stands in the answer beside the token: who has signed in, and a refresh token. */
void device_code_person(
	const struct emulator *em, const char *base, const char *client_id, struct buf *b);
