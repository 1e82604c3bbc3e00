/* adsyncctl connector test: sign-in, rights, the tenant and its switches; nothing is written. */
#include "connector/entra/check.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "connector/check.h"
#include "connector/entra/call.h"
#include "connector/entra/mailbox.h"
#include "connector/entra/match.h"
#include "connector/entra/service/check.h"
#include "net/assertion.h"

#include <errno.h>

#define EXPIRY_DAYS 30 /* a certificate that ends sooner is warned of */
#define KEY_BITS 2048  /* learn.microsoft.com, "Connect Sync: application-based authentication" */

static void test_certificate(struct connector *c, struct test_sink *sink)
{
	const char *file = c->oauth.o.credential_file;
	struct assertion_facts facts;
	char when[TIME_TEXT_SIZE];
	struct err e = {0};
	int64_t now = unix_now();

	if (c->oauth.o.method != OAUTH_CERTIFICATE)
		return;
	if (assertion_look(file, &facts, &e) < 0) { /* its mode, too */
		finding_tell(sink, "certificate", TEST_BAD, "%s: %s", e.source, e.text);
		return;
	}
	if (facts.end <= now)
		finding_tell(sink, "certificate", TEST_BAD,
			"it ended on %s: make a new one and give it to the application",
			time_format(facts.end, when));
	else if (facts.begin > now)
		finding_tell(sink, "certificate", TEST_BAD, "it begins on %s only",
			time_format(facts.begin, when));
	else
		finding_tell(sink, "certificate",
			facts.end > now + EXPIRY_DAYS * 86400 ? TEST_GOOD : TEST_WARNING,
			"good until %s", time_format(facts.end, when));
	finding_tell(sink, "certificate", facts.key_bits >= KEY_BITS ? TEST_GOOD : TEST_WARNING,
		facts.key_bits >= KEY_BITS
			? "its key has %d bits, and nobody else may read the file"
			: "its key has only %d bits: Entra wants 2048 or more",
		facts.key_bits);
}

static enum conn_result test_sign_in(struct connector *c, struct test_sink *sink, struct err *e)
{
	static const char *const words[] = {
		[OAUTH_SECRET] = "a client secret",
		[OAUTH_CERTIFICATE] = "a certificate",
		[OAUTH_FEDERATED] = "a federated token",
		[OAUTH_MANAGED_IDENTITY] = "the machine's managed identity",
	};
	enum conn_result r = entra_ready(c, e);

	if (r == CONN_OK)
		finding_tell(sink, "sign-in", TEST_GOOD, "signed in with %s as %s",
			words[c->oauth.o.method],
			c->oauth.o.client_id ? c->oauth.o.client_id : "the machine");
	else
		finding_tell(sink, "sign-in", TEST_BAD, "%s", e->text);
	return r;
}

static void test_optional(
	const struct connector *c, const struct import_request *req, struct test_sink *sink)
{
	static const char *const more[] = {
		"Device.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"};

	for (unsigned i = 0; i < ENTRA_CLASS_COUNT; i++) {
		const struct entra_class_info *info = &entra_classes[i];
		bool may = !info->role || oauth_has_role(&c->oauth, info->role);

		for (unsigned k = 0; k < ARRAY_SIZE(more); k++)
			may = may || oauth_has_role(&c->oauth, more[k]);
		if (!may && import_reads(req, info->name))
			finding_tell(sink, "rights", TEST_WARNING,
				"the role %s is missing: %s, which rules read, cannot be imported",
				info->role, info->collection);
	}
}

/* The roles of the source of authority, and whether the tenant says where it is. */
static enum conn_result test_authority(struct connector *c, struct test_sink *sink, struct err *e)
{
	for (unsigned i = 0; !c->clouds && i < ENTRA_CLASS_COUNT; i++) {
		const struct entra_class_info *info = &entra_classes[i];
		struct entra_reply reply;
		_cleanup_free_ char *url = NULL;
		enum conn_result r;

		if (!info->soa_role)
			continue;
		if (!oauth_has_role(&c->oauth, info->soa_role))
			finding_tell(sink, "rights", TEST_WARNING,
				"the role %s is missing: the source of authority of %s cannot be "
				"changed",
				info->soa_role, info->collection);
		url = xasprintf("%s/%s?$filter=onPremisesSyncBehavior/isCloudManaged%%20eq%%20true"
				"&$select=id&$count=true&$top=1",
			c->base, info->collection);
		r = entra_ask(c, url, true, &reply, e);
		if (r != CONN_OK)
			return r;
		if (reply.status == 403)
			finding_tell(sink, "authority", TEST_BAD,
				"the tenant does not say which %s have their source of authority "
				"in the cloud (403 %s): imports fail until the application has "
				"the role %s",
				info->collection, reply.code, info->soa_role);
		else if (reply.status == 200)
			finding_tell(sink, "authority", TEST_GOOD,
				"%lld %s have their source of authority in the cloud",
				(long long)json_integer_value(
					json_object_get(reply.json, "@odata.count")),
				info->collection);
		json_decref(reply.json);
	}
	return CONN_OK;
}

static void test_roles(
	const struct connector *c, const struct import_request *req, struct test_sink *sink)
{
	static const struct {
		const char *role, *why;
		bool graph_only;
	} wished[] = {
		{"OrgContact.Read.All", "contacts cannot be read", true},
		{"OnPremDirectorySynchronization.Read.All",
			"the tenant's switches (soft match, takeover) cannot be read", true},
		{"RoleManagement.Read.Directory",
			"without it, or a role that includes it, a soft match cannot see who is an "
			"administrator",
			true},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(wished); i++)
		if (!(wished[i].graph_only && c->surface == ENTRA_SERVICE) &&
			!oauth_has_role(&c->oauth, wished[i].role))
			finding_tell(sink, "rights", TEST_WARNING, "the role %s is missing: %s",
				wished[i].role, wished[i].why);
	test_optional(c, req, sink);
	finding_tell(sink, "rights", TEST_GOOD, "the roles that surface = %s needs%s are there",
		setting_text(c->settings, "surface"),
		c->surface == ENTRA_SERVICE ? " to read Graph" : "");
}

/*
 * The builds of Connect Sync from which an authority is honoured: learn.microsoft.com, "Configure
 * user Source of Authority", "Configure contact SOA", and of Exchange's flag the write-back error
 * of 2.5.79.0. Whether the build is accepted, the service says by itself.
 */
static void test_build(const struct connector *c, struct test_sink *sink)
{
	static const struct {
		const char *build, *what;
	} least[] = {
		{"2.5.76.0", "the source of authority of users and groups"},
		{"2.5.79.0", "the source of authority of contacts"},
		{"2.5.190.0", "IsExchangeCloudManaged"},
	};
	const char *build = setting_text(c->settings, "sync_build");

	if (c->surface != ENTRA_SERVICE)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(least); i++)
		if (build_compare(build, least[i].build) < 0)
			finding_tell(sink, "build", TEST_WARNING,
				"sync_build = %s: %s needs %s or later", build, least[i].what,
				least[i].build);
}

/* What Graph says of the switch; the service says it by itself. */
static void tell_switch(const struct connector *c, const json_t *org, struct test_sink *sink)
{
	bool on = json_is_true(json_object_get(org, "onPremisesSyncEnabled"));

	if (c->surface == ENTRA_SERVICE)
		finding_tell(sink, "synchronization", on ? TEST_GOOD : TEST_BAD,
			"onPremisesSyncEnabled of the organization is %s",
			on ? "true" : "not true");
}

static enum conn_result test_tenant(struct connector *c, struct test_sink *sink, struct err *e)
{
	_cleanup_free_ char *url = xasprintf("%s/organization", c->base);
	_cleanup_buf_ struct buf names = {0};
	const json_t *org, *name;
	json_t *json, *v;
	size_t i;
	enum conn_result r = entra_get(c, url, false, &json, e);

	if (r != CONN_OK)
		return r;
	org = json_array_get(json_object_get(json, "value"), 0);
	json_array_foreach (json_object_get(org, "verifiedDomains"), i, v) {
		name = json_object_get(v, "name");
		if (json_is_string(name))
			buf_addf(&names, "%s%s", names.len ? ", " : "", json_string_value(name));
	}
	name = json_object_get(org, "displayName");
	if (org)
		tell_switch(c, org, sink);
	if (org)
		finding_tell(sink, "tenant", TEST_GOOD, "%.100s; verified domains: %.700s",
			json_is_string(name) ? json_string_value(name) : "?", buf_str(&names));
	else
		finding_tell(sink, "tenant", TEST_WARNING,
			"its domains cannot be read (Organization.Read.All)");
	json_decref(json);
	return CONN_OK;
}

static enum conn_result test_counts(struct connector *c, const struct import_request *req,
	struct test_sink *sink, struct err *e)
{
	for (unsigned i = 0; i < ENTRA_CLASS_COUNT; i++) {
		const char *collection = entra_classes[i].collection;
		_cleanup_free_ char *url = xasprintf("%s/%s/$count", c->base, collection);
		json_t *json;
		enum conn_result r;

		if (entra_classes[i].role && !import_reads(req, entra_classes[i].name))
			continue;
		r = entra_get(c, url, true, &json, e);
		if (r != CONN_OK)
			return r;
		if (json_is_integer(json))
			finding_tell(sink, "objects", TEST_GOOD, "%lld %s",
				(long long)json_integer_value(json), collection);
		else
			finding_tell(
				sink, "objects", TEST_WARNING, "%s cannot be counted", collection);
		json_decref(json);
	}
	return CONN_OK;
}

static enum conn_result test_switches(struct connector *c, struct test_sink *sink, struct err *e)
{
	enum conn_result r = entra_read_switches(c, e);

	if (r != CONN_OK)
		return r;
	if (!c->switches.known) {
		finding_tell(sink, "switches", TEST_WARNING,
			"directory/onPremisesSynchronization cannot be read, so soft match and "
			"takeover are assumed to be allowed");
		return CONN_OK;
	}
	finding_tell(sink, "switches", TEST_GOOD, "soft match %s, by userPrincipalName %s",
		c->switches.block_soft_match ? "blocked" : "allowed",
		c->switches.soft_match_upn ? "too" : "not");
	finding_tell(sink, "switches", c->switches.block_takeover ? TEST_WARNING : TEST_GOOD,
		c->switches.block_takeover
			? "takeover of cloud objects by a hard match is blocked: a roll-back of "
			  "the source of authority will end in InvalidHardMatch"
			: "takeover of cloud objects by a hard match is allowed");
	return CONN_OK;
}

/* The service first: what it says does not depend on Graph. */
static enum conn_result test_service(
	struct connector *c, const struct test_request *req, struct test_sink *sink, struct err *e)
{
	struct service_check x = {.authority = c->oauth.o.authority,
		.graph = c->graph,
		.tenant_id = c->oauth.o.tenant_id,
		.deletion_threshold = req->deletion_threshold,
		.extensions = c->extensions != NULL};
	enum conn_result r;

	if (c->surface != ENTRA_SERVICE)
		return CONN_OK;
	r = service_test_hosts(&c->service, &x, sink, e);
	return r == CONN_OK ? service_test(&c->service, &x, sink, e) : r;
}

enum conn_result entra_test(
	struct connector *c, const struct test_request *req, struct test_sink *sink, struct err *e)
{
	enum conn_result r;

	test_certificate(c, sink);
	r = test_service(c, req, sink, e);
	if (r == CONN_OK)
		r = test_sign_in(c, sink, e);
	if (r == CONN_OK) {
		test_roles(c, &req->import, sink);
		test_build(c, sink);
		r = test_tenant(c, sink, e);
	}
	if (r == CONN_OK)
		r = test_counts(c, &req->import, sink, e);
	if (r == CONN_OK)
		r = test_authority(c, sink, e);
	if (r == CONN_OK && c->surface != ENTRA_SERVICE) /* that told them itself */
		r = test_switches(c, sink, e);
	if (r == CONN_OK)
		r = exchange_test(c, sink, e);
	return r;
}
