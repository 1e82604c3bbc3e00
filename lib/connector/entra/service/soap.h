/*
 * The envelope of Entra's provisioning service: SOAP 1.2 in binary XML, with the token inside.
 * There is no public contract: names and order are what open tools send that work (AADInternals and
 * others).
 */
#pragma once

#include "base/buf.h"

#define SERVICE_NS_CHANGE "http://schemas.microsoft.com/online/aws/change/2010/01"
#define SERVICE_NS_OBJECT "http://schemas.microsoft.com/online/aws/change/2014/06"
#define SERVICE_NS_ARRAYS "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
#define SERVICE_NS_XSI "http://www.w3.org/2001/XMLSchema-instance"
#define SERVICE_NS_XS "http://www.w3.org/2001/XMLSchema"
#define SERVICE_NS_SOAP "http://www.w3.org/2003/05/soap-envelope"

#define SERVICE_CONTENT_TYPE "application/soap+msbin1"

struct service_header {
	const char *operation; /* "FinalizeExport" */
	const char *url;       /* where it goes: a:To */
	const char *token;     /* NULL: left out, for people to read */
	const char *build;     /* "2.6.3.0" */
	const char *tracking;  /* a UUID as text */
};

/*
 * Appends the envelope's beginning up to the operation's element, in which the service's own
 * namespace is the default one. The buffer is to be one that wipes: it holds the token.
 */
void service_begin(struct buf *b, const struct service_header *h);
/* Ends what service_begin() began. */
void service_end(struct buf *b);
