/*
 * What a client may ask the emulator: a request in a line, "who METHOD URL body". Who is one
 * letter, s: the provisioning service (its writes; it reads nothing), a: an administrator, p: an
 * application that may only read, e: /emulator/, which takes no token, t: the token endpoint (the
 * URL is the Authorization header), k: a token (the URL), u: what is asked before there is a token,
 * z: a compressed body (the URL, in hex), x: a command of Exchange; letters behind it are headers
 * (e: ConsistencyLevel, m, r: Prefer, 2: pages of two objects).
 * "~1" is the id of the first object. Every answer must be JSON with Graph's words, a page must
 * lead to the next one, and the directory must be sound afterwards.
 */
#include "fuzz.h"
#include "exchange/invoke.h"
#include "graph/route.h"
#include "graph/signin.h"
#include "graph/token.h"
#include "http/inflate.h"
#include "odata/parse.h"
#include "order/control.h"
#include "order/orders.h"
#include "tenant/body.h"
#include "tenant/clock.h"
#include "tenant/housekeeping.h"

#include "base/codec.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>

#define LINES_MAX 30
#define BASE "https://localhost:8443"

static char *domains[] = {"a.onmicrosoft.com", "a.example", "b.example"};
static char *federated[] = {"b.example"};
static struct application apps[] = {
	{"sync", "s", "Sync", 1u << ROLE_SYNC},
	{"admin", "a", "Admin", ~(1u << ROLE_SYNC)},
	{"reader", "r", "Reader \"1\"", 1u << ROLE_USER_READ | 1u << ROLE_GROUP_READ,
		.managed_identity = true},
};
static struct tenant tenant = {
	.id = "11111111-2222-4333-8444-555555555555",
	.initial_domain = "a.onmicrosoft.com",
	.name = "A",
	.domains = domains,
	.n_domains = ARRAY_SIZE(domains),
	.federated = federated,
	.n_federated = ARRAY_SIZE(federated),
	.apps = apps,
	.n_apps = ARRAY_SIZE(apps),
};

static const struct {
	enum object_type type;
	unsigned prop;
	const char *json;
} first[] = {
	{TYPE_USER, P_UPN, "\"anna@a.example\""},
	{TYPE_USER, P_UPN, "\"bo@b.example\""},
	{TYPE_USER, P_PROXIES, "[\"SMTP:c@a.example\",\"smtp:d@a.example\"]"},
	{TYPE_GROUP, P_IMMUTABLE_ID, "\"Zw==\""},
	{TYPE_GROUP, P_UNIQUE_NAME, "\"h\""},
	{TYPE_CONTACT, P_IMMUTABLE_ID, "\"aQ==\""},
};

static void link_first(struct emulator *em)
{
	struct object *group = directory_get(em->dir, 3), *user = directory_get(em->dir, 0);

	for (uint32_t i = 0; i < 3; i++)
		object_link_set(em->dir, group, directory_get(em->dir, i), true);
	object_set_manager(em->dir, user, directory_get(em->dir, 1));
	object_touch(em->dir, group);
	object_touch(em->dir, user);
}

static void emulator_begin(struct emulator *em)
{
	emulator_init(em, &tenant);
	em->orders = orders_new("/nonexistent", NULL);
	em->stable_ids = true;
	em->last_release = tenant_now(em);
	strcpy(em->epoch, "99999999-2222-4333-8444-555555555555");
	for (unsigned i = 0; i < ARRAY_SIZE(first); i++) {
		char id[37];
		struct object *o;

		snprintf(id, sizeof(id), "00000000-0000-4000-8000-00000000000%u", i + 1);
		o = directory_add(em->dir, first[i].type, id);
		object_set(em->dir, o, P_DISPLAY_NAME, "\"A \xc3\xa5 \\\" b\"", 11);
		object_set(em->dir, o, first[i].prop, first[i].json, strlen(first[i].json));
		if (i % 2)
			object_set(em->dir, o, P_SYNC_ENABLED, "true", 4);
		o->created = object_touch(em->dir, o);
	}
	link_first(em);
}

static void emulator_end(struct emulator *em)
{
	orders_free(em->orders);
	emulator_done(em);
	*em = (struct emulator){0};
}

/* --- what must hold --- */

#define CHECK(x)                 \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

static void check_json(const char *text, size_t n, size_t flags)
{
	json_t *v = json_loadb(text, n, flags, NULL);

	CHECK(v);
	json_decref(v);
}

static void check_object(const struct emulator *em, const struct object *o)
{
	uint32_t live = 0, held = 0;
	const char *json;
	unsigned prop;
	uint64_t seq;
	size_t pos = 0, n;

	while (object_next(o, &pos, &prop, &seq, &json, &n)) {
		CHECK(prop < n_properties && seq <= directory_seq(em->dir) + 1);
		if (json)
			check_json(json, n, JSON_DECODE_ANY);
	}
	CHECK(pos == o->props_len && !(o->deleted && o->cloud_managed));
	for (uint32_t i = 0; i < o->n_links; i++) {
		CHECK(o->links[i].target < directory_size(em->dir));
		CHECK(object_link(em->dir, o, o->links[i].target) == &o->links[i]);
		live += !o->links[i].removed;
	}
	for (uint32_t i = 0; i < o->n_holders; i++) {
		const struct object *h = directory_get(em->dir, o->holders[i]);
		const struct link *l = object_link(em->dir, h, o->index);

		held += (l && !l->removed) || h->manager == (int64_t)o->index;
	}
	CHECK(held == o->n_holders && (live == 0 || o->type == TYPE_GROUP));
}

static void check_directory(const struct emulator *em)
{
	uint32_t managed[TYPE_COUNT] = {0}, n = directory_size(em->dir), listed = 0, placed = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct object *o = directory_get(em->dir, i);

		CHECK(o->index == i);
		check_object(em, o);
		managed[o->type] += o->cloud_managed;
		placed += o->seq != 0;
	}
	for (int t = 0; t < TYPE_COUNT; t++) {
		const struct object *o = directory_newest(em->dir, (enum object_type)t);

		CHECK(managed[t] == em->n_managed[t]);
		for (; o; o = o->older, listed++)
			CHECK((int)o->type == t && (!o->older || o->older->seq < o->seq));
	}
	CHECK(listed == placed);
}

static void check_answer(const struct response *rs)
{
	json_t *v, *e;

	CHECK(rs->status >= 200 && rs->status < 600 && rs->status != 500);
	CHECK(!strpbrk(rs->location, "\r\n"));
	if (rs->type || !rs->body.len) {
		CHECK(rs->status < 300);
		return;
	}
	v = json_loadb(rs->body.data, rs->body.len, JSON_REJECT_DUPLICATES, NULL);
	CHECK(v);
	e = json_object_get(v, "error");
	if (rs->status >= 400 && json_is_string(e)) /* of the token endpoint */
		CHECK(json_is_string(json_object_get(v, "error_description")));
	else if (rs->status >= 400)
		CHECK(*body_text(e, "code") && *body_text(e, "message"));
	json_decref(v);
}

/* --- requests --- */

static void ask(struct emulator *em, const struct request *like, const char *url, const char *body,
	unsigned depth);

/* Where a page leads. */
static void follow(
	struct emulator *em, const struct request *like, const struct response *rs, unsigned depth)
{
	json_t *v = json_loadb(rs->body.data, rs->body.len, 0, NULL);
	const char *next = json_string_value(json_object_get(v, "@odata.nextLink"));
	const char *delta = json_string_value(json_object_get(v, "@odata.deltaLink"));
	const char *link = next ? next : delta;

	if (link) {
		CHECK(str_starts(link, BASE));
		ask(em, like, link + strlen(BASE), NULL, depth + 1);
	}
	json_decref(v);
}

static void ask(struct emulator *em, const struct request *like, const char *url, const char *body,
	unsigned depth)
{
	struct response rs = {.retry_after = -1, .after_bytes = -1};
	struct request rq = *like;

	rq.path = url;
	rq.base = BASE;
	rq.version = "v1.0";
	if (body && *body) {
		rq.body = body_parse(body, strlen(body));
		if (!rq.body)
			return;
	}
	request_begin(em, "fuzz");
	if (!rq.app)
		handle_emulator(em, &rq, url, &rs);
	else if (request_parse(&rq, url, &rs) && str_starts(url, "/adminapi/"))
		exchange_route(em, &rq, &rs);
	else if (!rs.status)
		graph_route(em, &rq, &rs);
	stats_log(&em->orders->stats, method_name(rq.method), url, rs.status);
	check_answer(&rs);
	CHECK(depth == 0 || rs.status == 200 || rs.status == 429);
	if ((rq.method == M_GET || str_starts(url, "/adminapi/")) && rq.app && rs.status == 200 &&
		!rs.type && depth < 4)
		follow(em, like, &rs, depth);
	request_done(&rq);
	buf_done(&rs.body);
}

static void ask_token(struct emulator *em, const char *authorization, const char *form)
{
	struct response rs = {.retry_after = -1, .after_bytes = -1};

	request_begin(em, "fuzz");
	handle_token(em, &(struct token_request){2, BASE, form, authorization}, &rs);
	check_answer(&rs);
	buf_done(&rs.body);
}

/* Metadata: true with the letter m. */
static void ask_sign_in(struct emulator *em, const struct request *rq, const char *url,
	const char *body, bool metadata)
{
	struct response rs = {.retry_after = -1, .after_bytes = -1};
	struct asked a = {.method = rq->method,
		.base = BASE,
		.path = url,
		.body = body,
		.metadata = metadata};

	request_begin(em, "fuzz");
	if (handle_sign_in(em, &a, &rs))
		check_answer(&rs);
	buf_done(&rs.body);
}

static void check_inflate(const char *hex)
{
	size_t n = strlen(hex) / 2, max = 4096;
	_cleanup_free_ char *raw = xmalloc(n + 1);
	_cleanup_buf_ struct buf out = {0};

	if (n && hex_decode(raw, hex, 2 * n) == (ssize_t)n)
		CHECK(gzip_inflate(raw, n, max, &out) != INFLATED_GOOD || out.len <= max);
}

static void check_token(struct emulator *em, const char *authorization)
{
	const char *why = "";

	CHECK(token_check(em, AUDIENCE_GRAPH, authorization, &why) || *why);
	CHECK(token_check(em, AUDIENCE_EXCHANGE, authorization, &why) || *why);
}

/* "~1" to the id of an object; the caller frees. */
static char *expand(const char *text)
{
	struct buf b = {0};

	for (; *text; text++)
		if (*text == '~' && text[1] >= '0' && text[1] <= '9')
			buf_addf(&b, "00000000-0000-4000-8000-00000000000%c", *++text);
		else
			buf_addc(&b, *text);
	buf_addc(&b, '\0');
	return buf_steal(&b);
}

static enum method method_of(const char *name)
{
	int m = 0;

	while (m < M_OTHER && !streq(method_name((enum method)m), name))
		m++;
	return (enum method)m;
}

static void take_line(struct emulator *em, char *line)
{
	const char *who = strsep(&line, " "), *method = strsep(&line, " ");
	const char *url = strsep(&line, " ");
	const struct application *app = *who == 's'                  ? &apps[0]
	                                : *who == 'a' || *who == 'x' ? &apps[1]
	                                : *who == 'p'                ? &apps[2]
	                                                             : NULL;
	struct request rq = {
		.method = method_of(method ? method : ""),
		.app = app,
		.service = *who == 's',
		.eventual = *who && strchr(who + 1, 'e'),
		.minimal = *who && strchr(who + 1, 'm'),
		.representation = *who && strchr(who + 1, 'r'),
		.page_size = *who && strchr(who + 1, '2') ? 2 : 0,
	};

	if (!url)
		return;
	if (*who == 't')
		ask_token(em, url, line ? line : "");
	else if (*who == 'k')
		check_token(em, url);
	else if (*who == 'u')
		ask_sign_in(em, &rq, url, line ? line : "", rq.minimal);
	else if (*who == 'z')
		check_inflate(url);
	else if (app || (*who == 'e' && !str_starts(url, "/emulator/snapshot") &&
				str_starts(url, "/emulator/") &&
				!str_starts(url, "/emulator/restore"))) /* these have files */
		ask(em, &rq, url, line, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct emulator em;
	_cleanup_free_ char *copy = xcalloc(size + 1, 1), *text = NULL;
	char *rest;

	memcpy(copy, data, size);
	text = expand(copy);
	rest = text;
	emulator_begin(&em);
	for (unsigned i = 0; rest && i < LINES_MAX; i++)
		take_line(&em, strsep(&rest, "\n"));
	em.clock += 40 * 86400;
	tenant_housekeeping(&em);
	check_directory(&em);
	emulator_end(&em);
	return 0;
}
