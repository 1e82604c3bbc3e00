/*
 * connector/entra/service/export: what goes into which request, halves, references that are not
 * found yet, answers that are none, against a service on the loopback interface.
 */
#include "../folder.h"
#include "../net/server.h"
#include "connector/entra/graph.h"
#include "connector/entra/service/export.h"
#include "connector/entra/service/session.h"
#include "connector/entra/service/soap.h"
#include "net/nbfx.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

/* --- the service --- */

#define OBJECTS_MAX 64

/* An object of a request, as far as a test wants to know. */
struct sent {
	char source[64], cloud[64], operation[8];
	unsigned adds, removes;
	char target[64]; /* the last one */
	bool bad;        /* a target, or the object itself, is the bad one */
};

struct message {
	bool second; /* ...Objects2 */
	struct sent objects[OBJECTS_MAX];
	unsigned n, links;
};

static struct message messages[256];
static unsigned n_messages;
static unsigned n_configurations, n_finals;
static char total[24], total_good[24];

/* how it behaves */
static const char *bad;    /* anchors that begin so are refused */
static bool bad_is_fault;  /* ... and the whole request with them */
static const char *poison; /* with this one in it a whole request is refused */
static const char *words;  /* why; after a colon stands the anchor */
static unsigned refuses;   /* so many refusals, then everything is taken; 0: for ever */
static unsigned busy;      /* requests that are answered so */
static unsigned cut;       /* ... that are not answered */
static bool cut_works;     /* Graph shows what was asked in them */
static bool shuffled, nameless, anchorless, short_answer, no_final;
static const char *warning;
static long links_max;

static struct server server;
static struct http *http;
static char secret[128], *base;
static char *values[5];
static const struct option_def defs[] = {{"service_patience", OPTION_NUMBER},
	{"service_batch", OPTION_NUMBER}, {"surface", OPTION_STRING}, {"sync_build", OPTION_STRING},
	{"write_budget", OPTION_NUMBER}};
static struct settings settings = {.defs = defs, .n_defs = ARRAY_SIZE(defs), .values = values};
static bool stop;

static bool is_stopped(void *ctx)
{
	return stop;
}
static struct connector_host host = {.canceled = is_stopped};
static struct connector c;
static struct arena arena;

static void say(int fd, int status, const char *type, const void *body, size_t n)
{
	_cleanup_buf_ struct buf b = {0};

	buf_addf(&b, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", status,
		type, n);
	buf_add(&b, body, n);
	(void)!send(fd, b.data, b.len, MSG_NOSIGNAL);
}

static void begin(struct buf *b, const char *response)
{
	nbfx_start(b, 's', "Envelope");
	nbfx_declare(b, 's', SERVICE_NS_SOAP);
	nbfx_start(b, 's', "Body");
	nbfx_start(b, 0, response);
}

static void end(struct buf *b, int fd, int status)
{
	nbfx_end(b);
	nbfx_end(b);
	nbfx_end(b);
	say(fd, status, SERVICE_CONTENT_TYPE, b->data, b->len);
}

static void say_fault(int fd, const char *text)
{
	_cleanup_buf_ struct buf b = {0};

	begin(&b, "Fault");
	nbfx_start(&b, 's', "Reason");
	nbfx_leaf(&b, 's', "Text", text);
	nbfx_end(&b);
	end(&b, fd, 500);
}

static bool is_bad(const char *anchor)
{
	return bad && str_starts(anchor, bad);
}

static void copy(char *to, size_t size, struct nbfx_reader *r)
{
	_cleanup_buf_ struct buf b = {0};
	struct err e;

	assert_int_equal(nbfx_read_text(r, &b, &e), 0);
	snprintf(to, size, "%s", buf_str(&b));
}

/* Reads on: the objects of the request. */
static void read_message(const void *data, size_t n, struct message *m)
{
	_cleanup_nbfx_ struct nbfx_reader *r = nbfx_reader_new(data, n);
	struct sent *o = NULL;
	enum nbfx_event event;
	char key[64] = "", text[64];
	struct err e;

	do {
		struct nbfx_text name;

		if (nbfx_next(r, &event, &e) < 0)
			fail_msg("%s", e.text);
		if (event != NBFX_START)
			continue;
		name = nbfx_name(r)->local;
		if (nbfx_is(name, "AzureADSyncObject")) {
			assert_true(m->n < OBJECTS_MAX);
			o = &m->objects[m->n++];
			*o = (struct sent){0};
		} else if (nbfx_is(name, "Key")) {
			copy(key, sizeof(key), r);
		} else if (nbfx_is(name, "Value") && streq(key, "SourceAnchor")) {
			copy(o->source, sizeof(o->source), r);
			o->bad = o->bad || is_bad(o->source);
		} else if (nbfx_is(name, "Value") && streq(key, "CloudAnchor")) {
			copy(o->cloud, sizeof(o->cloud), r);
		} else if (!m->second && nbfx_is(name, "Value") && streq(key, "manager")) {
			copy(o->target, sizeof(o->target), r);
			o->adds += *o->target != '\0';
			o->removes += *o->target == '\0';
			m->links++;
		} else if (nbfx_is(name, "Anchor")) {
			copy(o->target, sizeof(o->target), r);
			o->bad = o->bad || is_bad(o->target);
			m->links++;
		} else if (nbfx_is(name, "operationInt")) {
			copy(text, sizeof(text), r);
			o->adds += streq(text, "1");
			o->removes += streq(text, "2");
		} else if (nbfx_is(name, "SyncOperation")) {
			copy(o->operation, sizeof(o->operation), r);
		}
	} while (event != NBFX_DONE);
}

static const char *why(const struct sent *o, char *text, size_t size)
{
	const char *who = is_bad(o->source) ? o->source : o->target;

	bool named = words[strlen(words) - 1] == ':';

	snprintf(text, size, "%s%s%s%s", words, named ? " " : "", named ? who : "",
		named ? "." : "");
	return text;
}

static void put_result(struct buf *b, const struct sent *o)
{
	bool refused = o->bad && !bad_is_fault;
	char text[200], anchor[80];

	if (refused && refuses && !--refuses)
		bad = NULL;
	snprintf(anchor, sizeof(anchor), "User_%s",
		*o->cloud ? strchr(o->cloud, '_') + 1 : "00000000-0000-4000-8000-0000000000AA");
	nbfx_start(b, 'b', "AzureADSyncObjectResult");
	nbfx_leaf(b, 'b', "CloudAnchor", nameless || anchorless ? "" : anchor);
	nbfx_leaf(b, 'b', "ResultCode", refused ? "Failure" : "Success");
	nbfx_leaf(b, 'b', "ResultErrorDescription",
		refused   ? why(o, text, sizeof(text))
		: warning ? warning
			  : "");
	nbfx_leaf(b, 'b', "SourceAnchor", nameless ? "" : o->source);
	nbfx_end(b);
}

static void say_results(int fd, const struct message *m)
{
	_cleanup_buf_ struct buf b = {0};
	unsigned n = short_answer ? m->n - 1 : m->n;

	begin(&b, m->second ? "ProvisionAzureADSyncObjects2Response"
			    : "ProvisionAzureADSyncObjectsResponse");
	nbfx_start(&b, 0,
		m->second ? "ProvisionAzureADSyncObjects2Result"
			  : "ProvisionAzureADSyncObjectsResult");
	nbfx_declare(&b, 'b', SERVICE_NS_OBJECT);
	nbfx_start(&b, 'b', "SyncObjectResults");
	for (unsigned i = 0; i < n; i++)
		put_result(&b, &m->objects[shuffled ? n - 1 - i : i]);
	nbfx_end(&b);
	nbfx_end(&b);
	end(&b, fd, 200);
}

/* False: the connection ends without an answer. */
static bool provision(int fd, const void *body, size_t len, bool second)
{
	struct message *m = &messages[n_messages];

	assert_true(n_messages < ARRAY_SIZE(messages));
	*m = (struct message){.second = second};
	read_message(body, len, m);
	if (busy) {
		busy--;
		say_fault(fd, "Windows Azure Active Directory is currently busy.");
		return true;
	}
	n_messages++;
	if (cut) {
		cut--;
		return false;
	}
	for (unsigned i = 0; i < m->n && poison; i++)
		if (streq(m->objects[i].source, poison)) {
			say_fault(fd, "It cannot be read.");
			return true;
		}
	for (unsigned i = 0; i < m->n && bad_is_fault; i++)
		if (m->objects[i].bad) {
			char text[200];

			say_fault(fd, why(&m->objects[i], text, sizeof(text)));
			return true;
		}
	say_results(fd, m);
	return true;
}

static void say_configuration(int fd)
{
	_cleanup_buf_ struct buf b = {0};
	char number[24];

	n_configurations++;
	snprintf(number, sizeof(number), "%ld", links_max);
	begin(&b, "GetCompanyConfigurationResponse");
	nbfx_start(&b, 0, "GetCompanyConfigurationResult");
	if (links_max)
		nbfx_leaf(&b, 0, "MaxLinksSupportedAcrossBatchInProvision2", number);
	nbfx_leaf(&b, 0, "DirSyncFeatures", "41016");
	nbfx_end(&b);
	end(&b, fd, 200);
}

static void say_final(int fd, const void *body, size_t len)
{
	_cleanup_nbfx_ struct nbfx_reader *r = nbfx_reader_new(body, len);
	_cleanup_buf_ struct buf b = {0};
	enum nbfx_event event;
	struct err e;

	n_finals++;
	while (nbfx_next(r, &event, &e) == 0 && event != NBFX_DONE) {
		if (event == NBFX_START && nbfx_is(nbfx_name(r)->local, "totalExported"))
			copy(total, sizeof(total), r);
		else if (event == NBFX_START &&
			 nbfx_is(nbfx_name(r)->local, "successfulExportCount"))
			copy(total_good, sizeof(total_good), r);
	}
	if (no_final) {
		say_fault(fd, "Something is wrong.");
		return;
	}
	begin(&b, "FinalizeExportResponse");
	end(&b, fd, 200);
}

/* Graph, for what is asked after a request that was not answered: everything is there, or nothing.
 */
static void say_batch(int fd, const char *body)
{
	_cleanup_buf_ struct buf b = {0};
	unsigned n = 0;

	buf_adds(&b, "{\"responses\":[");
	for (const char *p = body; (p = strstr(p, "\"url\":\"")); p++) {
		bool filter = strcspn(p, "}") > strcspn(p, "$") && strstr(p, "$filter");

		n++;
		buf_addf(&b, "%s{\"id\":\"%u\",\"status\":%d,\"body\":", n > 1 ? "," : "", n,
			filter || cut_works ? 200 : 404);
		buf_adds(&b,
			!filter ? "{}"
			: cut_works
				? "{\"value\":[{\"id\":\"00000000-0000-4000-8000-0000000000aa\","
				  "\"onPremisesSyncEnabled\":true,\"displayName\":\"x\"}]}"
				: "{\"value\":[]}");
		buf_adds(&b, "}");
	}
	buf_adds(&b, "]}");
	say(fd, 200, "application/json", b.data, b.len);
}

static bool answer(struct server *s, int fd, unsigned i)
{
	static const char token[] = "{\"access_token\":\"a.e30.b\",\"expires_in\":3600}";
	const char *head = s->request.data, *body = strstr(head, "\r\n\r\n") + 4;
	size_t len = s->request.len - (size_t)(body - head);
	char action[64] = "";
	const char *line = strstr(head, "x-ms-aadmsods-apiaction: ");

	if (line && line < body)
		(void)!sscanf(line, "x-ms-aadmsods-apiaction: %63[A-Za-z0-9]", action);
	if (strstr(head, "/oauth2/"))
		say(fd, 200, "application/json", token, strlen(token));
	else if (strstr(head, "POST /v1.0/$batch "))
		say_batch(fd, body);
	else if (str_starts(head, "GET /v1.0/"))
		say(fd, 404, "application/json", "{}", 2);
	else if (streq(action, "GetCompanyConfiguration"))
		say_configuration(fd);
	else if (streq(action, "FinalizeExport"))
		say_final(fd, body, len);
	else
		return provision(fd, body, len, streq(action, "ProvisionAzureADSyncObjects2"));
	return true;
}

/* --- the source --- */

static struct export_item *items;
static struct outcome {
	unsigned times;
	enum conn_result result;
	char anchor[64], type[64], text[400];
	bool soa, outside;
} * outcomes;
static unsigned n_items, n_given, n_sending;

static int source_next(struct export_source *s, struct export_item *ret, struct err *e)
{
	if (n_given == n_items)
		return 0;
	*ret = items[n_given++];
	return 1;
}

static int source_result(
	struct export_source *s, int64_t id, const struct export_outcome *o, struct err *e)
{
	struct outcome *to = &outcomes[id];

	/* an item is valid until its result is reported */
	memset((char *)(uintptr_t)items[id].dn, 'Z', strlen(items[id].dn));
	to->times++;
	to->result = o->result;
	to->soa = o->soa_in_cloud;
	to->outside = o->outside_surface;
	snprintf(to->anchor, sizeof(to->anchor), "%s", o->anchor ? o->anchor : "");
	snprintf(to->type, sizeof(to->type), "%s", o->error_type ? o->error_type : "");
	snprintf(to->text, sizeof(to->text), "%s", o->text ? o->text : "");
	return 0;
}

static int source_sending(struct export_source *s, struct err *e)
{
	n_sending++;
	return 0;
}

static struct export_item *item(void)
{
	struct export_item *it = &items[n_items];

	it->id = n_items++;
	return it;
}

static void room(unsigned n)
{
	free(items);
	free(outcomes);
	items = xcalloc(n, sizeof(*items));
	outcomes = xcalloc(n, sizeof(*outcomes));
	n_items = n_given = 0;
}

static const char *anchor_text(const char *prefix, unsigned i)
{
	return arena_printf(&arena, "%s%u", prefix, i);
}

static void add_user(const char *source_anchor)
{
	struct entry *en = arena_zalloc(&arena, sizeof(*en));
	struct export_item *it = item();

	entry_init(en, &arena);
	en->class = "user";
	entry_set(en, attr_intern("sourceAnchor"), value_string(source_anchor));
	entry_set(en, attr_intern("displayName"), value_string("x"));
	it->kind = EXPORT_OBJECT;
	it->op = DELTA_ADD;
	it->class = "user";
	it->dn = entra_dn(source_anchor, &arena);
	it->wanted = en;
}

static void add_link(const char *attr, const char *of, const char *to, enum delta_op op)
{
	struct export_item *it = item();

	it->kind = EXPORT_LINK;
	it->op = op;
	it->class = streq(attr, "member") ? "group" : "user";
	it->dn = entra_dn(of, &arena);
	it->anchor = arena_printf(&arena, "User_%s", of);
	it->link_attr = attr_intern(attr);
	it->target_class = "user";
	it->target_dn = entra_dn(to, &arena);
	it->target_anchor = arena_printf(&arena, "User_t%s", to);
}

/* Some objects, "a0" to "a<n-1>". */
static void add_users(unsigned n)
{
	room(n);
	for (unsigned i = 0; i < n; i++)
		add_user(anchor_text("a", i));
}

static void add_members(unsigned n)
{
	room(n);
	for (unsigned i = 0; i < n; i++)
		add_link("member", "g", anchor_text("m", i), DELTA_ADD);
}

static enum conn_result export(struct err *e) {
	struct export_source s = {source_next, source_result, source_sending};

	*e = (struct err){0};
	return service_export(&c, &s, e);
}

/* Everything has one outcome. */
static void export_well(void)
{
	struct err e;

	if (export(&e) != CONN_OK)
		fail_msg("%s", e.text);
	for (unsigned i = 0; i < n_items; i++)
		if (outcomes[i].times != 1)
			fail_msg("item %u has %u outcomes", i, outcomes[i].times);
}

/* How many were refused; their numbers are told to be these. */
static unsigned refused(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_items; i++)
		n += outcomes[i].result != CONN_OK;
	return n;
}

static int set_up(void **state)
{
	struct http_options o = {.connect_timeout = 5,
		.request_timeout = 60,
		.connections = 2,
		.no_proxy = "*",
		.canceled = is_stopped};
	_cleanup_free_ char *url = NULL;
	struct err e = {0};

	folder_put("secret", "s", secret);
	server_start(&server, answer);
	assert_int_equal(http_new(&o, &http, &e), 0);
	base = xasprintf("%s/v1.0", server.url);
	url = xasprintf("%s/provisioningservice.svc", server.url);
	values[0] = (char *)"0";
	values[1] = (char *)"30";
	values[2] = (char *)"service";
	values[3] = (char *)"2.6.3.0";
	values[4] = (char *)"0";
	c = (struct connector){
		.settings = &settings,
		.host = &host,
		.http = http,
		.surface = ENTRA_SERVICE,
		.checked = true,
		.graph = server.url,
		.base = base,
	};
	c.oauth.o = (struct oauth_options){.method = OAUTH_SECRET,
		.tenant_id = "t",
		.client_id = "c",
		.authority = server.url,
		.credential_file = secret,
		.scope = "g"};
	service_init(&c.service, http, &c.oauth.o, "2.6.3.0", url);
	c.session = service_session_new();
	n_messages = n_configurations = n_finals = n_sending = 0;
	bad = warning = poison = NULL;
	words = "It is wrong.";
	bad_is_fault = shuffled = nameless = anchorless = short_answer = stop = cut_works = false;
	no_final = false;
	refuses = busy = cut = 0;
	links_max = 0;
	return 0;
}

static int tear_down(void **state)
{
	service_session_free(c.session);
	service_done(&c.service);
	oauth_done(&c.oauth);
	http_free(http);
	server_stop(&server);
	free(base);
	room(1);
	free(items);
	free(outcomes);
	items = NULL;
	outcomes = NULL;
	arena_done(&arena);
	return 0;
}

/* --- tests --- */

static void test_batches(void **state)
{
	add_users(65);
	items[64].kind = EXPORT_DELETE;
	items[64].anchor = "User_x";
	export_well();
	assert_int_equal(n_configurations, 1);
	assert_int_equal(n_messages, 3);
	assert_int_equal(n_sending, 3);
	assert_int_equal(messages[0].n, 30);
	assert_int_equal(messages[2].n, 5);
	assert_false(messages[0].second);
	assert_string_equal(messages[2].objects[4].operation, "Delete");
	assert_string_equal(messages[2].objects[4].source, "a64");
	assert_string_equal(outcomes[3].anchor, "User_00000000-0000-4000-8000-0000000000aa");
	assert_string_equal(outcomes[64].anchor, "");
}

static void test_the_end(void **state)
{
	struct err e = {0};

	assert_int_equal(service_export_end(&c, &e), CONN_OK);
	assert_int_equal(n_finals, 0); /* nothing was sent */
	bad = "a3";
	add_users(10);
	export_well();
	assert_int_equal(service_export_end(&c, &e), CONN_OK);
	assert_string_equal(total, "10");
	assert_string_equal(total_good, "9");
	add_members(7); /* one object, however many references */
	export_well();
	assert_int_equal(n_configurations, 1);
	no_final = true;
	assert_int_equal(service_export_end(&c, &e), CONN_OBJECT_BAD);
	assert_string_equal(total, "11");
	assert_string_equal(total_good, "10");
	assert_non_null(strstr(e.text, "everything was exported"));
	assert_non_null(strstr(e.text, "Something is wrong"));
}

/* The first fill in slices, and then a single change. */
static void test_many_members(void **state)
{
	add_members(50000);
	export_well();
	assert_int_equal(refused(), 0);
	assert_int_equal(n_messages, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(messages[i].second);
		assert_int_equal(messages[i].n, 1);
		assert_int_equal(messages[i].objects[0].adds, i < 3 ? 15000 : 5000);
	}
	add_members(1);
	items[0].op = DELTA_DELETE;
	export_well();
	assert_int_equal(n_messages, 5);
	assert_int_equal(messages[4].objects[0].adds, 0);
	assert_int_equal(messages[4].objects[0].removes, 1);
	assert_string_equal(messages[4].objects[0].source, "g");
}

/* The limit is the tenant's where that is smaller, over all objects of a request. */
static void test_limit_of_links(void **state)
{
	links_max = 100;
	room(300);
	for (unsigned i = 0; i < 300; i++)
		add_link("member", anchor_text("g", i / 60), anchor_text("m", i), DELTA_ADD);
	export_well();
	assert_int_equal(n_messages, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(messages[i].links, 100);
	assert_int_equal(messages[0].n, 2);
	assert_int_equal(messages[1].objects[0].adds, 20);
}

/* Both versions fill at a time; a manager goes by the first one, and nothing clears it. */
static void test_two_versions(void **state)
{
	room(60);
	for (unsigned i = 0; i < 20; i++) {
		add_link("manager", anchor_text("u", i), "boss", i % 2 ? DELTA_DELETE : DELTA_ADD);
		add_link("member", anchor_text("g", i), "m1", DELTA_ADD);
		add_link("member", anchor_text("g", i), "m2", DELTA_DELETE);
	}
	export_well();
	assert_int_equal(n_messages, 2);
	assert_false(messages[0].second);
	assert_int_equal(messages[0].n, 20);
	assert_string_equal(messages[0].objects[0].target, "boss");
	assert_int_equal(messages[0].objects[1].removes, 1);
	assert_true(messages[1].second);
	assert_int_equal(messages[1].n, 20);
	assert_int_equal(messages[1].objects[7].adds, 1);
	assert_int_equal(messages[1].objects[7].removes, 1);
}

/* Who has no sourceAnchor is named by the CloudAnchor. */
static void test_names(void **state)
{
	room(2);
	add_link("member", "g", "m", DELTA_ADD);
	items[0].dn = arena_strdup(&arena, "User_1-2");
	items[0].anchor = "User_1-2";
	items[0].target_dn = NULL;
	add_link("manager", "u", "m", DELTA_ADD); /* the first version has no word for it */
	items[1].target_dn = "User_tm";
	export_well();
	assert_int_equal(n_messages, 1);
	assert_true(messages[0].second);
	assert_string_equal(messages[0].objects[0].source, "");
	assert_string_equal(messages[0].objects[0].cloud, "User_1-2");
	assert_string_equal(messages[0].objects[0].target, "User_tm");
	assert_string_equal(messages[0].objects[1].source, "u");
	assert_string_equal(messages[0].objects[1].target, "User_tm");
}

static void test_not_sent(void **state)
{
	static struct entry odd;

	room(4);
	add_user("a");
	items[0].class = "publicFolder";
	add_link("member", "g", "m", DELTA_ADD);
	items[1].target_class = "publicFolder";
	add_link("member", "g", "m", DELTA_ADD);
	items[2].link_attr = attr_intern("displayName");
	add_user("b");
	entry_init(&odd, &arena);
	entry_set(&odd, attr_intern("displayName"), value_string("bell\a"));
	items[3].wanted = &odd;
	export_well();
	assert_int_equal(n_messages, 0);
	for (unsigned i = 0; i < 3; i++)
		assert_true(outcomes[i].outside);
	assert_string_equal(outcomes[3].type, "DataValidationFailed");
	assert_non_null(strstr(outcomes[3].text, "displayName"));
}

static void test_refused_object(void **state)
{
	bad = "a7";
	words = "InvalidSoftMatch: there is another one.";
	add_users(30);
	export_well();
	assert_int_equal(n_messages, 1); /* the service says which one it is */
	assert_int_equal(refused(), 1);
	assert_string_equal(outcomes[7].type, "InvalidSoftMatch");
	assert_string_equal(outcomes[7].text, words);
	assert_false(outcomes[7].soa);
	words = "The source of authority of this object is in the cloud.";
	add_users(10);
	export_well();
	assert_true(outcomes[7].soa);
	words = "Unable to update this object because the following attributes associated with "
		"this "
		"object have values that may already be associated with another object in your "
		"local directory services: [UserPrincipalName x;].";
	add_users(10);
	export_well();
	assert_string_equal(outcomes[7].type, "AttributeValueMustBeUnique");
}

/* That is the object's: its references are not tried one by one. */
static void test_members_of_the_clouds(void **state)
{
	bad = "g";
	words = "The source of authority of this object is in the cloud.";
	add_members(100);
	export_well();
	assert_int_equal(n_messages, 1);
	for (unsigned i = 0; i < 100; i++)
		assert_true(outcomes[i].soa);
}

static void test_refused_as_a_whole(void **state)
{
	bad = "a17";
	bad_is_fault = true;
	add_users(30);
	export_well();
	assert_int_equal(refused(), 1);
	assert_string_equal(outcomes[17].text, words);
	assert_int_equal(n_messages, 11); /* 30, and two halves for each of five steps */
}

/* Refusals of other objects in a request that was refused say nothing about the rest of it. */
static void test_refused_in_halves(void **state)
{
	values[1] = (char *)"60";
	bad = "r";
	words = "InvalidSoftMatch: there is another one.";
	poison = "p";
	room(60);
	for (unsigned i = 0; i < 59; i++)
		add_user(anchor_text(i < 40 ? "r" : "a", i));
	add_user("p");
	export_well();
	assert_int_equal(refused(), 41);
	assert_int_equal(outcomes[50].result, CONN_OK);
}

/* What has nothing to do with single objects ends the export. */
static void test_all_are_refused(void **state)
{
	struct err e;

	bad = "a";
	bad_is_fault = true;
	words = "It cannot be read:";
	add_users(90);
	assert_int_equal(export(&e), CONN_RUN_BAD);
	assert_int_equal(refused(), 32);
	assert_non_null(strstr(e.text, "cannot be read"));
	assert_non_null(strstr(e.text, "32"));
}

static void test_refused_reference(void **state)
{
	bad = "m77";
	words = "The object that member refers to is not known:";
	add_members(1000);
	items[770].target_dn = entra_dn("x", &arena); /* m770 begins so, too */
	for (unsigned i = 771; i < 780; i++)
		items[i].target_dn = entra_dn(anchor_text("x", i), &arena);
	export_well();
	assert_int_equal(refused(), 1);
	assert_int_equal(outcomes[77].result, CONN_OBJECT_BAD);
	assert_string_equal(outcomes[77].type, "Request_ResourceNotFound");
	assert_true(n_messages <= 21);
}

static void test_all_references_are_refused(void **state)
{
	bad = "m";
	words = "The object that member refers to is not known:";
	add_members(500);
	export_well();
	assert_int_equal(refused(), 500);
	assert_string_equal(outcomes[0].text, "The object that member refers to is not known: m0.");
	assert_non_null(strstr(outcomes[499].text, "not tried"));
	assert_non_null(strstr(outcomes[499].text, "is not known: *"));
	assert_true(n_messages < 80);
}

/* A new target is found after a moment; the same request is sent again meanwhile. */
static void test_new_target(void **state)
{
	bad = "m";
	refuses = 1;
	add_members(10);
	service_note_added(c.session, items[3].target_anchor);
	export_well();
	assert_int_equal(refused(), 0);
	assert_int_equal(n_messages, 2);
	assert_int_equal(messages[1].objects[0].adds, 10);
}

/* What was known is gone there, and the service has made another one. */
static void test_made_anew(void **state)
{
	add_users(2);
	items[1].op = DELTA_UPDATE;
	items[1].anchor = "User_1";
	items[1].delta = &(const struct delta){0};
	export_well();
	assert_string_equal(outcomes[0].text, "");
	assert_string_equal(outcomes[1].anchor, "User_00000000-0000-4000-8000-0000000000aa");
	assert_non_null(strstr(outcomes[1].text, "another object now, User_0"));
	assert_non_null(strstr(outcomes[1].text, ": User_1 was not there"));
}

static void test_results_in_another_order(void **state)
{
	shuffled = true;
	bad = "a7";
	add_users(9);
	export_well();
	assert_int_equal(refused(), 1);
	assert_int_equal(outcomes[7].result, CONN_OBJECT_BAD);
}

/* Without any name in them their order counts, for what has an anchor already. */
static void test_results_without_names(void **state)
{
	nameless = true;
	add_members(3);
	export_well();
	assert_int_equal(n_messages, 1);
	assert_int_equal(refused(), 0);
}

/* Taken, and the answer does not tell the new anchor: Graph is asked, then it is sent again. */
static void test_no_anchor(void **state)
{
	anchorless = true;
	add_users(1);
	export_well();
	assert_string_equal(outcomes[0].type, "invalid-response");
	assert_int_equal(n_messages, 3);
	n_messages = 0;
	cut_works = true; /* Graph shows it */
	add_users(1);
	export_well();
	assert_int_equal(n_messages, 1);
	assert_string_equal(outcomes[0].anchor, "User_00000000-0000-4000-8000-0000000000aa");
}

static void test_missing_result(void **state)
{
	short_answer = true;
	cut_works = true;
	add_users(3);
	export_well();
	assert_int_equal(refused(), 0);
	assert_int_equal(n_messages, 1);
}

static void test_no_answer(void **state)
{
	cut = 1;
	add_users(3);
	export_well();
	assert_int_equal(refused(), 0);
	assert_int_equal(n_messages, 2); /* nothing was done: all of it again */
	assert_int_equal(messages[1].n, 3);
	cut = 1;
	cut_works = true;
	n_messages = 0;
	add_users(3);
	export_well();
	assert_int_equal(n_messages, 1); /* it was done */
	assert_int_equal(refused(), 0);
}

/* The service fails at every request, and answers to others: not without end. */
static void test_never_an_answer(void **state)
{
	struct err e;

	cut = 1000;
	add_users(30);
	assert_int_equal(export(&e), CONN_DOWN);
	assert_int_equal(refused(), 8);
	assert_string_equal(outcomes[0].type, "service-failure");
}

static void test_busy(void **state)
{
	busy = 1;
	add_users(3);
	export_well();
	assert_int_equal(refused(), 0);
	assert_int_equal(n_messages, 1);
	assert_int_equal(n_sending, 1);
}

static void test_stop(void **state)
{
	struct err e;

	add_users(3);
	stop = true;
	assert_int_equal(export(&e), CONN_CANCELED);
	assert_int_equal(n_messages, 0);
}

static void test_warning(void **state)
{
	warning = "This object has been updated, but with some modified properties.";
	add_users(2);
	export_well();
	assert_int_equal(refused(), 0);
	assert_string_equal(outcomes[1].text, warning);
	add_members(2);
	export_well();
	assert_string_equal(outcomes[0].text, warning);
	assert_string_equal(outcomes[1].text, ""); /* once for the object */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_batches),
		TEST(test_the_end),
		TEST(test_many_members),
		TEST(test_limit_of_links),
		TEST(test_two_versions),
		TEST(test_names),
		TEST(test_not_sent),
		TEST(test_refused_object),
		TEST(test_members_of_the_clouds),
		TEST(test_refused_as_a_whole),
		TEST(test_refused_in_halves),
		TEST(test_all_are_refused),
		TEST(test_refused_reference),
		TEST(test_all_references_are_refused),
		TEST(test_new_target),
		TEST(test_made_anew),
		TEST(test_results_in_another_order),
		TEST(test_results_without_names),
		TEST(test_no_anchor),
		TEST(test_missing_result),
		TEST(test_no_answer),
		TEST(test_never_an_answer),
		TEST(test_busy),
		TEST(test_stop),
		TEST(test_warning),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
