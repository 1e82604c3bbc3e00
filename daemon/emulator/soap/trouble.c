/* See trouble.h. A kind of trouble is a row of SERVICE_FAULTS and a case in answer_of(). */
#include "soap/trouble.h"

#include "soap/restyle.h"

void answer_busy(const struct soap_call *call, struct response *rs)
{
	answer_fault(call, 81,
		"Windows Azure Active Directory is currently busy. This operation will be retried "
		"automatically.",
		rs);
}

void answer_denied(const struct soap_call *call, struct response *rs)
{
	answer_fault(call, 0,
		"Access to Azure Active Directory has been denied. Contact Technical Support.", rs);
}

void answer_not_activated(const struct soap_call *call, struct response *rs)
{
	answer_fault(
		call, 0, "Identity synchronization is not yet activated for this company.", rs);
}

void answer_too_old(const struct soap_call *call, struct response *rs)
{
	answer_fault(
		call, 0, "This version of the Directory Sync tool is no longer supported.", rs);
}

static void redirect(
	const struct service_fault *f, const struct soap_call *call, struct response *rs)
{
	_cleanup_free_ char *here = xasprintf("%s" SERVICE_PATH, call->base);

	answer_redirect(call, *f->to ? f->to : here, rs);
}

static void html(int status, struct response *rs)
{
	rs->status = status;
	rs->type = "text/html; charset=utf-8";
	buf_clear(&rs->body);
	buf_adds(&rs->body, "<!DOCTYPE html><html><head><title>Our services aren't available right "
			    "now</title></head><body><h2>Our services aren't available right "
			    "now</h2></body></html>\n");
}

static void shorten(size_t n, struct buf *b)
{
	if (n < b->len) {
		b->len = n;
		b->data[n] = '\0';
	}
}

/* *ret_instead: it takes the place of the work. */
static void answer_of(const struct service_fault *f, const struct soap_call *call,
	struct response *rs, bool *ret_instead)
{
	*ret_instead = true;
	switch (f->kind) {
	case SERVICE_FAULT_BUSY:
		answer_busy(call, rs);
		return;
	case SERVICE_FAULT_DENIED:
		answer_denied(call, rs);
		return;
	case SERVICE_FAULT_NOT_ACTIVATED:
		answer_not_activated(call, rs);
		return;
	case SERVICE_FAULT_TOO_OLD:
		answer_too_old(call, rs);
		return;
	case SERVICE_FAULT_FAULT:
		answer_fault(call, f->code, f->text, rs);
		return;
	case SERVICE_FAULT_REDIRECT:
		redirect(f, call, rs);
		return;
	case SERVICE_FAULT_HTML_500:
	case SERVICE_FAULT_HTML_200:
		html(f->kind == SERVICE_FAULT_HTML_500 ? 500 : 200, rs);
		return;
	case SERVICE_FAULT_UNAVAILABLE:
		html(503, rs);
		rs->retry_after = f->retry_after;
		return;
	case SERVICE_FAULT_CLOSED_BEFORE:
		rs->status = 500;
		rs->reset = true;
		return;
	case SERVICE_FAULT_CLOSED_AFTER:
		rs->reset = true;
		break;
	case SERVICE_FAULT_TRUNCATED:
		shorten((size_t)f->bytes, &rs->body);
		break;
	case SERVICE_FAULT_CUT:
		rs->after_bytes = f->bytes;
		break;
	case SERVICE_FAULT_GZIP:
		rs->gzip = true;
		break;
	case SERVICE_FAULT_INLINE:
	case SERVICE_FAULT_UTF16:
	case SERVICE_FAULT_ARRAYS:
	case SERVICE_FAULT_UNKNOWN:
	case SERVICE_FAULT_TWO_TEXTS:
		restyle(&rs->body, f->kind);
		break;
	case SERVICE_FAULT_DELAYED:
	case SERVICE_FAULT_FAILURE:
	case SERVICE_FAULT_WARNING:
	case SERVICE_FAULT_IGNORED:
	case SERVICE_FAULT_COUNT:
		break;
	}
	*ret_instead = false;
}

bool trouble_instead(
	const struct service_fault *f, const struct soap_call *call, struct response *rs)
{
	bool instead;

	if (f->after_work)
		return false;
	rs->delay_ms = f->delay_ms;
	answer_of(f, call, rs, &instead);
	return instead;
}

void trouble_after(const struct service_fault *f, const struct soap_call *call, struct response *rs)
{
	bool instead;

	rs->delay_ms = f->delay_ms;
	answer_of(f, call, rs, &instead);
}
