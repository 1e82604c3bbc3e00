/* See envelope.h. Prefixes are those that open tools look for: s, a, b, c, d, i. */
#include "soap/envelope.h"

#include "soap/encode.h"

#include <stdio.h>

#define NS_SOAP "http://www.w3.org/2003/05/soap-envelope"
#define NS_WSA "http://www.w3.org/2005/08/addressing"
#define CONTENT_TYPE "application/soap+msbin1"

bool envelope_read(const struct element *root, struct soap_call *ret, const char **ret_why)
{
	const struct element *header = element_child(root, "Header");
	const struct element *body = element_child(root, "Body");
	const struct element *token = element_child(header, "SyncToken");
	const char *action = element_child_text(header, "Action"), *last = strrchr(action, '/');

	*ret_why = "The message is no SOAP 1.2 envelope with a header and one element in its body.";
	if (!streq(root->name, "Envelope") || !streq(root->ns, NS_SOAP) || !header || !body ||
		!body->first || body->first->next)
		return false;
	ret->operation = body->first->name;
	ret->body = body->first;
	ret->token = element_child_text(token, "BearerToken");
	ret->build = element_child_text(token, "DirSyncBuildNumber");
	ret->message_id = element_child_text(header, "MessageID");
	*ret_why = "The action of the header and the element of the body do not belong together.";
	return last && streq(last + 1, ret->operation) && streq(body->first->ns, NS_CHANGE);
}

/* The envelope and its header, up to the inside of the body. suffix: of the action. */
static void begin(const struct soap_call *call, const char *suffix, struct response *rs)
{
	_cleanup_free_ char *action = xasprintf("%s/IProvisioningWebService/%s%s", NS_CHANGE,
		call->operation ? call->operation : "", suffix);
	struct buf *b = &rs->body;

	rs->type = CONTENT_TYPE;
	buf_clear(b);
	encode_start(b, 's', "Envelope");
	encode_xmlns(b, 's', NS_SOAP);
	encode_xmlns(b, 'a', NS_WSA);
	encode_start(b, 's', "Header");
	encode_start(b, 'a', "Action");
	encode_attribute(b, 's', "mustUnderstand", "1");
	encode_text_end(b, action, strlen(action));
	if (call->message_id && *call->message_id) {
		encode_start(b, 'a', "RelatesTo");
		encode_unique_id_end(b, call->message_id);
	}
	encode_end(b);
	encode_start(b, 's', "Body");
}

static void end(unsigned n, struct response *rs)
{
	while (n--)
		encode_end(&rs->body);
}

void answer_begin(const struct soap_call *call, bool with_result, struct response *rs)
{
	_cleanup_free_ char *response = xasprintf("%sResponse", call->operation);
	_cleanup_free_ char *result = xasprintf("%sResult", call->operation);

	begin(call, "Response", rs);
	rs->status = 200;
	encode_start(&rs->body, 0, response);
	encode_xmlns(&rs->body, 0, NS_CHANGE);
	if (!with_result)
		return;
	encode_start(&rs->body, 0, result);
	encode_xmlns(&rs->body, 'b', NS_OBJECT);
	encode_xmlns(&rs->body, 'i', NS_XSI);
}

void answer_end(bool with_result, struct response *rs)
{
	end(with_result ? 4 : 3, rs);
}

/* Up to the inside of s:Detail. */
static void begin_fault(const struct soap_call *call, const char *text, struct response *rs)
{
	struct buf *b = &rs->body;

	begin(call, "Fault", rs);
	rs->status = 500;
	encode_start(b, 's', "Fault");
	encode_start(b, 's', "Code");
	encode_leaf(b, 's', "Value", "s:Receiver");
	encode_end(b);
	encode_start(b, 's', "Reason");
	encode_start(b, 's', "Text");
	encode_attribute_xml(b, "lang", "en-US");
	encode_text_end(b, text, strlen(text));
	encode_end(b);
	encode_start(b, 's', "Detail");
}

void answer_fault(const struct soap_call *call, long code, const char *text, struct response *rs)
{
	const char *client, *id = request_ids(&client);
	struct buf *b = &rs->body;

	begin_fault(call, text, rs);
	encode_start(b, 0, "AdminWebServiceFault");
	encode_xmlns(b, 0,
		"http://schemas.datacontract.org/2004/07/"
		"Microsoft.Online.Coexistence.Schema");
	encode_start(b, 0, "ErrorCode");
	encode_long_end(b, code);
	encode_leaf(b, 0, "ErrorDescription", text);
	encode_leaf(b, 0, "ServerName", "EMULATOR");
	encode_leaf(b, 0, "TrackingId", id);
	end(5, rs);
}

void answer_redirect(const struct soap_call *call, const char *url, struct response *rs)
{
	struct buf *b = &rs->body;

	begin_fault(call, "Redirect", rs);
	encode_start(b, 0, "BindingRedirectionFault");
	encode_xmlns(b, 0, NS_CHANGE);
	encode_leaf(b, 0, "Url", url);
	end(5, rs);
}
