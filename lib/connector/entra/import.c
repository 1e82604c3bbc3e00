/*
 * Import: delta queries of users, groups and contacts side by side, of devices too where rules read
 * them, then the lists of objects whose isCloudManaged is true (delta queries do not report that).
 * The cursor is the delta links; a link that the service has forgotten (410) makes the whole import
 * a full one. Devices ask for a right of their own: without it the rest is imported, and those that
 * are known stay as they are.
 */
#include "connector/entra/import.h"
#include "connector/entra/call.h"
#include "connector/entra/cursor.h"
#include "connector/entra/error.h"
#include "connector/entra/parse.h"
#include "connector/entra/read.h"
#include "connector/entra/service/readback.h"

#include <errno.h>
#include <stdio.h>

#define PAGE_MIN 5
#define NOTES_MAX 50 /* of quarantined values, in one import */

enum stream_kind { STREAM_DELTA, STREAM_FLAGS };

struct stream {
	enum stream_kind kind;
	enum entra_class class;
	struct http_request *request;
	char *delta_link; /* where the next import starts; NULL until the end is reached */
	int tries;
	int page_size; /* halved when the service fails at a page */
	struct entra_pages pages;
	char prefer[64];
	bool done;
	json_t *first; /* the first answer, kept until all first answers are there */
};

struct graph_import {
	struct connector *c;
	struct import_sink *sink;
	struct import_answer *answer;
	struct err *e;
	struct stream streams[2 * ENTRA_CLASS_COUNT];
	unsigned n_streams;
	struct optional {
		bool wanted;          /* always imported, or read by rules */
		bool refused, before; /* a role is missing; it was at the last import */
		char why[256];
	} classes[ENTRA_CLASS_COUNT];
	struct arena arena; /* of one object */
	struct arena flags; /* anchors whose isCloudManaged is true */
	struct {
		const char **anchors;
		unsigned n, cap;
	} flagged[ENTRA_CLASS_COUNT];
	bool restart;                      /* 410: the delta links are void */
	bool unflagged[ENTRA_CLASS_COUNT]; /* the list has an item that cannot be read */
	struct exchange_list exchange;
	struct readback *readback; /* surface service, a full import; NULL: not known */
	unsigned n_notes;
	char *told_before;  /* roles that the last import named as missing; NULL: none */
	struct buf missing; /* those that are missing now */
};

static char *first_url(struct graph_import *im, const struct stream *s)
{
	const struct entra_class_info *info = &entra_classes[s->class];
	_cleanup_buf_ struct buf b = {0};

	if (s->kind == STREAM_FLAGS) {
		buf_addf(&b,
			"%s/%s?$filter=onPremisesSyncBehavior/isCloudManaged%%20eq%%20true"
			"&$select=id&$count=true&$top=999",
			im->c->base, info->collection);
	} else {
		buf_addf(&b, "%s/%s/delta?$select=", im->c->base, info->collection);
		entra_select(&b, s->class, im->c->surface, im->c->extensions);
	}
	return buf_steal(&b);
}

/* Headers must be set before each send: the token may have been renewed. */
static void start(struct graph_import *im, struct stream *s)
{
	struct http_request *r = s->request;

	snprintf(s->prefer, sizeof(s->prefer), "Prefer: odata.maxpagesize=%d", s->page_size);
	r->headers[0] = im->c->oauth.header;
	r->headers[1] = s->kind == STREAM_FLAGS ? "ConsistencyLevel: eventual" : s->prefer;
	r->ctx = s;
	http_start(im->c->http, r);
}

static void stream_begin(struct graph_import *im, struct stream *s, const char *delta_link)
{
	char *url = delta_link ? xstrdup(delta_link) : first_url(im, s);

	s->request = http_request_new("GET", url);
	free(url);
	start(im, s);
}

static void stream_end(struct stream *s)
{
	http_request_free(s->request);
	s->request = NULL;
	free(s->delta_link);
	s->delta_link = NULL;
	json_decref(s->first);
	s->first = NULL;
	s->done = false;
	s->tries = 0;
	s->pages = (struct entra_pages){0};
}

static void drain(struct graph_import *im)
{
	while (http_next(im->c->http))
		;
}

static enum conn_result bad_page(struct graph_import *im, const struct stream *s, const char *what)
{
	err_set(im->e, -EPROTO, im->c->graph, 0, "the answer to GET %.400s %s", s->request->url,
		what);
	return CONN_RUN_BAD;
}

/*
 * Duplicate attribute resiliency: the service took the object without a value that another one has
 * already, and says so only there.
 */
static void note_quarantine(struct graph_import *im, const struct entry *en)
{
	static unsigned errors, name;
	const struct attr *a;
	const char *text;

	if (!errors) {
		errors = attr_intern("onPremisesProvisioningErrors");
		name = attr_intern("displayName");
	}
	a = entry_get(en, errors);
	if (!a || !a->count || !im->sink->note || im->n_notes++ >= NOTES_MAX)
		return;
	text = entry_string(en, name);
	im->sink->note(im->sink, arena_printf(&im->arena,
					 "%s (%s): the service has quarantined %s, because another "
					 "object has it already",
					 text ? text : "an object", en->anchor, a->values[0].data));
}

static int delta_object(struct graph_import *im, struct stream *s, const json_t *json)
{
	struct import_object o = {.partial = true};
	struct entry en;
	const char *wrong;
	const char *id = entra_id(json);

	arena_reset(&im->arena);
	entry_init(&en, &im->arena);
	o.entry = &en;
	if (json_object_get(json, "@removed") && id) {
		o.deleted = true;
		en.class = entra_classes[s->class].name;
		en.anchor =
			arena_printf(&im->arena, "%s%s", entra_classes[s->class].anchor_prefix, id);
		return im->sink->object(im->sink, &o, im->e);
	}
	wrong = entra_read(json, s->class, im->c->surface, im->c->extensions, &en,
		(struct ref_change **)&o.changes, &o.n_changes);
	if (wrong)
		return im->sink->bad(im->sink, en.anchor ? en.anchor : "-", en.anchor,
			error_type_word(ERROR_TYPE_INVALID_VALUE), wrong, im->e);
	if (im->answer->full)
		entra_read_absent(s->class, im->c->extensions, &en);
	if (im->readback && readback_add(im->readback, &en, &o.tells_hidden, im->e) < 0)
		return im->e->code;
	note_quarantine(im, &en);
	return im->sink->object(im->sink, &o, im->e);
}

/* An item that cannot be read may be any object: none of the class is released this time. */
static int flag_object(struct graph_import *im, struct stream *s, const json_t *json)
{
	const char *id = entra_id(json);

	if (!id) {
		im->unflagged[s->class] = true;
		return im->sink->bad(im->sink, "-", NULL,
			entra_error_word(ENTRA_ERROR_INVALID_RESPONSE),
			"an object without id in the list of those managed in the cloud", im->e);
	}
	if (im->flagged[s->class].n == im->flagged[s->class].cap) {
		im->flagged[s->class].cap = MAX(64u, im->flagged[s->class].cap * 2);
		im->flagged[s->class].anchors = xrealloc(
			im->flagged[s->class].anchors, im->flagged[s->class].cap * sizeof(char *));
	}
	im->flagged[s->class].anchors[im->flagged[s->class].n++] =
		arena_printf(&im->flags, "%s%s", entra_classes[s->class].anchor_prefix, id);
	return 0;
}

/* Objects of one page, then the next request or the end. */
static enum conn_result page(struct graph_import *im, struct stream *s, const json_t *json)
{
	const json_t *value = json_object_get(json, "value");
	const char *next, *delta, *wrong;
	size_t i;
	json_t *item;
	int r = 0;

	wrong = entra_next_page(im->c, &s->pages, s->request->url, json, &next);
	if (!wrong)
		wrong = entra_link(im->c, json, "@odata.deltaLink", &delta);
	if (wrong)
		return bad_page(im, s, wrong);
	if (s->kind == STREAM_DELTA && !next && !delta)
		return bad_page(im, s, "has no @odata.nextLink and no @odata.deltaLink");
	if (next) { /* under way while this page is handed out */
		free(s->request->url);
		s->request->url = xstrdup(next);
		s->tries = 0;
		start(im, s);
	} else {
		s->done = true;
		s->delta_link = delta ? xstrdup(delta) : NULL;
	}
	json_array_foreach ((json_t *)value, i, item) {
		if (r >= 0)
			r = s->kind == STREAM_FLAGS ? flag_object(im, s, item)
			                            : delta_object(im, s, item);
	}
	return r < 0 ? CONN_RUN_BAD : CONN_OK;
}

/* Did the service fail at the page itself? A smaller one may pass. */
static bool is_too_much(const struct http_request *r)
{
	return r->outcome == HTTP_UNKNOWN ||
	       (r->outcome == HTTP_ANSWERED && r->status >= 500 && r->status != 503);
}

/*
 * Without knowing who has the authority nothing may be exported, so the import ends; the message
 * names the role that the tenant probably asks for.
 */
static enum conn_result refused(struct graph_import *im, const struct stream *s)
{
	const struct entra_class_info *info = &entra_classes[s->class];
	enum conn_result r = entra_refused(im->c, s->request, im->e);
	size_t used = strlen(im->e->text);

	if (s->kind == STREAM_FLAGS && s->request->outcome == HTTP_ANSWERED &&
		s->request->status == 403 && !oauth_has_role(&im->c->oauth, info->soa_role))
		snprintf(im->e->text + used, sizeof(im->e->text) - used,
			"; to know which %s have their source of authority in the cloud, the "
			"application needs the role %s",
			info->collection, info->soa_role);
	return r;
}

/* A read that did not succeed: once more after a while, or the end. */
static enum conn_result try_again(struct graph_import *im, struct stream *s)
{
	struct http_request *r = s->request;

	if (r->outcome == HTTP_ANSWERED && r->status == 401 && s->tries++ == 0) {
		enum conn_result cr;

		drain(im); /* what else is in flight would be refused as well */
		oauth_forget(&im->c->oauth);
		cr = entra_ready(im->c, im->e);
		if (cr != CONN_OK)
			return cr;
		for (unsigned i = 0; i < im->n_streams; i++)
			if (im->streams[i].request && !im->streams[i].done && !im->streams[i].first)
				start(im, &im->streams[i]);
		return CONN_OK;
	}
	if (!entra_retriable(r) || ++s->tries >= ENTRA_TRIES)
		return refused(im, s);
	if (s->tries > 1 && is_too_much(r))
		s->page_size = MAX(s->page_size / 2, PAGE_MIN);
	if (http_sleep(im->c->http, entra_backoff(s->tries, r->retry_after))) {
		err_set(im->e, -ECANCELED, im->c->graph, 0, "the import was stopped");
		return CONN_CANCELED;
	}
	start(im, s);
	return CONN_OK;
}

/* The right to read the class is missing: it is left out, and what is known of it stays. */
static void leave_out(struct graph_import *im, struct stream *s)
{
	struct optional *class = &im->classes[s->class];
	json_t *json = entra_parse(s->request->answer.data, s->request->answer.len, 0);
	const char *code, *message;

	entra_error(json, &code, &message);
	snprintf(class->why, sizeof(class->why), "%.60s: %.150s", code, message);
	json_decref(json);
	class->refused = true;
	s->done = true;
}

static enum conn_result answer(struct graph_import *im, struct stream *s, json_t **ret)
{
	struct http_request *r = s->request;

	*ret = NULL;
	if (r->outcome == HTTP_ANSWERED && r->status == 403 && entra_classes[s->class].role) {
		leave_out(im, s);
		return CONN_OK;
	}
	if (r->outcome == HTTP_ANSWERED && r->status == 410 && s->kind == STREAM_DELTA) {
		im->restart = true;
		return CONN_OK;
	}
	if (r->outcome != HTTP_ANSWERED || r->status != 200)
		return try_again(im, s);
	*ret = entra_parse(r->answer.data, r->answer.len, 0);
	buf_clear(&r->answer);
	return *ret ? CONN_OK : bad_page(im, s, "is not JSON");
}

/* Every stream's first answer, so that a 410 is known before anything is handed out. */
static enum conn_result first_answers(struct graph_import *im)
{
	struct http_request *r;

	while ((r = http_next(im->c->http))) {
		struct stream *s = r->ctx;
		enum conn_result cr = answer(im, s, &s->first);

		if (cr != CONN_OK)
			return cr;
	}
	return CONN_OK;
}

static enum conn_result all_pages(struct graph_import *im)
{
	struct http_request *r;
	enum conn_result cr;
	json_t *json;

	for (unsigned i = 0; i < im->n_streams; i++) {
		if (!im->streams[i].first) /* left out */
			continue;
		cr = page(im, &im->streams[i], im->streams[i].first);
		json_decref(im->streams[i].first);
		im->streams[i].first = NULL;
		if (cr != CONN_OK)
			return cr;
	}
	while ((r = http_next(im->c->http))) {
		cr = answer(im, r->ctx, &json);
		if (cr == CONN_OK && json)
			cr = page(im, r->ctx, json);
		json_decref(json);
		if (cr != CONN_OK)
			return cr;
		if (im->restart) {
			/* in the middle: what was delivered stands, the next import is full */
			if (im->sink->cursor(im->sink, "", 0, im->e) >= 0)
				err_set(im->e, -EAGAIN, im->c->graph, 0,
					"the service forgot the delta query while it ran (410); "
					"the next import is a full one");
			return CONN_DOWN;
		}
	}
	return CONN_OK;
}

static int deliver_flags(struct graph_import *im)
{
	unsigned attr = attr_intern("blockOnPremisesSync");

	for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++) {
		if (entra_classes[c].role) /* has no source of authority to be switched */
			continue;
		for (unsigned i = 0; i < im->flagged[c].n; i++)
			if (im->sink->flag(im->sink, entra_classes[c].name, attr,
				    im->flagged[c].anchors[i], im->e) < 0)
				return -1;
		if (!im->unflagged[c] &&
			im->sink->flag(im->sink, entra_classes[c].name, attr, NULL, im->e) < 0)
			return -1;
	}
	return 0;
}

/* Classes that were not asked for, or refused: nothing is gone for that. */
static int deliver_kept(struct graph_import *im)
{
	for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++) {
		const struct optional *class = &im->classes[c];
		const struct entra_class_info *info = &entra_classes[c];

		if (class->wanted && !class->refused)
			continue;
		if (im->sink->keep(im->sink, info->name, im->e) < 0)
			return -1;
		if (!class->refused || class->before)
			continue;
		arena_reset(&im->arena);
		im->sink->note(im->sink,
			arena_printf(&im->arena,
				"rules read %s, but the application may not read them (403 %s): "
				"give it the role %s. Everything else is imported, and the known "
				"%s stay as they are; what is exported of them is not confirmed",
				info->collection, class->why, info->role, info->collection));
	}
	return 0;
}

/* The roles of the source of authority that are missing are named once, and when they change. */
static void tell_roles(struct graph_import *im)
{
	_cleanup_buf_ struct buf classes = {0};

	for (unsigned c = 0; !im->c->clouds && c < ENTRA_CLASS_COUNT; c++) {
		const struct entra_class_info *info = &entra_classes[c];

		if (!info->soa_role || oauth_has_role(&im->c->oauth, info->soa_role))
			continue;
		buf_addf(&im->missing, "%s%s", im->missing.len ? ", " : "", info->soa_role);
		buf_addf(&classes, "%s%s", classes.len ? ", " : "", info->collection);
	}
	if (!im->missing.len || (im->told_before && streq(im->told_before, buf_str(&im->missing))))
		return;
	arena_reset(&im->arena);
	im->sink->note(im->sink, arena_printf(&im->arena,
					 "the application does not have the role%s %s: it cannot "
					 "change the source of authority of %s, and the tenant may "
					 "refuse to say which of them have it in the cloud",
					 strchr(buf_str(&im->missing), ',') ? "s" : "",
					 buf_str(&im->missing), buf_str(&classes)));
}

static int put_cursor(struct graph_import *im)
{
	struct entra_cursor cursor = {.told = im->missing.len ? buf_str(&im->missing) : NULL};
	_cleanup_free_ char *text = NULL;

	cursor.exchange = im->exchange.state;
	for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++) {
		cursor.classes[c].wanted = im->classes[c].wanted;
		cursor.classes[c].left_out = im->classes[c].refused;
	}
	for (unsigned i = 0; i < im->n_streams; i++)
		if (im->streams[i].kind == STREAM_DELTA)
			cursor.classes[im->streams[i].class].link = im->streams[i].delta_link;
	text = entra_cursor_write(&cursor, im->c);
	return im->sink->cursor(im->sink, text, strlen(text), im->e);
}

static void add_stream(struct graph_import *im, enum stream_kind kind, enum entra_class class)
{
	struct stream *s = &im->streams[im->n_streams++];

	s->kind = kind;
	s->class = class;
	s->page_size = (int)setting_number(im->c->settings, "page_size");
}

/*
 * What Graph does not show. Without it groups, contacts and devices are recognized by other values,
 * and what is never shown is taken to be there.
 */
static enum conn_result read_back(struct graph_import *im)
{
	struct err why = {0};
	enum conn_result r;

	if (im->c->surface != ENTRA_SERVICE || im->readback)
		return CONN_OK;
	r = readback_ask(&im->c->service,
		im->c->extensions ? im->c->extensions->schema : entra_schema(im->c->surface),
		&im->readback, &why);
	if (r == CONN_CANCELED)
		*im->e = why;
	if (r == CONN_CANCELED || !im->sink->note)
		return r == CONN_CANCELED ? r : CONN_OK;
	arena_reset(&im->arena);
	if (r != CONN_OK)
		im->sink->note(im->sink,
			arena_printf(&im->arena,
				"the provisioning service did not tell what it has (%s: %s). The "
				"import goes on without it: groups and contacts whose names in the "
				"connector space are not known are recognized by their SID or "
				"address, and what Graph does not show is taken to be as it was "
				"sent",
				READBACK_OPERATION, why.text));
	else if (*readback_members(im->readback))
		im->sink->note(im->sink,
			arena_printf(&im->arena,
				"what the provisioning service told of its objects came with %s",
				readback_members(im->readback)));
	return CONN_OK;
}

/* cursor NULL: everything is read. */
static void begin_all(struct graph_import *im, const struct entra_cursor *cursor)
{
	for (unsigned i = 0; i < im->n_streams; i++)
		stream_end(&im->streams[i]);
	im->n_streams = 0;
	for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++) {
		im->classes[c].refused = false;
		if (im->classes[c].wanted)
			add_stream(im, STREAM_DELTA, (enum entra_class)c);
	}
	for (unsigned c = 0; !im->c->clouds && c < ENTRA_CLASS_COUNT; c++)
		if (!entra_classes[c].role)
			add_stream(im, STREAM_FLAGS, (enum entra_class)c);
	for (unsigned i = 0; i < im->n_streams; i++) {
		struct stream *s = &im->streams[i];
		bool goes_on = cursor && s->kind == STREAM_DELTA;

		stream_begin(im, s, goes_on ? cursor->classes[s->class].link : NULL);
	}
}

/* The right that was missing is there now: what went meanwhile is known only by reading all. */
static bool is_granted(const struct graph_import *im)
{
	for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++)
		if (im->classes[c].wanted && im->classes[c].before && !im->classes[c].refused)
			return true;
	return false;
}

static enum conn_result import_all(struct graph_import *im, const struct import_request *req)
{
	struct entra_cursor cursor = {0};
	enum exchange_state exchange;
	enum conn_result r;
	bool first;

	for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++)
		im->classes[c].wanted = cursor.classes[c].wanted =
			!entra_classes[c].role || import_reads(req, entra_classes[c].name);
	im->answer->full =
		!entra_cursor_read(&cursor, im->c, req->cursor, req->cursor_len) || req->full;
	for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++)
		im->classes[c].before = cursor.classes[c].left_out;
	exchange = cursor.exchange;
	first = !cursor.json;
	r = exchange_list_read(im->c, &im->exchange, im->e);
	if (r == CONN_OK && im->answer->full)
		r = read_back(im);
	if (r == CONN_OK)
		begin_all(im, im->answer->full ? NULL : &cursor);
	im->told_before = cursor.told ? xstrdup(cursor.told) : NULL;
	entra_cursor_done(&cursor);
	if (r == CONN_OK)
		r = first_answers(im);
	if (r == CONN_OK && (im->restart || (!im->answer->full && is_granted(im)))) {
		http_abort(im->c->http);
		im->restart = false;
		im->answer->full = true;
		r = read_back(im);
		if (r == CONN_OK) {
			begin_all(im, NULL);
			r = first_answers(im);
		}
		if (r == CONN_OK && im->restart) {
			err_set(im->e, -EPROTO, im->c->graph, 0,
				"the service answered 410 (start again) to a delta query that was "
				"a start");
			r = CONN_RUN_BAD;
		}
	}
	if (r == CONN_OK)
		r = all_pages(im);
	if (r == CONN_OK)
		tell_roles(im);
	/* isCloudManaged first: who has it instead of the smaller flag is given back nothing */
	if (r == CONN_OK && (deliver_flags(im) < 0 ||
				    exchange_list_deliver(
					    &im->exchange, exchange, first, im->sink, im->e) < 0 ||
				    deliver_kept(im) < 0 || put_cursor(im) < 0))
		r = CONN_RUN_BAD;
	return r;
}

enum conn_result entra_import(struct connector *c, const struct import_request *req,
	struct import_sink *sink, struct import_answer *ret, struct err *e)
{
	struct graph_import im = {.c = c, .sink = sink, .answer = ret, .e = e};
	enum conn_result r = entra_ready(c, e);

	if (r == CONN_OK) {
		r = import_all(&im, req);
		http_abort(c->http);
	}
	for (unsigned i = 0; i < im.n_streams; i++)
		stream_end(&im.streams[i]);
	for (unsigned i = 0; i < ENTRA_CLASS_COUNT; i++)
		free(im.flagged[i].anchors);
	free(im.told_before);
	buf_done(&im.missing);
	arena_done(&im.arena);
	arena_done(&im.flags);
	exchange_list_done(&im.exchange);
	readback_free(im.readback);
	return r;
}
