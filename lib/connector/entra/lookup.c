/*
 * Chosen objects of the tenant, see connector/lookup.h: a GET for each, some at a time, another for
 * the members of a group, and before them the lists of objects whose isCloudManaged is true, as an
 * import reads them, and with exchange = yes the users' mailboxes.
 */
#include "connector/entra/lookup.h"
#include "base/codec.h"
#include "base/hashset.h"
#include "base/json.h"
#include "connector/entra/call.h"
#include "connector/entra/error.h"
#include "connector/entra/mailbox.h"
#include "connector/entra/read.h"

#include <errno.h>
#include <stdio.h>

struct finder {
	struct connector *c;
	const struct lookup_request *req;
	struct import_sink *sink;
	struct err *e;
	unsigned block;                /* the attribute blockOnPremisesSync */
	struct hashset managed;        /* anchors whose isCloudManaged is true */
	unsigned exchange_attr;        /* the attribute isExchangeCloudManaged */
	struct exchange_list exchange; /* exchange = yes: users whose mailbox has it */
	struct hashset flagged;        /* ... their anchors */
	struct hashset told;           /* anchors that were delivered */
	bool asked[ENTRA_CLASS_COUNT];
	struct arena arena; /* of one object */
};

/* Beside what rules can read: what people compare. */
static const char *const more[ENTRA_CLASS_COUNT] = {
	[ENTRA_USER] = "createdDateTime,userType,otherMails,passwordPolicies,"
		       "lastPasswordChangeDateTime,onPremisesLastSyncDateTime",
	[ENTRA_GROUP] = "createdDateTime,groupTypes,visibility,membershipRule,isAssignableToRole,"
			"onPremisesLastSyncDateTime",
	[ENTRA_CONTACT] = "onPremisesLastSyncDateTime",
	[ENTRA_DEVICE] = "onPremisesLastSyncDateTime",
};

static uint64_t key_of(const char *anchor)
{
	return hash64(anchor, strlen(anchor));
}

/* A page of a list: its items are added to `ret`, *ret_url is where it goes on (NULL: the end). */
static enum conn_result read_page(
	struct finder *f, struct entra_pages *pages, char **url, bool eventual, json_t *ret)
{
	_cleanup_json_ json_t *json = NULL;
	struct entra_reply reply = {0};
	const char *next, *wrong;
	enum conn_result r = entra_ready(f->c, f->e);

	if (r == CONN_OK)
		r = entra_ask(f->c, *url, eventual, &reply, f->e);
	if (r != CONN_OK)
		return r;
	json = reply.json;
	if (reply.status != 200) {
		err_set(f->e, reply.status == 403 ? -EPERM : -EPROTO, f->c->graph, 0,
			"answered %ld %s (%s) to GET %.300s", reply.status, reply.code,
			reply.message, *url);
		return CONN_RUN_BAD;
	}
	wrong = entra_next_page(f->c, pages, *url, json, &next);
	if (wrong) {
		err_set(f->e, -EPROTO, f->c->graph, 0, "the answer to GET %.400s %s", *url, wrong);
		return CONN_RUN_BAD;
	}
	json_array_extend(ret, json_object_get(json, "value"));
	free(*url);
	*url = next ? xstrdup(next) : NULL;
	return CONN_OK;
}

/* All items of a list; more than `most` of them are an error. */
static enum conn_result read_list(
	struct finder *f, const char *path, bool eventual, size_t most, json_t *ret)
{
	struct entra_pages pages = {0};
	char *url = xasprintf("%s/%s", f->c->base, path);
	enum conn_result r = CONN_OK;

	while (url && r == CONN_OK) {
		r = read_page(f, &pages, &url, eventual, ret);
		if (r == CONN_OK && json_array_size(ret) > most) {
			err_set(f->e, -E2BIG, f->c->graph, 0, "the list %s has over %zu items",
				path, most);
			r = CONN_RUN_BAD;
		}
	}
	free(url);
	return r;
}

/* --- isCloudManaged --- */

#define MANAGED_MAX 5000000 /* objects of one class */

static enum conn_result read_managed(struct finder *f, enum entra_class class)
{
	const struct entra_class_info *info = &entra_classes[class];
	_cleanup_json_ json_t *list = json_array();
	_cleanup_free_ char *path = xasprintf(
		"%s?$filter=onPremisesSyncBehavior/isCloudManaged%%20eq%%20true&$select=id"
		"&$count=true&$top=999",
		info->collection);
	enum conn_result r = read_list(f, path, true, MANAGED_MAX, list);
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *id = entra_id(item);
		char anchor[192];

		if (!id)
			continue;
		snprintf(anchor, sizeof(anchor), "%s%s", info->anchor_prefix, id);
		hashset_add(&f->managed, key_of(anchor));
	}
	return r;
}

/* Of the classes of which objects are asked for. */
static enum conn_result read_all_managed(struct finder *f)
{
	bool *asked = f->asked;
	enum conn_result r = CONN_OK;

	for (unsigned i = 0; i < f->req->n; i++) {
		const char *id;
		enum entra_class class =
			f->req->names[i].anchor
				? entra_class_of_anchor(f->req->names[i].anchor, &id)
				: ENTRA_CLASS_COUNT;

		if (class < ENTRA_CLASS_COUNT)
			asked[class] = true;
	}
	for (unsigned c = 0; c < ENTRA_CLASS_COUNT && r == CONN_OK; c++)
		if (asked[c] && !entra_classes[c].role)
			r = read_managed(f, (enum entra_class)c);
	return r;
}

/* The users' mailboxes. When Exchange does not tell, nothing is said of the flag. */
static enum conn_result read_exchange(struct finder *f)
{
	const char **anchors;
	unsigned n = 0;
	enum conn_result r;

	if (!f->c->exchange || !f->asked[ENTRA_USER])
		return CONN_OK;
	anchors = xcalloc(f->req->n, sizeof(*anchors));
	for (unsigned i = 0; i < f->req->n; i++) {
		const char *id;

		if (f->req->names[i].anchor &&
			entra_class_of_anchor(f->req->names[i].anchor, &id) == ENTRA_USER)
			anchors[n++] = f->req->names[i].anchor;
	}
	r = exchange_list_of(f->c, anchors, n, &f->exchange, f->e);
	free(anchors);
	if (r == CONN_OK)
		exchange_list_note(&f->exchange, f->sink);
	for (unsigned i = 0; i < f->exchange.n; i++)
		hashset_add(&f->flagged, key_of(f->exchange.anchors[i]));
	return r;
}

/* The lists of these classes are complete. */
static int end_flags(struct finder *f)
{
	for (unsigned c = 0; c < ENTRA_CLASS_COUNT && f->sink->flag; c++)
		if (f->asked[c] && !entra_classes[c].role)
			TRY(f->sink->flag(f->sink, entra_classes[c].name, f->block, NULL, f->e));
	if (f->exchange.state != EXCHANGE_READ || !f->sink->flag)
		return 0;
	return f->sink->flag(f->sink, entra_classes[ENTRA_USER].name, f->exchange_attr, NULL, f->e);
}

/* --- one object --- */

/* As an import has them: a list of what each is and its id. */
static void put_manager(json_t *json)
{
	json_t *manager = json_object_get(json, "manager");
	json_t *list = json_array();

	if (json_is_object(manager))
		json_array_append(list, manager);
	json_object_set_new(json, "manager@delta", list);
}

static enum conn_result put_members(struct finder *f, const char *id, json_t *json)
{
	_cleanup_free_ char *path = xasprintf("groups/%s/members?$select=id&$top=999", id);
	json_t *list = json_array();
	enum conn_result r = read_list(f, path, false, ENTRA_REFS_MAX, list);

	json_object_set_new(json, "members@delta", list);
	return r;
}

static bool has_manager(enum entra_class class)
{
	return class == ENTRA_USER || class == ENTRA_CONTACT;
}

/* The references that came one by one, as whole lists. */
static void put_refs(
	struct entry *en, enum entra_class class, const struct ref_change *refs, unsigned n)
{
	if (class == ENTRA_GROUP)
		entry_clear(en, attr_intern("member"));
	for (unsigned i = 0; i < n; i++)
		if (refs[i].add)
			entry_add(en, refs[i].attr, value_reference(refs[i].target));
}

/* What no row of the table carries: plain values, under the names that Graph gives them. */
static void put_rest(struct entry *en, enum entra_class class, const json_t *json)
{
	_cleanup_buf_ struct buf names = {0};
	char *name, *save = NULL;

	buf_adds(&names, more[class]);
	for (name = strtok_r(names.data, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		json_t *v = json_object_get(json, name), *list, *one;
		unsigned attr = attr_intern(name);
		size_t i;

		if (!v || !attr)
			continue;
		list = json_is_array(v) ? json_incref(v) : json_pack("[O]", v);
		json_array_foreach (list, i, one) {
			struct value value;

			if (json_is_boolean(one))
				entry_add(en, attr, value_boolean(json_is_true(one)));
			else if (!json_is_null(one) &&
				 !entra_form_read(FORM_TEXT, one, en->arena, &value))
				entry_add(en, attr, value);
		}
		json_decref(list);
	}
}

static int tell_absent(struct finder *f, const struct lookup_name *name, bool deleted)
{
	struct entry en;
	struct import_object o = {.entry = &en, .deleted = deleted, .left = !deleted};

	entry_init(&en, &f->arena);
	en.anchor = name->anchor;
	en.class = name->class;
	return f->sink->object(f->sink, &o, f->e);
}

static int tell_bad(struct finder *f, const struct lookup_name *name, const char *text)
{
	return f->sink->bad(f->sink, name->dn ? name->dn : name->anchor, name->anchor,
		error_type_word(ERROR_TYPE_INVALID_VALUE), text, f->e);
}

static int tell_found(struct finder *f, const struct lookup_name *name, enum entra_class class,
	const json_t *json)
{
	struct entry en;
	struct import_object o = {.entry = &en, .partial = true};
	struct ref_change *refs = NULL;
	unsigned n = 0;
	const char *wrong;
	bool managed, flagged;

	entry_init(&en, &f->arena);
	wrong = entra_read(json, class, f->c->surface, f->c->extensions, &en, &refs, &n);
	if (wrong)
		return tell_bad(f, name, wrong);
	entra_read_absent(class, f->c->extensions, &en);
	en.dn = en.dn ? en.dn : name->dn; /* not every surface shows it */
	put_refs(&en, class, refs, n);
	managed = hashset_has(&f->managed, key_of(en.anchor));
	flagged = f->exchange.state == EXCHANGE_READ && hashset_has(&f->flagged, key_of(en.anchor));
	if (f->req->everything) {
		put_rest(&en, class, json);
		entry_set(&en, f->block, value_boolean(managed));
		if (f->exchange.state == EXCHANGE_READ && class == ENTRA_USER)
			entry_set(&en, f->exchange_attr, value_boolean(flagged));
	}
	TRY(f->sink->object(f->sink, &o, f->e));
	if (!f->sink->flag)
		return 0;
	if (managed)
		TRY(f->sink->flag(f->sink, en.class, f->block, en.anchor, f->e));
	return flagged ? f->sink->flag(f->sink, en.class, f->exchange_attr, en.anchor, f->e) : 0;
}

static char *object_url(const struct finder *f, enum entra_class class, const char *id)
{
	_cleanup_buf_ struct buf b = {0};

	buf_addf(&b, "%s/%s/%s?$select=", f->c->base, entra_classes[class].collection, id);
	entra_select(&b, class, f->c->surface, f->c->extensions);
	if (f->req->everything)
		buf_addf(&b, ",%s", more[class]);
	if (has_manager(class))
		buf_adds(&b, "&$expand=manager($select=id)");
	return buf_steal(&b);
}

/* What was answered about one object; a refusal is its own error. */
static enum conn_result take(struct finder *f, const struct lookup_name *name,
	enum entra_class class, const char *id, const struct entra_reply *reply)
{
	int r;

	if (reply->status == 200 && class == ENTRA_GROUP) {
		enum conn_result cr = put_members(f, id, reply->json);

		if (cr != CONN_OK)
			return cr;
	} else if (reply->status == 200 && has_manager(class)) {
		put_manager(reply->json);
	}
	if (reply->status == 200)
		r = tell_found(f, name, class, reply->json);
	else if (reply->status == 404)
		r = tell_absent(f, name, true);
	else
		r = tell_bad(f, name,
			arena_printf(&f->arena, "the service answered %ld %s: %s", reply->status,
				reply->code, reply->message));
	return r < 0 ? CONN_RUN_BAD : CONN_OK;
}

/* --- several at a time --- */

#define AT_ONCE 16

struct asked {
	const struct lookup_name *name;
	enum entra_class class;
	const char *id; /* in the name's anchor */
	struct http_request *request;
};

/* The next objects that are to be asked for, started; those that need no request are told. */
static enum conn_result start_some(
	struct finder *f, unsigned *next, struct asked *some, unsigned *ret_n)
{
	enum conn_result r = entra_ready(f->c, f->e);

	for (*ret_n = 0; r == CONN_OK && *ret_n < AT_ONCE && *next < f->req->n; (*next)++) {
		struct asked *a = &some[*ret_n];
		_cleanup_free_ char *url = NULL;
		bool known, meant;

		a->name = &f->req->names[*next];
		if (!a->name->anchor || !hashset_add(&f->told, key_of(a->name->anchor)))
			continue;
		a->class = entra_class_of_anchor(a->name->anchor, &a->id);
		known = a->class < ENTRA_CLASS_COUNT;
		meant = known &&
		        (!a->name->class || streq(a->name->class, entra_classes[a->class].name));
		if (!meant && tell_absent(f, a->name, !known) < 0)
			return CONN_RUN_BAD;
		if (!meant)
			continue;
		url = object_url(f, a->class, a->id);
		a->request = http_request_new("GET", url);
		a->request->headers[0] = f->c->oauth.header;
		http_start(f->c->http, a->request);
		(*ret_n)++;
	}
	return r;
}

/* What came of one of them; when the service was busy, it is asked again by itself. */
static enum conn_result finish_one(struct finder *f, const struct asked *a)
{
	const struct http_request *rq = a->request;
	struct entra_reply reply = {0};
	_cleanup_json_ json_t *json = NULL;
	enum conn_result r = CONN_OK;

	arena_reset(&f->arena);
	if (rq->outcome == HTTP_ANSWERED && rq->status != 401 && !entra_retriable(rq)) {
		r = entra_reply_of(f->c, rq, &reply, f->e);
	} else {
		if (rq->outcome == HTTP_ANSWERED && rq->status == 401)
			oauth_forget(&f->c->oauth);
		r = entra_ready(f->c, f->e);
		if (r == CONN_OK)
			r = entra_ask(f->c, rq->url, false, &reply, f->e);
	}
	json = reply.json;
	return r == CONN_OK ? take(f, a->name, a->class, a->id, &reply) : r;
}

static enum conn_result find_some(struct finder *f, unsigned *next)
{
	struct asked some[AT_ONCE];
	enum conn_result r;
	unsigned n;

	if (f->c->host->waiting)
		f->c->host->waiting(f->c->host->ctx);
	r = start_some(f, next, some, &n);
	while (http_next(f->c->http)) /* all of them: what follows may ask by itself */
		;
	for (unsigned i = 0; i < n; i++) {
		if (r == CONN_OK)
			r = finish_one(f, &some[i]);
		http_request_free(some[i].request);
	}
	return r;
}

enum conn_result entra_lookup(struct connector *c, const struct lookup_request *req,
	struct import_sink *sink, struct err *e)
{
	struct finder f = {.c = c, .req = req, .sink = sink, .e = e};
	enum conn_result r;

	if (req->n > LOOKUP_MAX) {
		err_set(e, -E2BIG, NULL, 0, "over %d objects are asked for at once", LOOKUP_MAX);
		return CONN_RUN_BAD;
	}
	f.block = attr_intern("blockOnPremisesSync");
	f.exchange_attr = attr_intern("isExchangeCloudManaged");
	r = read_all_managed(&f);
	if (r == CONN_OK)
		r = read_exchange(&f);
	for (unsigned next = 0; r == CONN_OK && next < req->n;)
		r = find_some(&f, &next);
	if (r == CONN_OK && end_flags(&f) < 0)
		r = CONN_RUN_BAD;
	http_abort(c->http);
	hashset_done(&f.managed);
	hashset_done(&f.flagged);
	exchange_list_done(&f.exchange);
	hashset_done(&f.told);
	arena_done(&f.arena);
	return r;
}
