/* Envelopes, see soap.h. The children of SyncToken stand in the order of their names: the
 * service's. */
#include "connector/entra/service/soap.h"
#include "net/nbfx.h"

#include <stdio.h>

#define NS_ADDRESSING "http://www.w3.org/2005/08/addressing"
#define NS_ADMINISTRATION "urn:microsoft.online.administrativeservice"
/* product ids of the original, not of our application: the newer of two that work */
#define APPLICATION_ID "6eb59a73-39b2-4c23-a70f-e2e3ce8965b1"
#define CLIENT_VERSION "8.0"
#define PROTOCOL_VERSION "2.0"

static void put_token_member(struct buf *b, const char *name, const char *value)
{
	nbfx_start(b, 0, name);
	nbfx_declare(b, 0, SERVICE_NS_CHANGE);
	nbfx_end_text(b, value, strlen(value));
}

static void put_token(struct buf *b, const struct service_header *h)
{
	nbfx_start(b, 0, "SyncToken");
	nbfx_put_attribute(b, 's', "role", NS_ADMINISTRATION);
	nbfx_declare(b, 0, NS_ADMINISTRATION);
	nbfx_declare(b, 'i', SERVICE_NS_XSI);
	put_token_member(b, "ApplicationId", APPLICATION_ID);
	put_token_member(b, "BearerToken", h->token ? h->token : "");
	put_token_member(b, "ClientVersion", CLIENT_VERSION);
	put_token_member(b, "DirSyncBuildNumber", h->build);
	put_token_member(b, "FIMBuildNumber", h->build);
	put_token_member(b, "IsInstalledOnDC", "False");
	put_token_member(b, "IssueDateTime", "0001-01-01T00:00:00");
	put_token_member(b, "LanguageId", "en-US");
	put_token_member(b, "LiveToken", "");
	put_token_member(b, "ProtocolVersion", PROTOCOL_VERSION);
	put_token_member(b, "RichCoexistenceEnabled", "False");
	put_token_member(b, "TrackingId", h->tracking);
	nbfx_end(b);
}

static void put_action(struct buf *b, const char *operation)
{
	char action[256];

	snprintf(action, sizeof(action), "%s/IProvisioningWebService/%s", SERVICE_NS_CHANGE,
		operation);
	nbfx_start(b, 'a', "Action");
	nbfx_put_attribute(b, 's', "mustUnderstand", "1");
	nbfx_end_text(b, action, strlen(action));
}

static void put_message_id(struct buf *b, const char *tracking)
{
	char id[64];

	snprintf(id, sizeof(id), "urn:uuid:%s", tracking);
	nbfx_leaf(b, 'a', "MessageID", id);
}

void service_begin(struct buf *b, const struct service_header *h)
{
	nbfx_start(b, 's', "Envelope");
	nbfx_declare(b, 's', SERVICE_NS_SOAP);
	nbfx_declare(b, 'a', NS_ADDRESSING);
	nbfx_start(b, 's', "Header");
	put_action(b, h->operation);
	put_token(b, h);
	put_message_id(b, h->tracking);
	nbfx_start(b, 'a', "ReplyTo");
	nbfx_leaf(b, 'a', "Address", NS_ADDRESSING "/anonymous");
	nbfx_end(b);
	nbfx_start(b, 'a', "To");
	nbfx_put_attribute(b, 's', "mustUnderstand", "1");
	nbfx_end_text(b, h->url, strlen(h->url));
	nbfx_end(b);
	nbfx_start(b, 's', "Body");
	nbfx_start(b, 0, h->operation);
	nbfx_declare(b, 0, SERVICE_NS_CHANGE);
}

void service_end(struct buf *b)
{
	for (unsigned i = 0; i < 3; i++) /* the operation, Body, Envelope */
		nbfx_end(b);
}
