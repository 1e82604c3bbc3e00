/*
 * Answers, see answer.h. A reader of an element is a function that is called behind its start and
 * reads to its end; read_members() calls the one that the member's local name has in a table.
 */
#include "connector/entra/service/answer.h"
#include "connector/entra/service/soap.h"
#include "net/nbfx.h"

#include <errno.h>
#include <stdio.h>

#define RESULTS_MAX 10000     /* more than any request has objects */
#define OTHER_MAX (256 << 10) /* bytes of a member beside the objects */

struct reading {
	struct nbfx_reader *r;
	struct arena *arena;
	struct service_answer *answer;
	const struct service_listener *listener; /* NULL: none */
	unsigned cap_results;
	bool had_response;
};

struct member {
	const char *name;
	int (*read)(struct reading *x, void *to, struct err *e);
	size_t offset; /* of what is read, in the struct at `to` */
};

/* Reads the children of an element and its end. What has no row is passed over. */
static int read_members(
	struct reading *x, const struct member *members, unsigned n, void *to, struct err *e)
{
	bool more;

	for (;;) {
		unsigned i = 0;

		TRY(nbfx_child(x->r, &more, e));
		if (!more)
			return 0;
		while (i < n && !nbfx_is(nbfx_name(x->r)->local, members[i].name))
			i++;
		TRY(i < n ? members[i].read(x, to ? (char *)to + members[i].offset : NULL, e)
			  : nbfx_skip(x->r, e));
	}
}

/* --- texts --- */

static int read_string(struct reading *x, void *to, struct err *e)
{
	_cleanup_buf_ struct buf b = {0};

	TRY(nbfx_read_text(x->r, &b, e));
	*(const char **)to = arena_dup(x->arena, buf_str(&b), b.len);
	return 0;
}

static int read_number(struct reading *x, void *to, struct err *e)
{
	const char *text;
	char *end;
	long long v;

	TRY(read_string(x, &text, e));
	errno = 0;
	v = strtoll(text, &end, 10);
	if (end != text && !*end && !errno)
		*(int64_t *)to = v;
	return 0;
}

static int read_code(struct reading *x, void *to, struct err *e)
{
	int64_t v = 0;

	TRY(read_number(x, &v, e));
	*(long *)to = (long)v;
	return 0;
}

static int read_flag(struct reading *x, void *to, struct err *e)
{
	const char *text;

	TRY(read_string(x, &text, e));
	*(bool *)to = strcasecmp(text, "true") == 0;
	return 0;
}

/* --- results --- */

static int read_result(struct reading *x, void *to, struct err *e)
{
	static const struct member members[] = {
		{"CloudAnchor", read_string, offsetof(struct service_result, cloud_anchor)},
		{"ResultCode", read_string, offsetof(struct service_result, code)},
		{"ResultErrorDescription", read_string, offsetof(struct service_result, text)},
		{"SourceAnchor", read_string, offsetof(struct service_result, source_anchor)},
	};
	struct service_answer *answer = x->answer;

	if (answer->n_results == RESULTS_MAX)
		return err_set(
			e, -EBADMSG, NULL, 0, "the answer has more than %d results", RESULTS_MAX);
	if (answer->n_results == x->cap_results) {
		unsigned cap = x->cap_results ? x->cap_results * 2 : 32;
		struct service_result *more = arena_alloc(x->arena, cap * sizeof(*more));

		if (answer->n_results)
			memcpy(more, answer->results, answer->n_results * sizeof(*more));
		answer->results = more;
		x->cap_results = cap;
	}
	answer->results[answer->n_results] = (struct service_result){"", "", "", ""};
	return read_members(
		x, members, ARRAY_SIZE(members), &answer->results[answer->n_results++], e);
}

static int read_results(struct reading *x, void *to, struct err *e)
{
	static const struct member members[] = {{"AzureADSyncObjectResult", read_result, 0}};

	return read_members(x, members, ARRAY_SIZE(members), to, e);
}

/* --- configuration --- */

static int read_prevention(struct reading *x, void *to, struct err *e)
{
	static const struct member members[] = {
		{"DeletionPrevention", read_string,
			offsetof(struct service_configuration, prevention)},
		{"ThresholdCount", read_number, offsetof(struct service_configuration, threshold)},
	};

	return read_members(x, members, ARRAY_SIZE(members), to, e);
}

static int read_current_export(struct reading *x, void *to, struct err *e)
{
	static const struct member members[] = {
		{"DirSyncClientMachineName", read_string,
			offsetof(struct service_configuration, machine)},
	};

	return read_members(x, members, ARRAY_SIZE(members), to, e);
}

static int read_sync_configuration(struct reading *x, void *to, struct err *e)
{
	static const struct member members[] = {
		{"CurrentExport", read_current_export, 0},
		{"PreventAccidentalDeletion", read_prevention, 0},
	};

	return read_members(x, members, ARRAY_SIZE(members), &x->answer->configuration, e);
}

/* --- objects --- */

static int read_objects(struct reading *x, struct err *e)
{
	bool more;

	for (;;) {
		TRY(nbfx_child(x->r, &more, e));
		if (!more)
			return 0;
		TRY(nbfx_is(nbfx_name(x->r)->local, "AzureADSyncObject")
				? x->listener->object(x->listener->ctx, x->r, e)
				: nbfx_skip(x->r, e));
	}
}

/* A member whose name nobody knows; one that has elements in it is passed over. */
static int read_other(struct reading *x, struct err *e)
{
	struct nbfx_text local = nbfx_name(x->r)->local;
	char *name = arena_dup(x->arena, local.s, local.n);
	_cleanup_buf_ struct buf b = {0};
	enum nbfx_event event;
	struct nbfx_text t;
	bool plain = true;

	for (;;) {
		TRY(nbfx_next(x->r, &event, e));
		if (event == NBFX_END)
			break;
		if (event == NBFX_START) {
			plain = false;
			TRY(nbfx_skip(x->r, e));
			continue;
		}
		t = nbfx_text(x->r);
		if (b.len + t.n <= OTHER_MAX)
			buf_add(&b, t.s, t.n);
	}
	return plain ? x->listener->member(x->listener->ctx, name, buf_str(&b), e) : 0;
}

static int read_around_objects(struct reading *x, struct err *e)
{
	bool more;

	for (;;) {
		TRY(nbfx_child(x->r, &more, e));
		if (!more)
			return 0;
		TRY(nbfx_is(nbfx_name(x->r)->local, "ResultObjects") ? read_objects(x, e)
								     : read_other(x, e));
	}
}

/* What an operation's result element may have; each answer has only its own. */
static int read_operation_result(struct reading *x, void *to, struct err *e)
{
#define CONFIGURATION(member)                            \
	offsetof(struct service_answer, configuration) + \
		offsetof(struct service_configuration, member)
	static const struct member members[] = {
		{"SyncObjectResults", read_results, 0},
		{"AllowedFeatures", read_string, CONFIGURATION(allowed)},
		{"DirSyncConfiguration", read_sync_configuration, 0},
		{"DirSyncFeatures", read_number, CONFIGURATION(features)},
		{"DisplayName", read_string, CONFIGURATION(name)},
		{"IsDirSyncing", read_flag, CONFIGURATION(is_syncing)},
		{"MaxLinksSupportedAcrossBatchInProvision2", read_number, CONFIGURATION(links_max)},
		{"TenantId", read_string, CONFIGURATION(tenant_id)},
	};
#undef CONFIGURATION

	return x->listener ? read_around_objects(x, e)
	                   : read_members(x, members, ARRAY_SIZE(members), x->answer, e);
}

/* --- faults --- */

static int read_detail_redirect(struct reading *x, void *to, struct err *e)
{
	static const struct member members[] = {
		{"Url", read_string, offsetof(struct service_fault, redirect)}};

	return read_members(x, members, ARRAY_SIZE(members), &x->answer->fault, e);
}

/* The members stand in the detail itself or in an element of it, whose name is not known. */
static int read_detail_type(struct reading *x, void *to, struct err *e)
{
	static const struct member members[] = {
		{"ErrorCode", read_code, offsetof(struct service_fault, code)},
		{"ErrorDescription", read_string, offsetof(struct service_fault, text)},
	};

	return read_members(x, members, ARRAY_SIZE(members), &x->answer->fault, e);
}

static int read_detail(struct reading *x, void *to, struct err *e)
{
	bool more;

	for (;;) {
		TRY(nbfx_child(x->r, &more, e));
		if (!more)
			return 0;
		TRY(nbfx_is(nbfx_name(x->r)->local, "BindingRedirectionFault")
				? read_detail_redirect(x, to, e)
				: read_detail_type(x, to, e));
	}
}

static int read_reason(struct reading *x, void *to, struct err *e)
{
	static const struct member members[] = {
		{"Text", read_string, offsetof(struct service_fault, text)}};

	return read_members(x, members, ARRAY_SIZE(members), &x->answer->fault, e);
}

static int read_fault(struct reading *x, void *to, struct err *e)
{
	static const struct member members[] = {
		{"Reason", read_reason, 0},
		{"Detail", read_detail, 0},
	};

	x->answer->is_fault = true;
	return read_members(x, members, ARRAY_SIZE(members), to, e);
}

/* --- the envelope --- */

/* <OperationResponse><OperationResult>...; an empty response is a good one. */
static int read_response(struct reading *x, const char *operation, struct err *e)
{
	char result[128];
	bool more;

	snprintf(result, sizeof(result), "%sResult", operation);
	x->had_response = true;
	for (;;) {
		TRY(nbfx_child(x->r, &more, e));
		if (!more)
			return 0;
		TRY(nbfx_is(nbfx_name(x->r)->local, result) ? read_operation_result(x, NULL, e)
							    : nbfx_skip(x->r, e));
	}
}

static int read_body(struct reading *x, const char *operation, struct err *e)
{
	char response[128];
	bool more;

	snprintf(response, sizeof(response), "%sResponse", operation);
	for (;;) {
		struct nbfx_text name;

		TRY(nbfx_child(x->r, &more, e));
		if (!more)
			return 0;
		name = nbfx_name(x->r)->local;
		if (nbfx_is(name, "Fault"))
			TRY(read_fault(x, NULL, e));
		else if (nbfx_is(name, response))
			TRY(read_response(x, operation, e));
		else
			TRY(nbfx_skip(x->r, e));
	}
}

static int read_envelope(struct reading *x, const char *operation, struct err *e)
{
	enum nbfx_event event;
	bool more;

	TRY(nbfx_next(x->r, &event, e));
	if (event != NBFX_START || !nbfx_is(nbfx_name(x->r)->local, "Envelope") ||
		!nbfx_is(nbfx_name(x->r)->ns, SERVICE_NS_SOAP))
		return err_set(e, -EBADMSG, NULL, 0, "the answer is not a SOAP envelope");
	for (;;) {
		TRY(nbfx_child(x->r, &more, e));
		if (!more)
			break;
		TRY(nbfx_is(nbfx_name(x->r)->local, "Body") ? read_body(x, operation, e)
							    : nbfx_skip(x->r, e));
	}
	return nbfx_next(x->r, &event, e); /* nothing may follow */
}

int service_read_objects(const void *data, size_t n, const char *operation,
	const struct service_listener *listener, struct arena *a, struct service_answer *ret,
	struct err *e)
{
	_cleanup_nbfx_ struct nbfx_reader *r = nbfx_reader_new(data, n);
	struct reading x = {.r = r, .arena = a, .answer = ret, .listener = listener};

	*ret = (struct service_answer){
		.fault = {.text = ""},
		.configuration = {.features = -1,
			.threshold = -1,
			.prevention = "",
			.allowed = "",
			.machine = "",
			.name = "",
			.tenant_id = ""},
	};
	if (listener)
		nbfx_reader_limit(r, n);
	TRY(read_envelope(&x, operation, e));
	if (ret->is_fault || x.had_response)
		return 0;
	return err_set(e, -EBADMSG, NULL, 0, "the answer is not one to %s", operation);
}

int service_read_answer(const void *data, size_t n, const char *operation, struct arena *a,
	struct service_answer *ret, struct err *e)
{
	return service_read_objects(data, n, operation, NULL, a, ret, e);
}
