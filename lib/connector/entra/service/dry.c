/*
 * A request as people read it, see dry.h. What is told is read from the bytes that would be sent,
 * and not made a second time.
 */
#include "connector/entra/service/dry.h"
#include "base/codec.h"
#include "connector/entra/schema.h"
#include "connector/entra/service/soap.h"
#include "net/nbfx.h"

#include <errno.h>
#include <inttypes.h>

/* A list in an arena. */
#define APPEND(list, n, cap, a, item)                                          \
	do {                                                                   \
		if ((n) == (cap)) {                                            \
			void *before = (list);                                 \
			(cap) = (cap) ? (cap)*2 : 8;                           \
			(list) = arena_alloc((a), (cap) * sizeof(*(list)));    \
			if (n)                                                 \
				memcpy((list), before, (n) * sizeof(*(list))); \
		}                                                              \
		(list)[(n)++] = (item);                                        \
	} while (0)

struct objects {
	struct nbfx_reader *r;
	struct arena *a;
	struct dry_object *items;
	unsigned n, cap;
};

/* The element's text, and its end. */
static int read_text(struct objects *o, const char **ret, struct err *e)
{
	_cleanup_buf_ struct buf b = {0};

	TRY(nbfx_read_text(o->r, &b, e));
	*ret = arena_strdup(o->a, buf_str(&b));
	return 0;
}

static bool is(const struct objects *o, const char *local)
{
	return nbfx_is(nbfx_name(o->r)->local, local);
}

/* --- values --- */

struct values {
	struct dry_value *items;
	unsigned n, cap;
};

/* Whom: an anchor; the DN of one that is a sourceAnchor. */
static int read_reference(struct objects *o, struct dry_value *ret, struct err *e)
{
	const char *kind = "";
	bool more;

	TRY(nbfx_child(o->r, &more, e));
	while (more) {
		if (is(o, "Anchor"))
			TRY(read_text(o, &ret->text, e));
		else
			TRY(read_text(o, &kind, e));
		TRY(nbfx_child(o->r, &more, e));
	}
	if (streq(kind, "2"))
		ret->dn = entra_dn(ret->text, o->a);
	return 0;
}

/* SyncReferenceChange: whom, and whether it comes or goes. */
static int read_change(struct objects *o, struct values *v, struct err *e)
{
	struct dry_value value = {'-', ""};
	const char *operation = "";
	bool more;

	TRY(nbfx_child(o->r, &more, e));
	while (more) {
		if (is(o, "Reference"))
			TRY(read_reference(o, &value, e));
		else
			TRY(read_text(o, &operation, e));
		TRY(nbfx_child(o->r, &more, e));
	}
	value.change = streq(operation, "1") ? '+' : '-';
	APPEND(v->items, v->n, v->cap, o->a, value);
	return 0;
}

static int read_changes(struct objects *o, struct values *v, struct err *e)
{
	bool more;

	TRY(nbfx_child(o->r, &more, e));
	while (more) { /* referenceChanges */
		TRY(nbfx_child(o->r, &more, e));
		while (more) {
			TRY(read_change(o, v, e));
			TRY(nbfx_child(o->r, &more, e));
		}
		TRY(nbfx_child(o->r, &more, e));
	}
	return 0;
}

static int read_list(struct objects *o, struct values *v, struct err *e)
{
	struct dry_value value = {0};
	bool more;

	TRY(nbfx_child(o->r, &more, e));
	while (more) {
		TRY(read_text(o, &value.text, e));
		APPEND(v->items, v->n, v->cap, o->a, value);
		TRY(nbfx_child(o->r, &more, e));
	}
	return 0;
}

/* c:Value: by its type; without one the attribute is cleared. */
static int read_value(struct objects *o, struct dry_property *p, struct err *e)
{
	struct dry_value value = {0};
	struct values v = {0};
	struct nbfx_text type;

	if (!nbfx_attribute(o->r, SERVICE_NS_XSI, "type", &type))
		return nbfx_skip(o->r, e);
	p->type = arena_printf(o->a, "%.*s", (int)type.n, type.s);
	if (streq(p->type, "SyncReferenceChangeCollection")) {
		TRY(read_changes(o, &v, e));
	} else if (strstr(p->type, ":ArrayOf")) {
		TRY(read_list(o, &v, e));
	} else {
		TRY(read_text(o, &value.text, e));
		APPEND(v.items, v.n, v.cap, o->a, value);
	}
	p->values = v.items;
	p->n = v.n;
	return 0;
}

/* --- objects --- */

static int read_property(struct objects *o, struct dry_property *ret, struct err *e)
{
	bool more;

	*ret = (struct dry_property){.name = ""};
	TRY(nbfx_child(o->r, &more, e));
	while (more) {
		if (is(o, "Key"))
			TRY(read_text(o, &ret->name, e));
		else
			TRY(read_value(o, ret, e));
		TRY(nbfx_child(o->r, &more, e));
	}
	return 0;
}

static int read_properties(struct objects *o, struct dry_object *ret, struct err *e)
{
	struct dry_property *items = NULL;
	unsigned n = 0, cap = 0;
	bool more;

	TRY(nbfx_child(o->r, &more, e));
	while (more) {
		struct dry_property p;

		TRY(read_property(o, &p, e));
		APPEND(items, n, cap, o->a, p);
		if (streq(p.name, "SourceAnchor") && p.n)
			ret->dn = entra_dn(p.values[0].text, o->a);
		TRY(nbfx_child(o->r, &more, e));
	}
	ret->properties = items;
	ret->n = n;
	return 0;
}

static int read_object(struct objects *o, struct err *e)
{
	struct dry_object object = {.type = "", .operation = ""};
	bool more;

	TRY(nbfx_child(o->r, &more, e));
	while (more) {
		if (is(o, "PropertyValues"))
			TRY(read_properties(o, &object, e));
		else if (is(o, "SyncObjectType"))
			TRY(read_text(o, &object.type, e));
		else if (is(o, "SyncOperation"))
			TRY(read_text(o, &object.operation, e));
		else
			TRY(nbfx_skip(o->r, e));
		TRY(nbfx_child(o->r, &more, e));
	}
	APPEND(o->items, o->n, o->cap, o->a, object);
	return 0;
}

static int read_all(struct objects *o, struct err *e)
{
	enum nbfx_event event;

	do {
		TRY(nbfx_next(o->r, &event, e));
		if (event == NBFX_START && is(o, "AzureADSyncObject"))
			TRY(read_object(o, e));
	} while (event != NBFX_DONE);
	return 0;
}

int service_message_objects(const void *data, size_t n, struct arena *a, struct dry_object **ret,
	unsigned *ret_n, struct err *e)
{
	_cleanup_nbfx_ struct nbfx_reader *r = nbfx_reader_new(data, n);
	struct objects o = {.r = r, .a = a};

	TRY(read_all(&o, e));
	*ret = o.items;
	*ret_n = o.n;
	return 0;
}

int service_tell(
	struct dry_sink *sink, const char *operation, const struct buf *request, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf text = {0};
	struct dry_message m = {.name = operation, .ending = "xml"};
	struct dry_object *objects = NULL;

	if (sink->objects) {
		TRY(service_message_objects(request->data, request->len, &a, &objects, &m.n, e));
		m.objects = objects;
	} else {
		TRY(nbfx_to_xml(request->data, request->len, &text, e));
		m.text = buf_str(&text);
	}
	return sink->message(sink, &m, e);
}

/* --- a request that is not sent --- */

#define DRY_ID "dry-run-"

bool service_is_dry_anchor(const char *anchor)
{
	return strstr(anchor, "_" DRY_ID) != NULL;
}

/*
 * Every object was taken. A new one gets an anchor that no object of the tenant has, so that its
 * references are sent, too.
 */
static void answer_all(
	const struct dry_object *objects, unsigned n, struct arena *a, struct service_answer *ret)
{
	struct service_result *results = arena_zalloc(a, (n + 1) * sizeof(*results));

	for (unsigned i = 0; i < n; i++) {
		const struct dry_property *who = objects[i].n ? &objects[i].properties[0] : NULL;
		const char *anchor = who && who->n ? who->values[0].text : "";
		bool is_cloud = who && streq(who->name, "CloudAnchor");

		results[i] = (struct service_result){
			.code = "Success",
			.text = "",
			.source_anchor = is_cloud ? "" : anchor,
			.cloud_anchor =
				is_cloud ? anchor
					 : arena_printf(a, "%s_" DRY_ID "%016" PRIx64,
						   objects[i].type, hash64(anchor, strlen(anchor))),
		};
	}
	ret->results = results;
	ret->n_results = n;
}

enum conn_result service_dry_call(const struct service *s, struct dry_sink *sink,
	const char *operation, service_write *write, void *ctx, struct arena *a,
	struct service_answer *ret, struct err *e)
{
	/* the same each time, so that two dry runs can be compared */
	static const char tracking[] = "00000000-0000-0000-0000-000000000000";
	struct service_header h = {operation, s->url, NULL, s->build, tracking};
	_cleanup_buf_ struct buf request = {0};
	struct dry_object *objects;
	unsigned n;

	service_begin(&request, &h);
	if (write)
		write(&request, ctx);
	service_end(&request);
	if (service_tell(sink, operation, &request, e) < 0 ||
		service_message_objects(request.data, request.len, a, &objects, &n, e) < 0)
		return e->code == -ECANCELED ? CONN_CANCELED : CONN_RUN_BAD;
	*ret = (struct service_answer){.configuration = {.features = -1,
					       .threshold = -1,
					       .prevention = "",
					       .name = "",
					       .tenant_id = ""}};
	answer_all(objects, n, a, ret);
	return CONN_OK;
}
