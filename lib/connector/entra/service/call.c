/* Calls, see call.h. What an answer means is judge()'s; a fault that is known by its text is a row
 * of faults[]. */
#include "connector/entra/service/call.h"
#include "base/codec.h"
#include "connector/entra/service/soap.h"
#include "net/nbfx.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define SPOOL_STEP ((size_t)16 << 20) /* a multiple of any page's size */

#define CODE_BUSY 81 /* "currently busy. This operation will be retried automatically." */

char *service_host(const char *url)
{
	const char *begin = strstr(url, "://");

	begin = begin ? begin + 3 : url;
	return xstrndup(begin, strcspn(begin, "/:?#"));
}

static void set_url(struct service *s, const char *url)
{
	free(s->url);
	free(s->host);
	s->url = xstrdup(url);
	s->host = service_host(url);
}

void service_init(struct service *s, struct http *h, const struct oauth_options *o,
	const char *build, const char *url)
{
	*s = (struct service){.http = h, .build = build};
	s->oauth.o = *o;
	s->oauth.o.scope = SERVICE_SCOPE;
	s->oauth.o.resource = SERVICE_RESOURCE;
	set_url(s, url);
}

void service_done(struct service *s)
{
	oauth_done(&s->oauth);
	free(s->url);
	free(s->host);
	s->url = s->host = NULL;
}

/* --- redirects --- */

/* The token goes along. learn.microsoft.com, "Microsoft Entra Connect: hosts to allow". */
static const char *const domains[] = {
	".microsoftonline.com", ".microsoftonline.us", ".partner.microsoftonline.cn"};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n > k && strcasecmp(s + n - k, end) == 0;
}

bool service_may_go(const char *from, const char *to)
{
	_cleanup_free_ char *here = service_host(from), *there = service_host(to);
	bool known = strcasecmp(here, there) == 0;

	for (unsigned i = 0; i < ARRAY_SIZE(domains); i++)
		known = known || ends_with(there, domains[i]);
	return str_starts(to, "https://") && known && !strpbrk(to, "@\\ \t\r\n") &&
	       there[strspn(there, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789.-")] == '\0';
}

/* The host of the URL that the service names, at the path where we are; our own keeps its port. */
static char *redirected(const char *from, const char *to)
{
	_cleanup_free_ char *here = service_host(from), *there = service_host(to);
	const char *authority = strstr(from, "://"), *path;

	if (strcasecmp(here, there) == 0)
		return xstrdup(from);
	path = authority ? strchr(authority + 3, '/') : NULL;
	return xasprintf("https://%s%s", there, path ? path : "");
}

/* --- a request --- */

/* Header lines that the original sends; the service does not need them. */
struct lines {
	char action[128], request[80], build[80];
};

static void set_headers(struct http_request *r, const struct service *s, const char *operation,
	const char *tracking, struct lines *l)
{
	snprintf(l->action, sizeof(l->action), "x-ms-aadmsods-apiaction: %s", operation);
	snprintf(l->request, sizeof(l->request), "client-request-id: %s", tracking);
	snprintf(l->build, sizeof(l->build), "x-ms-aadmsods-dirsyncbuildnumber: %s", s->build);
	r->headers[0] = "Content-Type: " SERVICE_CONTENT_TYPE;
	r->headers[1] = "x-ms-aadmsods-clientversion: 8.0";
	r->headers[2] = l->action;
	r->headers[3] = l->request;
	r->headers[4] = l->build;
}

static void send(struct service *s, struct http_request *r, const char *operation,
	service_write *write, void *ctx)
{
	static const char scheme[] = "Authorization: Bearer ";
	char tracking[UUID_TEXT_SIZE];
	struct service_header h = {
		operation, s->url, s->oauth.header + strlen(scheme), s->build, tracking};
	struct lines lines;

	uuid_random(tracking);
	set_headers(r, s, operation, tracking, &lines);
	buf_clear(&r->body);
	r->body.wipe = true;
	service_begin(&r->body, &h);
	if (write)
		write(&r->body, ctx);
	service_end(&r->body);
	if (s->spool) { /* of the call before */
		rewind(s->spool);
		r->spool = ftruncate(fileno(s->spool), 0) == 0 ? s->spool : NULL;
	}
	http_perform(s->http, r);
	buf_clear(&r->body);
}

/* --- what came --- */

static enum conn_result no_answer(
	const struct service *s, const struct http_request *r, bool *ret_unknown, struct err *e)
{
	if (r->outcome == HTTP_CANCELED) {
		*ret_unknown = true;
		err_set(e, -ECANCELED, s->host, 0, "the request was stopped");
		return CONN_CANCELED;
	}
	*ret_unknown = r->outcome == HTTP_UNKNOWN;
	err_set(e, -EHOSTDOWN, s->host, 0, "%s", r->error);
	return CONN_DOWN;
}

/* An answer of something in between, or of a service that is not itself. */
static enum conn_result no_soap(const struct service *s, const struct http_request *r,
	const struct err *why, bool *ret_unknown, struct err *e)
{
	bool busy = r->status == 429 || r->status == 503;

	/* what WCF says to a message that it cannot read, and what takes none of this size */
	if (r->status == 400 || r->status == 413) {
		err_set(e, -EINVAL, s->host, 0, SERVICE_REFUSES "it answers %ld", r->status);
		return CONN_OBJECT_BAD;
	}
	if (r->status == 401) { /* service_call() has tried a new token when this is shown */
		err_set(e, -EACCES, s->host, 0,
			"the service does not take the token, nor a new one (it answers 401)");
		return CONN_RUN_BAD;
	}
	*ret_unknown = !busy && (r->status >= 500 || r->status < 300);
	if (busy || r->status >= 500) {
		err_set(e, -EAGAIN, s->host, 0,
			"answered %ld without a message of the service; it is tried again in the "
			"next cycle",
			r->status);
		return CONN_DOWN;
	}
	if (r->status < 300)
		err_set(e, -EPROTO, s->host, 0, "the answer cannot be read: %s", why->text);
	else
		err_set(e, -EPROTO, s->host, 0,
			"answered %ld: is service_url that of the provisioning service?",
			r->status);
	return CONN_RUN_BAD;
}

static const struct {
	const char *part; /* of the text */
	int code;
	enum conn_result result;
	const char *advice;
} faults[] = {
	{"is currently busy", -EAGAIN, CONN_DOWN, "it is tried again in the next cycle"},
	{"has been denied", -EPERM, CONN_RUN_BAD,
		"give the application the role " SERVICE_ROLE
		" of \"Microsoft Entra AD Synchronization Service\", and admin consent"},
	{"not yet activated", -EPERM, CONN_RUN_BAD,
		"switch synchronization on: PATCH /organization/{id} with "
		"{\"onPremisesSyncEnabled\": true}"},
	{"no longer supported", -EPERM, CONN_RUN_BAD,
		"set sync_build to a newer build of Connect Sync"},
};

static enum conn_result judge_fault(
	const struct service *s, const struct service_fault *f, struct err *e)
{
	for (unsigned i = 0; i < ARRAY_SIZE(faults); i++)
		if (strstr(f->text, faults[i].part) ||
			(f->code == CODE_BUSY && faults[i].result == CONN_DOWN)) {
			err_set(e, faults[i].code, s->host, 0, "%.400s (%s)", f->text,
				faults[i].advice);
			return faults[i].result;
		}
	err_set(e, -EINVAL, s->host, 0, SERVICE_REFUSES "%.600s",
		*f->text ? f->text : "it does not say why");
	return CONN_OBJECT_BAD;
}

/* True: the answer is a redirect that was followed. */
static bool follow(struct service *s, const struct service_answer *answer, unsigned hops,
	enum conn_result *ret, struct err *e)
{
	_cleanup_free_ char *to = NULL;

	if (!answer->is_fault || !answer->fault.redirect)
		return false;
	*ret = CONN_RUN_BAD;
	if (hops >= SERVICE_HOPS_MAX) {
		err_set(e, -ELOOP, s->host, 0, "redirects the request for the %dth time",
			SERVICE_HOPS_MAX + 1);
		return false;
	}
	if (!service_may_go(s->url, answer->fault.redirect)) {
		err_set(e, -EPROTO, s->host, 0,
			"redirects the request to a host that is not Microsoft's: %.300s",
			answer->fault.redirect);
		return false;
	}
	to = redirected(s->url, answer->fault.redirect);
	set_url(s, to);
	s->redirects++;
	*ret = CONN_OK;
	return true;
}

/* Objects of an answer that lies in a file: what was read of it needs no memory any more. */
struct spooled {
	const struct service_listener *to;
	char *begin;
	size_t dropped;
};

static int spooled_object(void *ctx, struct nbfx_reader *r, struct err *e)
{
	struct spooled *f = ctx;
	size_t done = nbfx_position(r) / SPOOL_STEP * SPOOL_STEP;

	if (done > f->dropped) {
		(void)madvise(f->begin + f->dropped, done - f->dropped, MADV_DONTNEED);
		f->dropped = done;
	}
	return f->to->object(f->to->ctx, r, e);
}

static int spooled_member(void *ctx, const char *name, const char *text, struct err *e)
{
	const struct spooled *f = ctx;

	return f->to->member(f->to->ctx, name, text, e);
}

static int read_spooled(struct service *s, const char *operation, struct arena *a,
	struct service_answer *ret, struct err *e)
{
	struct spooled f = {.to = s->listener};
	struct service_listener listener = {spooled_object, spooled_member, &f};
	off_t n = fflush(s->spool) == 0 ? ftello(s->spool) : 0;
	int r;

	if (n <= 0)
		return err_set(e, -EBADMSG, NULL, 0, "the answer is empty");
	f.begin = mmap(NULL, (size_t)n, PROT_READ, MAP_PRIVATE, fileno(s->spool), 0);
	if (f.begin == MAP_FAILED)
		return err_set(e, -errno, NULL, 0, "a temporary file: %s", strerror(errno));
	r = service_read_objects(f.begin, (size_t)n, operation, &listener, a, ret, e);
	munmap(f.begin, (size_t)n);
	return r;
}

static int read_answer(struct service *s, const struct http_request *r, const char *operation,
	struct arena *a, struct service_answer *ret, struct err *e)
{
	if (r->spool)
		return read_spooled(s, operation, a, ret, e);
	return service_read_answer(
		r->answer.data ? r->answer.data : "", r->answer.len, operation, a, ret, e);
}

static enum conn_result judge(struct service *s, const struct http_request *r,
	const char *operation, struct arena *a, struct service_answer *ret, bool *ret_unknown,
	struct err *e)
{
	struct err why = {0};

	if (r->outcome != HTTP_ANSWERED)
		return no_answer(s, r, ret_unknown, e);
	if ((r->status != 200 && r->status != 500) ||
		read_answer(s, r, operation, a, ret, &why) < 0)
		return no_soap(s, r, &why, ret_unknown, e);
	return ret->is_fault && !ret->fault.redirect ? judge_fault(s, &ret->fault, e) : CONN_OK;
}

static enum conn_result sign_in(struct service *s, struct err *e)
{
	struct err own = {0};

	if (oauth_header(&s->oauth, s->http, &own))
		return CONN_OK;
	*e = own;
	if (own.code == -ECANCELED)
		return CONN_CANCELED;
	return own.code == -EAGAIN ? CONN_DOWN : CONN_RUN_BAD;
}

static bool token_refused(enum conn_result r, const struct err *e)
{
	return r == CONN_RUN_BAD && (e->code == -EPERM || e->code == -EACCES);
}

enum conn_result service_call(struct service *s, const char *operation, service_write *write,
	void *ctx, struct arena *a, struct service_answer *ret, bool *ret_unknown, struct err *e)
{
	bool renewed = false;
	unsigned hops = 0;

	*ret_unknown = false;
	for (;;) {
		struct http_request *r;
		enum conn_result cr;

		*e = (struct err){0}; /* what was told of a token that was renewed is over */
		cr = sign_in(s, e);
		if (cr != CONN_OK)
			return cr;
		r = http_request_new("POST", s->url);
		r->timeout = s->timeout;
		send(s, r, operation, write, ctx);
		s->retry_after = r->outcome == HTTP_ANSWERED ? r->retry_after : -1;
		cr = judge(s, r, operation, a, ret, ret_unknown, e);
		http_request_free(r);
		if (cr == CONN_OK && follow(s, ret, hops, &cr, e)) {
			hops++;
			continue;
		}
		/* one that was good a moment ago may have been withdrawn: a new one shows it */
		if (token_refused(cr, e) && !renewed) {
			oauth_forget(&s->oauth);
			renewed = true;
			continue;
		}
		return cr;
	}
}
