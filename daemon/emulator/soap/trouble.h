/* Bad days of the service: see order/service_faults.h. */
#pragma once

#include "order/service_faults.h"
#include "soap/envelope.h"

/* Answers instead of the work; false: the work is to be done first, then trouble_after(). */
bool trouble_instead(
	const struct service_fault *f, const struct soap_call *call, struct response *rs);
/* What becomes of the answer of the work. */
void trouble_after(
	const struct service_fault *f, const struct soap_call *call, struct response *rs);

/* The documented faults. */
void answer_busy(const struct soap_call *call, struct response *rs);
void answer_denied(const struct soap_call *call, struct response *rs);
void answer_not_activated(const struct soap_call *call, struct response *rs);
void answer_too_old(const struct soap_call *call, struct response *rs);
