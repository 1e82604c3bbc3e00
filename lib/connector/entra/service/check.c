/* The test of the service, see check.h. A feature of the tenant is a row of features[]. */
#include "connector/entra/service/check.h"
#include "base/codec.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "net/nbfx.h"

#include <errno.h>
#include <inttypes.h>

/* --- the way there --- */

void service_tell_clock(struct test_sink *sink, const char *host, int64_t theirs, int64_t ours)
{
	int64_t late = theirs - ours, apart = late < 0 ? -late : late;

	if (!theirs) {
		finding_tell(sink, "clock", TEST_WARNING, "%s does not tell its time", host);
		return;
	}
	if (apart <= SERVICE_CLOCK_WARN) {
		finding_tell(sink, "clock", TEST_GOOD, "within %" PRId64 " s of the clock of %s",
			apart, host);
		return;
	}
	finding_tell(sink, "clock", apart > SERVICE_CLOCK_BAD ? TEST_BAD : TEST_WARNING,
		"this machine is %" PRId64 " s %s %s: %s; set its clock by NTP "
		"(timedatectl set-ntp true)",
		apart, late > 0 ? "behind" : "ahead of", host,
		apart > SERVICE_CLOCK_BAD ? "sign-ins are refused"
					  : "from 300 s on sign-ins are "
					    "refused");
}

/* One host. `good`: the answer that it gives without a sign-in; 0: any will do. */
static enum conn_result test_host(struct service *s, const char *url, long good, const char *advice,
	struct test_sink *sink, int64_t *ret_date, struct err *e)
{
	struct http_request *r = http_request_new("GET", url);
	_cleanup_free_ char *host = service_host(url);
	enum conn_result result = CONN_OK;

	http_perform(s->http, r);
	*ret_date = r->date;
	if (r->outcome == HTTP_CANCELED) {
		err_set(e, -ECANCELED, host, 0, "the request was stopped");
		result = CONN_CANCELED;
	} else if (r->outcome != HTTP_ANSWERED) {
		*ret_date = 0;
		finding_tell(sink, "host", TEST_BAD, "%s", r->error);
	} else if (good && r->status != good) {
		finding_tell(sink, "host", TEST_BAD, "%s answers %ld to a GET: %s", host, r->status,
			advice);
	} else {
		finding_tell(sink, "host", TEST_GOOD, "%s answers", host);
	}
	http_request_free(r);
	return result;
}

enum conn_result service_test_hosts(
	struct service *s, const struct service_check *x, struct test_sink *sink, struct err *e)
{
	_cleanup_free_ char *sign_in = xasprintf(
		"%s/%s/v2.0/.well-known/openid-configuration", x->authority, x->tenant_id);
	_cleanup_free_ char *graph = xasprintf("%s/v1.0/", x->graph);
	const struct {
		const char *url;
		long good;
		const char *advice;
	} hosts[] = {
		{sign_in, 200, "is tenant_id the tenant's?"},
		{graph, 0, ""},
		{s->url, 200, "is service_url that of the provisioning service?"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(hosts); i++) {
		int64_t date;

		if (test_host(s, hosts[i].url, hosts[i].good, hosts[i].advice, sink, &date, e) !=
			CONN_OK)
			return CONN_CANCELED;
		if (i == 0 && date) {
			_cleanup_free_ char *host = service_host(sign_in);

			service_tell_clock(sink, host, date, unix_now());
		}
	}
	return CONN_OK;
}

/* --- what the tenant has --- */

/* DirSyncFeatures: the bits that open tools know. Others exist and have no public name. */
static const struct {
	unsigned bit;
	const char *name;
} features[] = {
	{1, "PasswordHashSync"},
	{2, "PasswordWriteBack"},
	{4, "DirectoryExtensions"},
	{8, "DuplicateUPNResiliency"},
	{16, "EnableSoftMatchOnUpn"},
	{32, "DuplicateProxyAddressResiliency"},
	{512, "EnforceCloudPasswordPolicyForPasswordSyncedUsers"},
	{1024, "UnifiedGroupWriteback"},
	{2048, "UserWriteback"},
	{4096, "DeviceWriteback"},
	{8192, "SynchronizeUpnForManagedUsers"},
	{16384, "EnableUserForcePasswordChangeOnLogon"},
	{131072, "PassThroughAuthentication"},
	{524288, "BlockSoftMatch"},
	{SERVICE_FEATURE_NO_TAKEOVER, "BlockCloudObjectTakeoverThroughHardMatch"},
};
#define EXTENSIONS 4
#define QUARANTINE_NAMES 8
#define SOFT_MATCH_NAMES 16
#define QUARANTINE_ADDRESSES 32
#define NO_SOFT_MATCH 524288

static void tell_names(struct test_sink *sink, int64_t bits)
{
	_cleanup_buf_ struct buf names = {0};
	int64_t rest = bits;

	for (unsigned i = 0; i < ARRAY_SIZE(features); i++)
		if (bits & features[i].bit) {
			buf_addf(&names, "%s%s", names.len ? ", " : "", features[i].name);
			rest &= ~(int64_t)features[i].bit;
		}
	if (rest)
		buf_addf(&names, "%sbits without a known name: %" PRId64, names.len ? "; " : "",
			rest);
	finding_tell(sink, "features", TEST_GOOD, "DirSyncFeatures %" PRId64 ": %s", bits,
		names.len ? buf_str(&names) : "none");
}

static void tell_features(struct test_sink *sink, const struct service_check *x, int64_t bits)
{
	if (bits < 0) {
		finding_tell(sink, "features", TEST_WARNING,
			"the service does not tell the tenant's features");
		return;
	}
	tell_names(sink, bits);
	if (x->extensions && !(bits & EXTENSIONS))
		finding_tell(sink, "features", TEST_WARNING,
			"DirectoryExtensions is off: what directory_extensions brings may be "
			"refused; Connect Sync's wizard switches it on");
	if ((bits & QUARANTINE_NAMES) && (bits & QUARANTINE_ADDRESSES))
		finding_tell(sink, "features", TEST_GOOD,
			"quarantine: an object whose name or address another one has is written "
			"without it");
	else
		finding_tell(sink, "features", TEST_WARNING,
			"quarantine is off for %s: an object that has one of another object is "
			"refused as a whole",
			bits & QUARANTINE_NAMES       ? "addresses"
			: bits & QUARANTINE_ADDRESSES ? "names"
						      : "names and addresses");
	finding_tell(sink, "features", TEST_GOOD, "soft match %s, by userPrincipalName %s",
		bits & NO_SOFT_MATCH ? "blocked" : "allowed",
		bits & SOFT_MATCH_NAMES ? "too" : "not");
	if (bits & SERVICE_FEATURE_NO_TAKEOVER)
		finding_tell(sink, "features", TEST_WARNING,
			"takeover of cloud objects by a hard match is blocked: a roll-back of the "
			"source of authority will end in InvalidHardMatch");
	else
		finding_tell(sink, "features", TEST_GOOD,
			"takeover of cloud objects by a hard match is allowed");
}

static bool is_uuid(const char *s)
{
	return strlen(s) == UUID_TEXT_SIZE - 1 && !s[strspn(s, "0123456789abcdefABCDEF-")];
}

static void tell_tenant(struct test_sink *sink, const struct service_check *x,
	const struct service_configuration *c)
{
	bool is_id = is_uuid(x->tenant_id);

	if (is_id && *c->tenant_id && strcasecmp(c->tenant_id, x->tenant_id) != 0)
		finding_tell(sink, "tenant", TEST_BAD,
			"the service takes us for the tenant %.100s (%.60s), and tenant_id is %s",
			c->name, c->tenant_id, x->tenant_id);
	else if (!*c->tenant_id)
		finding_tell(sink, "tenant", TEST_WARNING,
			"the service does not tell which tenant it is; it calls it \"%.100s\"",
			c->name);
	else
		finding_tell(sink, "tenant", TEST_GOOD, "%.100s, id %.60s%s", c->name, c->tenant_id,
			is_id ? ", as tenant_id" : "");
	if (c->is_syncing)
		finding_tell(sink, "synchronization", TEST_GOOD,
			"switched on in the tenant (IsDirSyncing)");
	else
		finding_tell(sink, "synchronization", TEST_BAD,
			"switched off in the tenant (IsDirSyncing): an administrator switches it "
			"on with PATCH /organization/{id} {\"onPremisesSyncEnabled\": true}");
}

/* The tenant keeps the limit of Connect Sync, which obeys it by itself: so do we with our own. */
static void tell_threshold(struct test_sink *sink, const struct service_check *x,
	const struct service_configuration *c)
{
	bool theirs = c->threshold > 0 && strcasecmp(c->prevention, "EnabledForCount") == 0;
	char limit[40] = "off";

	if (x->deletion_threshold)
		snprintf(limit, sizeof(limit), "%" PRId64, x->deletion_threshold);
	if (c->threshold < 0)
		finding_tell(sink, "threshold", TEST_GOOD,
			"the tenant tells no limit of its own; deletion_threshold = %s", limit);
	else if (!theirs)
		finding_tell(sink, "threshold", TEST_GOOD,
			"the tenant's own limit is not on (%.60s); deletion_threshold = %s",
			*c->prevention ? c->prevention : "0", limit);
	else
		finding_tell(sink, "threshold",
			x->deletion_threshold && x->deletion_threshold <= c->threshold
				? TEST_GOOD
				: TEST_WARNING,
			"the tenant asks for a stop above %" PRId64
			" deletes; adsyncd stops above deletion_threshold = %s",
			c->threshold, limit);
}

/* Two that write the same objects undo each other's work. */
static void tell_other(struct test_sink *sink, const struct service_configuration *c)
{
	char own[256] = "";

	(void)!gethostname(own, sizeof(own) - 1);
	if (*c->machine && strcasecmp(c->machine, own) != 0)
		finding_tell(sink, "synchronization", TEST_WARNING,
			"the server %.100s has exported to this tenant: two must not write the "
			"same objects; put it into staging mode, or switch it off",
			c->machine);
}

void service_tell_configuration(struct test_sink *sink, const struct service_check *x,
	const struct service_configuration *c)
{
	tell_tenant(sink, x, c);
	tell_other(sink, c);
	tell_features(sink, x, c->features);
	finding_tell(sink, "features", TEST_GOOD, "AllowedFeatures: %.200s",
		*c->allowed ? c->allowed : "none told");
	if (c->links_max > 0)
		finding_tell(sink, "links", TEST_GOOD, "a request may have %" PRId64 " references",
			c->links_max);
	else
		finding_tell(sink, "links", TEST_WARNING,
			"the service does not tell how many references a request may have");
	tell_threshold(sink, x, c);
}

/* --- the call --- */

static void write_question(struct buf *b, void *ctx)
{
	nbfx_leaf(b, 0, "includeLicenseInformation", "false");
}

/* What to do is in the text: call.c. */
static void tell_refused(const struct service *s, const struct err *why, struct test_sink *sink)
{
	if (strstr(why->text, "no longer supported"))
		finding_tell(sink, "build", TEST_BAD, "sync_build = %s: %s", s->build, why->text);
	else if (strstr(why->text, "not yet activated"))
		finding_tell(sink, "synchronization", TEST_BAD, "%s", why->text);
	else
		finding_tell(sink, "service", TEST_BAD, "%s: %s", why->source, why->text);
}

static void tell_build(const struct service *s, struct test_sink *sink)
{
	if (streq(s->build, SERVICE_BUILD))
		finding_tell(sink, "build", TEST_GOOD,
			"%s is accepted (adsyncd's own choice; seen accepted in %s)", s->build,
			SERVICE_BUILD_SINCE);
	else
		finding_tell(sink, "build", TEST_GOOD, "sync_build = %s is accepted", s->build);
}

static void tell_role(struct service *s, struct test_sink *sink)
{
	if (oauth_has_role(&s->oauth, SERVICE_ROLE))
		finding_tell(sink, "rights", TEST_GOOD, "the token for the service has the role %s",
			SERVICE_ROLE);
	else
		finding_tell(sink, "rights", TEST_BAD,
			"the token for the service has no role: give the application %s of "
			"\"Microsoft Entra AD Synchronization Service\" (%s) and admin consent",
			SERVICE_ROLE, SERVICE_RESOURCE);
}

enum conn_result service_test(
	struct service *s, const struct service_check *x, struct test_sink *sink, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_free_ char *host = xstrdup(s->host);
	struct service_answer answer;
	struct err own = {0};
	enum conn_result r;
	bool unknown;

	if (!oauth_header(&s->oauth, s->http, &own)) {
		if (own.code == -ECANCELED) {
			*e = own;
			return CONN_CANCELED;
		}
		finding_tell(sink, "sign-in", TEST_BAD, "for the service: %s", own.text);
		return CONN_OK;
	}
	tell_role(s, sink);
	r = service_call(
		s, "GetCompanyConfiguration", write_question, NULL, &a, &answer, &unknown, &own);
	if (r == CONN_CANCELED) {
		*e = own;
		return r;
	}
	if (s->redirects)
		finding_tell(sink, "redirect", TEST_GOOD, "%s sends us to %s", host, s->host);
	if (r != CONN_OK) {
		tell_refused(s, &own, sink);
		return CONN_OK;
	}
	finding_tell(sink, "service", TEST_GOOD, "%s answers as the provisioning service", s->host);
	tell_build(s, sink);
	service_tell_configuration(sink, x, &answer.configuration);
	return CONN_OK;
}
