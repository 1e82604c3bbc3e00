/*
 * One request to the service: decode, who asks, which operation. A new operation is a row of
 * operations[].
 */
#include "soap/service.h"

#include "graph/token.h"
#include "order/orders.h"
#include "soap/operations.h"
#include "soap/references.h"
#include "soap/trouble.h"
#include "tenant/clock.h"

#include "base/text.h"

#include <stdio.h>

static const struct {
	const char *name;
	void (*run)(struct emulator *em, const struct soap_call *call, struct response *rs);
} operations[] = {
	{"ProvisionAzureADSyncObjects", operation_provision},
	{"ProvisionAzureADSyncObjects2", operation_provision},
	{"ReadBackAzureADSyncObjects", operation_read_back},
	{"ReadBackAzureADSyncObjects2", operation_read_back},
	{"GetCompanyConfiguration", operation_configuration},
	{"SetCompanyDirsyncFeatures", operation_set_features},
	{"FinalizeExport", operation_finalize},
	{"Capabilities", operation_capabilities},
};

static void plain(struct response *rs, int status, const char *text)
{
	rs->status = status;
	rs->type = "text/plain; charset=utf-8";
	buf_clear(&rs->body);
	buf_adds(&rs->body, text);
}

/* False with a fault: the token is refused, or the client is too old. */
static bool admit(struct emulator *em, struct soap_call *call, struct response *rs)
{
	_cleanup_free_ char *header = xasprintf("Bearer %s", call->token);
	const char *why, *least = em->tenant->minimum_build;

	call->app = token_check(em, AUDIENCE_SERVICE, header, &why);
	if (!call->app && em->orders->service.old_audience)
		call->app = token_check(em, AUDIENCE_OLD, header, &why);
	if (!call->app || !(call->app->roles >> ROLE_SYNC & 1))
		answer_denied(call, rs);
	else if (!em->syncs)
		answer_not_activated(call, rs);
	else if (least && build_compare(call->build, least) < 0)
		answer_too_old(call, rs);
	else
		return true;
	return false;
}

/* True: a test has ordered another answer. */
static bool ordered(struct emulator *em, const struct soap_call *call, struct response *rs)
{
	struct service_orders *o = &em->orders->service;

	if (service_order_take(&o->redirects)) {
		_cleanup_free_ char *here = xasprintf("%s" SERVICE_PATH, call->base);

		answer_redirect(call, *o->redirect_to ? o->redirect_to : here, rs);
		return true;
	}
	if (!service_order_take(&o->busy))
		return false;
	answer_busy(call, rs);
	return true;
}

static void run(struct emulator *em, struct soap_call *call, struct response *rs)
{
	const struct service_fault *f;

	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++)
		if (streq(operations[i].name, call->operation)) {
			if (!admit(em, call, rs) || ordered(em, call, rs))
				return;
			f = service_fault_take(em->orders->service.faults, call->operation);
			if (f && trouble_instead(f, call, rs))
				return;
			operations[i].run(em, call, rs);
			if (f)
				trouble_after(f, call, rs);
			return;
		}
	answer_fault(call, 0, "The message cannot be processed: the action is not supported.", rs);
}

void service_resolve(struct emulator *em)
{
	references_resolve(em);
}

void service_answer(struct emulator *em, const struct request *rq, const char *content_type,
	const void *body, size_t n, struct response *rs)
{
	_cleanup_arena_ struct arena a = {0};
	struct soap_call call = {.base = rq->base, .arena = &a};
	const struct element *root;
	struct err e = {0};
	const char *why;

	if (rq->method == M_GET) {
		plain(rs, 200, "The provisioning service of an emulated tenant.\n");
		return;
	}
	if (rq->method != M_POST) {
		plain(rs, 405, "");
		return;
	}
	if (!content_type || strncasecmp(content_type, "application/soap+msbin1", 23) != 0) {
		plain(rs, 415, "");
		return;
	}
	root = element_decode(n ? body : "", n, &a, &e);
	if (!root) {
		plain(rs, 400, "");
		return;
	}
	if (!envelope_read(root, &call, &why)) {
		answer_fault(&call, 0, why, rs);
		return;
	}
	run(em, &call, rs);
	tenant_mark(em);
}
