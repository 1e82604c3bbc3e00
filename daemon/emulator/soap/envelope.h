/* SOAP around the provisioning service: what a request says of itself, and how answers begin. */
#pragma once

#include "odata/response.h"
#include "soap/element.h"

#define SERVICE_PATH "/provisioningservice.svc"

#define NS_CHANGE "http://schemas.microsoft.com/online/aws/change/2010/01"
#define NS_OBJECT "http://schemas.microsoft.com/online/aws/change/2014/06"
#define NS_ARRAYS "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
#define NS_XSI "http://www.w3.org/2001/XMLSchema-instance"
#define NS_XS "http://www.w3.org/2001/XMLSchema"

struct soap_call {
	const char *operation; /* "FinalizeExport" */
	const char *token, *build, *message_id;
	const struct element *body; /* the operation's element */
	const struct application *app;
	const char *base; /* "https://localhost:8443" */
	struct arena *arena;
};

/*
 * Reads the envelope; the action must be the one of the element in the body. False: it is no
 * request; *ret_why says why.
 */
bool envelope_read(const struct element *root, struct soap_call *ret, const char **ret_why);

/*
 * The beginning of an answer, up to the inside of OperationResult (with_result) or
 * OperationResponse; and its end.
 */
void answer_begin(const struct soap_call *call, bool with_result, struct response *rs);
void answer_end(bool with_result, struct response *rs);
/* A request that is refused as a whole; code 0: none. message_id of the call may be NULL. */
void answer_fault(const struct soap_call *call, long code, const char *text, struct response *rs);
/* The same fault with a BindingRedirectionFault in it. */
void answer_redirect(const struct soap_call *call, const char *url, struct response *rs);
