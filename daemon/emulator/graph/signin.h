/* What clients ask before they have a token. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

/* A request before there is a token. */
struct asked {
	enum method method;
	const char *base;  /* "https://localhost:8443", as the client called us */
	const char *path;  /* as sent, with its query */
	const char *query; /* set by handle_sign_in() */
	const char *body;
	const char *authorization; /* NULL: none */
	bool metadata;             /* Metadata: true */
};
/* Answers what is asked to sign in; false: the path is none of these. */
bool handle_sign_in(struct emulator *em, struct asked *a, struct response *rs);
