/* adsyncctl connector test: what an administrator would look at before the first import. */
#include "base/buf.h"
#include "connector/ad/ldap.h"
#include "connector/check.h"

#include <errno.h>
#include <stdio.h>

/* [MS-ADTS] 6.1.4.4: msDS-Behavior-Version */
static const char *level_name(int level)
{
	static const char *const names[] = {"2000", "2003 interim", "2003", "2008", "2008 R2",
		"2012", "2012 R2", "2016", "8", "9", "2025"};

	return level >= 0 && level < (int)ARRAY_SIZE(names) ? names[level] : "not told";
}

struct tester {
	struct connector *con;
	const struct import_request *req;
	struct test_sink *sink;
	struct ad_domain d;
	unsigned partition; /* its number */
	struct arena arena;
};

/* What the delta way says about itself comes here as a finding. */
struct note_sink {
	struct import_sink sink;
	struct tester *t;
};

static void take_note(struct import_sink *s, const char *text)
{
	finding_tell(((struct note_sink *)s)->t->sink, "changes", TEST_WARNING, "%s", text);
}

static int test_changes(struct tester *t, struct err *e)
{
	static const char *const means[] = {
		[AD_METHOD_DIRSYNC] = "DirSync, with the right to replicate directory changes",
		[AD_METHOD_DIRSYNC_OS] = "DirSync with the account's own rights",
		[AD_METHOD_USN] = "uSNChanged",
		[AD_METHOD_NONE] = "none: every import reads everything",
	};

	TRY(ad_delta_begin(&t->d, e));
	finding_tell(t->sink, "changes", t->d.method == AD_METHOD_NONE ? TEST_WARNING : TEST_GOOD,
		"%s", means[t->d.method]);
	return 0;
}

static int test_deleted(struct tester *t, struct err *e)
{
	int r = ad_reads_deleted(&t->d.server, t->d.base, e);

	TRY(r);
	if (r)
		finding_tell(
			t->sink, "deleted objects", TEST_GOOD, "CN=Deleted Objects can be read");
	else if (t->d.method == AD_METHOD_DIRSYNC)
		finding_tell(t->sink, "deleted objects", TEST_GOOD,
			"CN=Deleted Objects cannot be read; DirSync does not need it");
	else
		finding_tell(t->sink, "deleted objects", TEST_WARNING,
			"CN=Deleted Objects cannot be read: deletes are found by full imports");
	return 0;
}

static int test_schema(struct tester *t, struct err *e)
{
	struct ad_cursor_type *types;
	const char **missing;
	unsigned n, n_missing;
	bool exchange = true;
	int r = ad_schema_read(
		&t->d.server, t->req, &t->arena, &types, &n, &missing, &n_missing, e);

	TRY(r);
	if (r == AD_SCHEMA_NONE) {
		finding_tell(t->sink, "schema", TEST_WARNING,
			"the schema cannot be read: the server does not say where it is, or the "
			"account may not read it");
		return 0;
	}
	for (unsigned i = 0; i < n_missing; i++)
		exchange &= strcasecmp(missing[i], "msExchRecipientTypeDetails") != 0;
	finding_tell(t->sink, "schema", TEST_GOOD, "Exchange's attributes are %s the schema",
		exchange ? "in" : "not in");
	if (n_missing)
		finding_tell(t->sink, "schema", TEST_WARNING,
			"%u of %u attributes that rules read are not in the schema: %s", n_missing,
			t->req->n_attrs, ad_name_list(missing, n_missing, &t->arena));
	return 0;
}

/* Only the number. */
static int each_count(void *ctx, const struct directory_entry *item, struct err *e)
{
	int64_t *n = ctx;

	++*n;
	return 0;
}

#define SAMPLE 20 /* users that are asked whether they may be written */
#define ENOUGH (-EALREADY)

struct sample {
	int n;
	bool writable;
};

static int each_sample(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct sample *s = ctx;

	for (unsigned i = 0; i < item->n_attrs; i++)
		for (unsigned k = 0; k < item->attrs[i].n; k++)
			s->writable |= strcasecmp(item->attrs[i].values[k].data,
					       "mS-DS-ConsistencyGuid") == 0;
	return s->writable || ++s->n == SAMPLE ? ENOUGH : 0;
}

/* allowedAttributesEffective: [MS-ADTS] 3.1.1.4.5.21 */
static int test_consistency(struct tester *t, struct err *e)
{
	static const char *const attrs[] = {"allowedAttributesEffective", NULL};
	struct sample s = {0};
	struct directory_query q = {.base = t->d.base,
		.scope = DIRECTORY_SUBTREE,
		.filter = "(&(objectCategory=person)(objectClass=user)(!(adminCount=1)))",
		.attrs = attrs,
		.page_size = SAMPLE};
	int r;

	if (!setting_bool(t->con->settings, "consistency_guid"))
		return 0;
	r = directory_search(t->d.server.dir, &q, each_sample, &s, e);
	if (r < 0 && r != ENOUGH)
		return r;
	finding_tell(t->sink, "ms-DS-ConsistencyGuid", s.writable ? TEST_GOOD : TEST_BAD, "%s",
		s.writable ? "can be written"
			   : "cannot be written: give the account \"write property\" for it on "
			     "users");
	return 0;
}

static int test_count(struct tester *t, struct err *e)
{
	static const char *const attrs[] = {"1.1", NULL};
	int64_t n = 0;
	struct directory_query q = {
		.base = t->d.base,
		.scope = DIRECTORY_SUBTREE,
		.filter = arena_printf(&t->arena, "(&" AD_CLASS_FILTER "%s)", t->d.filter),
		.attrs = attrs,
		.page_size = (int)setting_number(t->con->settings, "page_size"),
	};

	TRY(directory_search(t->d.server.dir, &q, each_count, &n, e));
	finding_tell(t->sink, "objects", n ? TEST_GOOD : TEST_BAD,
		"%lld users, groups, contacts and computers, before include_ou and exclude_ou",
		(long long)n);
	return 0;
}

static int test_server(struct tester *t, struct err *e)
{
	const struct ad_server *s = &t->d.server;
	TRY(ad_server_open(t->con, t->d.base, NULL, &t->d.server, e));
	finding_tell(t->sink, "sign-in", TEST_GOOD, "%s%s%s", directory_uri(s->dir),
		s->service[0] ? ", " : "", s->service);
	if (s->domain_level >= 0)
		finding_tell(t->sink, "functional level",
			s->forest_level >= 2 ? TEST_GOOD : TEST_BAD,
			"forest %s, domain %s, domain controller %s", level_name(s->forest_level),
			level_name(s->domain_level), level_name(s->dc_level));
	return 0;
}

/* What the rules are told of the domain. */
static int test_names(struct tester *t, struct err *e)
{
	const struct settings *s = t->con->settings;
	_cleanup_names_ struct ad_names names = {0};
	_cleanup_free_ char *text = NULL;
	const char *netbios;
	bool guessed;

	TRY(ad_names_read(&t->d.server, &names, e));
	text = ad_names_text(&names);
	netbios = ad_parameter(s, text, t->partition, "Domain.Netbios", &t->arena);
	guessed = ad_netbios_is_guessed(s, text, t->partition);
	finding_tell(t->sink, "names", guessed ? TEST_WARNING : TEST_GOOD,
		"domain %s, NetBIOS %s%s, forest %s",
		ad_parameter(s, text, t->partition, "Domain.FQDN", &t->arena), netbios,
		guessed ? " (guessed, since the directory does not say: set domain_netbios)" : "",
		ad_parameter(s, text, t->partition, "Forest.FQDN", &t->arena));
	return 0;
}

static int test_domain(struct tester *t, struct err *e)
{
	int r = test_server(t, e);

	if (r == 0)
		r = test_names(t, e);
	if (r == 0)
		r = test_changes(t, e);
	if (r == 0)
		r = test_deleted(t, e);
	if (r == 0)
		r = test_schema(t, e);
	if (r == 0)
		r = test_consistency(t, e);
	if (r == 0)
		r = test_count(t, e);
	ad_server_close(&t->d.server);
	directory_sync_done(&t->d.sync);
	arena_done(&t->d.arena);
	return r;
}

enum conn_result ad_test(struct connector *c, const struct test_request *req,
	struct test_sink *sink, struct err *e)
{
	const char *filter = setting_text(c->settings, "ldap_filter");
	struct tester t = {.con = c, .req = &req->import, .sink = sink};
	struct note_sink notes = {.sink = {.note = take_note}, .t = &t};
	struct ad_import im;
	int r = 0;

	if (ad_source_is_ldif(c)) {
		bool there = access(c->sources[0] + 5, R_OK) == 0;

		finding_tell(sink, "file", there ? TEST_GOOD : TEST_BAD, "%s %s", c->sources[0] + 5,
			there ? "can be read" : "cannot be read");
		return CONN_OK;
	}
	ad_import_init(&im, c, &req->import, &notes.sink);
	for (unsigned i = 0; r == 0 && c->bases[i]; i++) {
		t.d = (struct ad_domain){.im = &im,
			.base = c->bases[i],
			.filter = filter ? filter : "",
			.usn = -1,
			.method_before = -1};
		t.partition = i;
		r = test_domain(&t, e);
	}
	ad_import_done(&im);
	arena_done(&t.arena);
	return r < 0 ? ad_ladder(r) : CONN_OK;
}
