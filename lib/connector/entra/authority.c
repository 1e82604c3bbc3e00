/*
 * Moving the source of authority: isCloudManaged of onPremisesSyncBehavior, 20 objects to a $batch
 * (learn.microsoft.com/graph/api/resources/onpremisessyncbehavior), and IsExchangeCloudManaged
 * through Exchange Online, one mailbox at a time. A PATCH says how it is to be, so that sending it
 * twice does no harm: what is not answered is sent again.
 */
#include "connector/entra/authority.h"
#include "base/json.h"
#include "connector/entra/call.h"
#include "connector/entra/mailbox.h"
#include "connector/entra/pace.h"
#include "connector/entra/parse.h"
#include "connector/entra/read.h"

#include <errno.h>
#include <stdio.h>

#define REFERENCES_MAX 500000 /* of one object */

/* What a batch asks: to read, or to write. */
struct move {
	struct connector *c;
	bool write, managed;
	struct authority_item *items;
	unsigned n;
	bool done[AUTHORITY_BATCH];
	struct arena *a;
	struct err *e;
};

/* The roles that the classes of the items need. */
static enum conn_result check_roles(struct move *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		enum entra_class class = entra_class_find(m->items[i].class);
		const char *role = class < ENTRA_CLASS_COUNT ? entra_classes[class].soa_role : NULL;

		if (!role) {
			err_set(m->e, -EINVAL, m->c->graph, 0,
				"objects of class \"%s\" have no source of authority",
				m->items[i].class);
			return CONN_RUN_BAD;
		}
		if (!oauth_has_role(&m->c->oauth, role)) {
			err_set(m->e, -EPERM, m->c->graph, 0,
				"the application role %s is missing: grant it to application %s "
				"and "
				"give admin consent",
				role,
				m->c->oauth.o.client_id ? m->c->oauth.o.client_id
							: "(managed identity)");
			return CONN_RUN_BAD;
		}
	}
	return CONN_OK;
}

static void write_requests(const struct move *m, struct buf *b)
{
	const char *sep = "";

	buf_adds(b, "{\"requests\":[");
	for (unsigned i = 0; i < m->n; i++) {
		const char *id;
		enum entra_class class = entra_class_of_anchor(m->items[i].anchor, &id);

		if (m->done[i])
			continue;
		buf_addf(b,
			"%s{\"id\":\"%u\",\"method\":\"%s\","
			"\"url\":\"/%s/%s/onPremisesSyncBehavior%s\"",
			sep, i, m->write ? "PATCH" : "GET", entra_classes[class].collection, id,
			m->write ? "" : "?$select=isCloudManaged");
		if (m->write)
			buf_addf(b,
				",\"headers\":{\"Content-Type\":\"application/json\"},"
				"\"body\":{\"isCloudManaged\":%s}",
				m->managed ? "true" : "false");
		buf_addc(b, '}');
		sep = ",";
	}
	buf_adds(b, "]}");
}

static void bad(struct move *m, struct authority_item *it, const char *error, const char *text)
{
	it->result = CONN_OBJECT_BAD;
	it->error = arena_strdup(m->a, error);
	it->text = arena_strdup(m->a, text);
}

/* The answer to one item. False: the service is busy, it is to be asked again. */
static bool take_answer(struct move *m, struct authority_item *it, const json_t *answer)
{
	json_int_t status = json_integer_value(json_object_get(answer, "status"));
	const json_t *body = json_object_get(answer, "body");
	const json_t *flag = json_object_get(body, "isCloudManaged");
	const char *code, *message;

	if (status == 429 || status >= 500)
		return false;
	entra_error(body, &code, &message);
	if (status == 204 && m->write) {
		it->result = CONN_OK;
	} else if (status == 200 && (m->write || json_is_boolean(flag))) {
		it->result = CONN_OK;
		it->is = json_is_true(flag);
	} else if (status == 200) {
		bad(m, it, "invalid-response", "the answer has no isCloudManaged");
	} else {
		bad(m, it, *code ? code : "unknown",
			arena_printf(m->a, "answered %lld %s: %s", (long long)status, code,
				entra_error_text(body, message, m->a)));
	}
	return true;
}

/* Of an answer's Retry-After; -1: it names none. */
static long retry_after(const json_t *answer)
{
	const char *text = json_string_value(
		json_object_get(json_object_get(answer, "headers"), "Retry-After"));

	return text ? strtol(text, NULL, 10) : -1;
}

/* One round: what is not answered, or answered as busy, is not done. */
static void take_answers(struct move *m, const json_t *json, long *wait)
{
	const json_t *list = json_object_get(json, "responses");
	json_t *answer;
	size_t i;

	json_array_foreach (list, i, answer) {
		const char *id = json_string_value(json_object_get(answer, "id"));
		unsigned long k = id ? strtoul(id, NULL, 10) : m->n;

		if (k >= m->n || m->done[k])
			continue;
		m->done[k] = take_answer(m, &m->items[k], answer);
		if (!m->done[k])
			*wait = MAX(*wait, retry_after(answer));
	}
}

static enum conn_result send_round(struct move *m, long *wait)
{
	_cleanup_free_ char *url = xasprintf("%s/$batch", m->c->base);
	struct http_request *r = http_request_new("POST", url);
	enum conn_result ret = CONN_OK;
	_cleanup_json_ json_t *json = NULL;

	write_requests(m, &r->body);
	r->headers[0] = m->c->oauth.header;
	r->headers[1] = "Content-Type: application/json";
	http_perform(m->c->http, r);
	*wait = r->retry_after;
	if (r->outcome == HTTP_ANSWERED && r->status == 200)
		json = entra_parse(r->answer.data, r->answer.len, 0);
	if (json_is_array(json_object_get(json, "responses"))) {
		*wait = -1;
		take_answers(m, json, wait);
	} else if (r->outcome == HTTP_ANSWERED && r->status == 200) {
		err_set(m->e, -EPROTO, m->c->graph, 0,
			"the answer to a $batch request has no responses");
		ret = CONN_RUN_BAD;
	} else if (!entra_retriable(r)) {
		ret = entra_refused(m->c, r, m->e);
	}
	http_request_free(r);
	return ret;
}

static bool all_done(const struct move *m)
{
	for (unsigned i = 0; i < m->n; i++)
		if (!m->done[i])
			return false;
	return true;
}

static enum conn_result send_all(struct move *m)
{
	enum conn_result r = entra_ready(m->c, m->e);
	long wait;

	if (r == CONN_OK)
		r = check_roles(m);
	for (int tries = 1; r == CONN_OK && !all_done(m); tries++) {
		r = send_round(m, &wait);
		if (r != CONN_OK || all_done(m))
			break;
		if (tries == ENTRA_TRIES) {
			err_set(m->e, -EAGAIN, m->c->graph, 0,
				"the service is busy, or cannot be reached; try again later");
			return CONN_DOWN;
		}
		if (http_sleep(m->c->http, entra_backoff(tries, wait))) {
			err_set(m->e, -ECANCELED, m->c->graph, 0, "stopped");
			return CONN_CANCELED;
		}
		r = entra_ready(m->c, m->e); /* the token may have ended meanwhile */
	}
	return r;
}

/* --- Exchange's flag: one mailbox after the other --- */

static enum conn_result exchange_all(struct move *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		struct authority_item *it = &m->items[i];
		struct err own = {0};
		enum conn_result r =
			m->write ? entra_exchange_set(m->c, it->anchor, m->managed, &own)
				 : entra_exchange_get(m->c, it->anchor, &it->is, &own);

		it->result = r;
		if (r == CONN_OBJECT_BAD) {
			bad(m, it, own.code == -ENOENT ? "no-mailbox" : "refused",
				arena_printf(m->a, "%s%s",
					own.code == -ENOENT ? "it has no mailbox: " : "",
					own.text));
		} else if (r != CONN_OK) {
			*m->e = own;
			return r;
		}
	}
	return CONN_OK;
}

static enum conn_result ask(struct move *m, enum authority authority)
{
	switch (authority) {
	case AUTHORITY_ALL:
		return send_all(m);
	case AUTHORITY_EXCHANGE:
		return exchange_all(m);
	case AUTHORITY_ON_PREMISES:
		break;
	}
	err_set(m->e, -EINVAL, m->c->graph, 0, "this authority is not one that can be moved");
	return CONN_RUN_BAD;
}

static enum conn_result get(struct connector *c, enum authority authority,
	struct authority_item *items, unsigned n, struct arena *a, struct err *e)
{
	struct move m = {.c = c, .items = items, .n = n, .a = a, .e = e};

	return ask(&m, authority);
}

static enum conn_result set(struct connector *c, enum authority authority, bool managed,
	struct authority_item *items, unsigned n, struct arena *a, struct err *e)
{
	struct move m = {
		.c = c, .write = true, .managed = managed, .items = items, .n = n, .a = a, .e = e};

	return ask(&m, authority);
}

/* --- references --- */

struct references {
	struct arena *a;
	struct authority_reference *items;
	unsigned n, cap;
};

static void add_reference(struct references *refs, const json_t *o, bool holder)
{
	const char *type = json_string_value(json_object_get(o, "@odata.type"));
	const char *name = json_string_value(json_object_get(o, "displayName"));
	enum entra_class class = entra_class_of_type(type ? type : "");
	const char *id = entra_id(o);
	json_t *kind;
	size_t i;

	/* a dynamic group finds its members by itself: nobody has to remove one */
	json_array_foreach (json_object_get(o, "groupTypes"), i, kind)
		if (json_is_string(kind) && streq(json_string_value(kind), "DynamicMembership"))
			return;
	if (!id || (holder && class != ENTRA_GROUP))
		return;
	if (refs->n == refs->cap) {
		unsigned cap = refs->cap ? refs->cap * 2 : 16;
		struct authority_reference *grown = arena_alloc(refs->a, cap * sizeof(*grown));

		if (refs->n)
			memcpy(grown, refs->items, refs->n * sizeof(*grown));
		refs->items = grown;
		refs->cap = cap;
	}
	refs->items[refs->n++] = (struct authority_reference){
		.anchor = class < ENTRA_CLASS_COUNT
	                          ? arena_printf(
					    refs->a, "%s%s", entra_classes[class].anchor_prefix, id)
	                          : NULL,
		.name = arena_strdup(refs->a, name ? name : id),
		.holder = holder,
		.mastered = json_is_true(json_object_get(o, "onPremisesSyncEnabled")),
	};
}

/* A page; *url becomes the next one, NULL: there is none. */
static enum conn_result read_page(struct connector *c, char **url, struct entra_pages *pages,
	bool holder, struct references *refs, struct err *e)
{
	_cleanup_json_ json_t *json = NULL;
	struct entra_reply reply = {0};
	const char *next, *wrong;
	json_t *o;
	size_t i;
	enum conn_result r = entra_ready(c, e);

	if (r == CONN_OK)
		r = entra_ask(c, *url, false, &reply, e);
	if (r != CONN_OK)
		return r;
	json = reply.json;
	if (reply.status != 200) {
		err_set(e, reply.status == 403 ? -EPERM : -ENOENT, c->graph, 0,
			"answered %ld %s (%s) to GET %.300s", reply.status, reply.code,
			reply.message, *url);
		return CONN_OBJECT_BAD;
	}
	wrong = entra_next_page(c, pages, *url, json, &next);
	if (!wrong && pages->objects > REFERENCES_MAX)
		wrong = "has too many objects";
	if (wrong) {
		err_set(e, -EPROTO, c->graph, 0, "the answer to GET %.300s %s", *url, wrong);
		return CONN_RUN_BAD;
	}
	json_array_foreach (json_object_get(json, "value"), i, o)
		add_reference(refs, o, holder);
	free(*url);
	*url = next ? xstrdup(next) : NULL;
	return CONN_OK;
}

static enum conn_result read_references(struct connector *c, enum entra_class class, const char *id,
	bool holder, struct references *refs, struct err *e)
{
	struct entra_pages pages = {0};
	enum conn_result r = CONN_OK;
	char *url = xasprintf("%s/%s/%s/%s?$select=id,displayName,onPremisesSyncEnabled,groupTypes"
			      "&$top=999",
		c->base, entra_classes[class].collection, id, holder ? "memberOf" : "members");

	while (url && r == CONN_OK)
		r = read_page(c, &url, &pages, holder, refs, e);
	free(url);
	return r;
}

static enum conn_result references(struct connector *c, const char *anchor, struct arena *a,
	struct authority_reference **ret, unsigned *ret_n, struct err *e)
{
	struct references refs = {.a = a};
	const char *id;
	enum entra_class class = entra_class_of_anchor(anchor, &id);
	enum conn_result r = CONN_OK;

	if (class == ENTRA_CLASS_COUNT) {
		err_set(e, -EINVAL, c->graph, 0,
			"\"%s\" is not the anchor of an object in Entra ID", anchor);
		return CONN_OBJECT_BAD;
	}
	if (class == ENTRA_GROUP)
		r = read_references(c, class, id, false, &refs, e);
	if (r == CONN_OK)
		r = read_references(c, class, id, true, &refs, e);
	*ret = refs.items;
	*ret_n = refs.n;
	return r;
}

static const char *id_of(const char *anchor)
{
	const char *id;

	entra_class_of_anchor(anchor, &id);
	return id;
}

const struct authority_type entra_authority = {
	.id = id_of,
	.get = get,
	.set = set,
	.references = references,
};
