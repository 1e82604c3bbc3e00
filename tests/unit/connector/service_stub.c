/* The service and the source of the tests, see service_stub.h. */
#include "service_stub.h"
#include "../folder.h"
#include "../net/server.h"
#include "connector/entra/service/soap.h"
#include "net/nbfx.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

/* --- the service --- */

struct message messages[256];
unsigned n_messages;
unsigned n_configurations, n_finals;
char total[24], total_good[24];

/* how it behaves */
const char *bad;
bool bad_is_fault;
const char *poison;
const char *words;
unsigned refuses;
unsigned busy;
unsigned cut;
bool cut_works;
bool shuffled, nameless, anchorless, short_answer, no_final;
const char *warning;
long links_max;

static struct server server;
static struct http *http;
static char secret[128], *base;
char *values[5];
static const struct option_def defs[] = {{"service_patience", OPTION_NUMBER},
	{"service_batch", OPTION_NUMBER}, {"surface", OPTION_STRING}, {"sync_build", OPTION_STRING},
	{"write_budget", OPTION_NUMBER}};
static struct settings settings = {.defs = defs, .n_defs = ARRAY_SIZE(defs), .values = values};
bool stop;

static bool is_stopped(void *ctx)
{
	return stop;
}
static struct connector_host host = {.canceled = is_stopped};
struct connector c;
struct arena arena;

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

struct export_item *items;
struct outcome *outcomes;
unsigned n_items, n_given, n_sending;

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

void room(unsigned n)
{
	free(items);
	free(outcomes);
	items = xcalloc(n, sizeof(*items));
	outcomes = xcalloc(n, sizeof(*outcomes));
	n_items = n_given = 0;
}

const char *anchor_text(const char *prefix, unsigned i)
{
	return arena_printf(&arena, "%s%u", prefix, i);
}

void add_user(const char *source_anchor)
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

void add_link(const char *attr, const char *of, const char *to, enum delta_op op)
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
void add_users(unsigned n)
{
	room(n);
	for (unsigned i = 0; i < n; i++)
		add_user(anchor_text("a", i));
}

void add_members(unsigned n)
{
	room(n);
	for (unsigned i = 0; i < n; i++)
		add_link("member", "g", anchor_text("m", i), DELTA_ADD);
}

enum conn_result export(struct err *e) {
	struct export_source s = {source_next, source_result, source_sending};

	*e = (struct err){0};
	return service_export(&c, &s, e);
}

void export_well(void)
{
	struct err e;

	if (export(&e) != CONN_OK)
		fail_msg("%s", e.text);
	for (unsigned i = 0; i < n_items; i++)
		if (outcomes[i].times != 1)
			fail_msg("item %u has %u outcomes", i, outcomes[i].times);
}

unsigned refused(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_items; i++)
		n += outcomes[i].result != CONN_OK;
	return n;
}

int group_set_up(void **state)
{
	return folder_make(state);
}

int group_tear_down(void **state)
{
	return folder_remove(state);
}

int set_up(void **state)
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

int tear_down(void **state)
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
