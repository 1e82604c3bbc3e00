/*
 * Commands of Exchange Online, sent as Microsoft's own module for PowerShell sends them: a POST of
 * {"CmdletInput": {"CmdletName", "Parameters"}} with a token of Exchange's own. The endpoint is not
 * documented; what is known of it comes from clients that use it. What is asked is mailbox.h's.
 */
#pragma once

#include "connector/entra/graph.h"

#include <jansson.h>

/* What a connector has for Exchange: its own token, and where it may go. */
struct entra_exchange {
	struct oauth oauth;
	char *host;             /* "https://outlook.office365.com": only it gets the token */
	char *command;          /* where commands go; pages of an answer go on elsewhere */
	char *resource, *scope; /* what the token is asked for */
	char *anchor;           /* the header that leads to a server of the tenant; NULL: not yet */
};

/* resource: what Exchange calls itself in the cloud, also where the host is another one. */
struct entra_exchange *exchange_new(
	const struct connector *c, const char *host, const char *resource);
/* NULL is fine. */
void exchange_free(struct entra_exchange *x);

/*
 * Sends a command and waits; nothing else may be in flight. Busy servers are asked again a few
 * times. url: a further page of an answer, NULL: the first; select: the properties that the answer
 * is to have, NULL: all. The caller decrefs *ret, an answer that is a JSON object.
 *
 * CONN_OBJECT_BAD: the command was refused, *e has Exchange's words (-ENOENT: there is no such
 * mailbox). CONN_RUN_BAD: the application may not (-EACCES, -EPERM), or the answer is none
 * (-EPROTO). CONN_DOWN, CONN_CANCELED.
 */
enum conn_result exchange_invoke(struct connector *c, const char *cmdlet, json_t *parameters,
	const char *select, const char *url, json_t **ret, struct err *e) _must_check_;
