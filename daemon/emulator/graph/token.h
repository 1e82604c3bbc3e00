/* The token endpoint, and access tokens. */
#pragma once

#include "graph/form.h"
#include "odata/response.h"
#include "tenant/emulator.h"

/* What stands around a request for a token. */
struct token_request {
	int version;      /* of the endpoint: 1 "resource" and text for numbers, 2 "scope" */
	const char *base; /* "https://localhost:8443", as the client called us */
	const char *body;
	const char *authorization; /* NULL: none */
};

void handle_token(struct emulator *em, const struct token_request *tr, struct response *rs);
/* A managed identity asks by its query, and with the header "Metadata: true". */
void handle_managed_identity(struct emulator *em, const char *base, const char *query,
	bool metadata, struct response *rs);
/* "Microsoft Entra AD Synchronization Service", in all clouds. */
#define SERVICE_APP_ID "6bf85cfa-ac8a-4be5-b5de-425a0d0dc016"

/*
 * For whom a token is: Exchange and the provisioning service take their own, Graph every other. OLD
 * is https://graph.windows.net, by which clients asked for the service until 2026.
 */
enum audience { AUDIENCE_GRAPH, AUDIENCE_EXCHANGE, AUDIENCE_SERVICE, AUDIENCE_OLD };
/* Who asks with this header; NULL with *why. */
const struct application *token_check(
	struct emulator *em, enum audience audience, const char *authorization, const char **why);
