/*
 * ReadBack, see readback.h. An object is a record in a file: the cloud anchor, and an image of the
 * values. Two indexes in memory lead to it, by the hash of either anchor.
 */
#include "connector/entra/service/readback.h"
#include "base/codec.h"
#include "connector/entra/schema.h"
#include "connector/entra/service/object.h"
#include "connector/entra/service/soap.h"
#include "model/image.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define PAGES_MAX 20000
#define TRIES 3 /* of one page, while the service is busy */
#define OBJECTS_MAX 5000000
#define MEMBERS_MAX 500 /* characters of their names */

/* Hash to offset; offsets are kept plus 1, 0: a free slot. */
struct offsets {
	struct {
		uint64_t key, at;
	} * slots;
	size_t size, n;
};

struct kept {
	uint32_t anchor_len, image_len; /* then the anchor with a NUL, and the image */
};

struct readback {
	const struct schema *schema;
	struct service_keys *keys;
	struct attr_map map; /* numbers of attributes as they are in this process */
	FILE *records, *spool;
	off_t end; /* of the records */
	struct offsets by_cloud, by_source;
	struct arena arena; /* of one object, or one page */
	struct buf image;
	/* the page that is read */
	struct buf cookie, next;
	bool has_more, more;
	int64_t fresh; /* objects that were not known */
	struct buf members;
};

/* --- indexes --- */

static size_t slot_of(const struct offsets *o, uint64_t key)
{
	size_t i = key & (o->size - 1);

	while (o->slots[i].at && o->slots[i].key != key)
		i = (i + 1) & (o->size - 1);
	return i;
}

/* False: the key was there, and leads to the new place now. */
static bool offsets_put(struct offsets *o, uint64_t key, uint64_t at)
{
	size_t i;
	bool fresh;

	if (o->n * 2 >= o->size) {
		struct offsets old = *o;

		o->size = old.size ? old.size * 2 : 1024;
		o->slots = xcalloc(o->size, sizeof(*o->slots));
		for (i = 0; i < old.size; i++)
			if (old.slots[i].at)
				o->slots[slot_of(o, old.slots[i].key)] = old.slots[i];
		free(old.slots);
	}
	i = slot_of(o, key);
	fresh = !o->slots[i].at;
	o->slots[i].key = key;
	o->slots[i].at = at + 1;
	o->n += fresh;
	return fresh;
}

static bool offsets_get(const struct offsets *o, uint64_t key, uint64_t *ret)
{
	size_t i = o->size ? slot_of(o, key) : 0;

	if (!o->size || !o->slots[i].at)
		return false;
	*ret = o->slots[i].at - 1;
	return true;
}

static uint64_t key_of(const char *text)
{
	return hash64(text, strlen(text));
}

/* A GUID may be written in either case. */
static uint64_t cloud_key(const char *anchor, struct arena *a)
{
	char *folded = arena_strdup(a, anchor);

	for (char *p = folded; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return key_of(folded);
}

/* --- records --- */

static int file_error(struct err *e)
{
	return err_set(e, errno ? -errno : -EIO, NULL, 0, "a temporary file: %s",
		strerror(errno ? errno : EIO));
}

/* Every attribute of the process has its number already. */
static uint32_t no_number(struct attr_map *map, unsigned attr)
{
	return 0;
}

/* References wait as text until all objects are known. */
static void as_text(struct entry *en)
{
	for (unsigned i = 0; i < en->n_attrs; i++)
		for (unsigned k = 0; k < en->attrs[i].count; k++)
			if (en->attrs[i].values[k].type == VALUE_REFERENCE)
				en->attrs[i].values[k].type = VALUE_STRING;
}

static int put_record(struct readback *r, struct service_given *g, struct err *e)
{
	struct kept head = {.anchor_len = (uint32_t)strlen(g->cloud_anchor) + 1};

	buf_clear(&r->image);
	as_text(&g->entry);
	if (!image_encode(&g->entry, &r->map, &r->image))
		return 0; /* larger than any object of ours */
	head.image_len = (uint32_t)r->image.len;
	errno = 0;
	if (fwrite(&head, sizeof(head), 1, r->records) != 1 ||
		fwrite(g->cloud_anchor, head.anchor_len, 1, r->records) != 1 ||
		(head.image_len && fwrite(r->image.data, head.image_len, 1, r->records) != 1))
		return file_error(e);
	if (offsets_put(&r->by_cloud, cloud_key(g->cloud_anchor, &r->arena), (uint64_t)r->end))
		r->fresh++;
	if (*g->source_anchor)
		offsets_put(&r->by_source, key_of(g->source_anchor), (uint64_t)r->end);
	r->end += (off_t)(sizeof(head) + head.anchor_len + head.image_len);
	return 0;
}

static int read_at(struct readback *r, void *to, size_t n, uint64_t at, struct err *e)
{
	ssize_t got = pread(fileno(r->records), to, n, (off_t)at);

	if (got == (ssize_t)n)
		return 0;
	if (got >= 0)
		errno = 0;
	return file_error(e);
}

/* *ret_anchor, and *ret_image unless it is NULL, in the arena. */
static int get_record(struct readback *r, uint64_t at, struct arena *a, char **ret_anchor,
	char **ret_image, size_t *ret_len, struct err *e)
{
	struct kept head;

	TRY(read_at(r, &head, sizeof(head), at, e));
	*ret_anchor = arena_alloc(a, head.anchor_len);
	TRY(read_at(r, *ret_anchor, head.anchor_len, at + sizeof(head), e));
	if (!ret_image)
		return 0;
	*ret_image = arena_alloc(a, head.image_len + 1);
	*ret_len = head.image_len;
	return read_at(r, *ret_image, head.image_len, at + sizeof(head) + head.anchor_len, e);
}

/* --- asking --- */

static int on_object(void *ctx, struct nbfx_reader *nbfx, struct err *e)
{
	struct readback *r = ctx;
	struct service_given g;

	arena_reset(&r->arena);
	TRY(service_read_object(nbfx, r->keys, &r->arena, &g, e));
	if (!g.class || !*g.cloud_anchor || g.deleted)
		return 0;
	if (r->by_cloud.n >= OBJECTS_MAX)
		return err_set(e, -EBADMSG, NULL, 0, "there are over %d objects", OBJECTS_MAX);
	return put_record(r, &g, e);
}

static void tell_member(struct readback *r, const char *name)
{
	size_t n = strlen(name);

	if (r->members.len + n > MEMBERS_MAX ||
		(r->members.len && strstr(buf_str(&r->members), name)))
		return;
	buf_addf(&r->members, "%s%s", r->members.len ? ", " : "", name);
}

static int on_member(void *ctx, const char *name, const char *text, struct err *e)
{
	struct readback *r = ctx;
	bool yes = strcasecmp(text, "true") == 0;

	if (strcasestr(name, "Cookie")) {
		buf_clear(&r->next);
		buf_adds(&r->next, text);
	} else if (yes || strcasecmp(text, "false") == 0) {
		r->has_more |= strcasestr(name, "More") != NULL;
		r->more |= yes && strcasestr(name, "More");
	} else {
		return 0;
	}
	tell_member(r, name);
	return 0;
}

static void write_question(struct buf *b, void *ctx)
{
	struct readback *r = ctx;

	nbfx_leaf(b, 0, "includeLicenseInformation", "true");
	nbfx_start(b, 0, "inputCookie");
	nbfx_declare(b, 'i', SERVICE_NS_XSI);
	if (r->cookie.len) {
		nbfx_end_text(b, buf_str(&r->cookie), r->cookie.len);
	} else {
		nbfx_put_attribute(b, 'i', "nil", "true");
		nbfx_end(b);
	}
	nbfx_leaf(b, 0, "isFullSync", "true");
}

/* Does another page follow? The cookie of it is r->cookie then. */
static bool goes_on(struct readback *r)
{
	/* without a word about more, a page that has nothing new is behind the last one */
	bool more = r->has_more ? r->more : r->fresh > 0;

	if (!r->next.len || !more || strcmp(buf_str(&r->next), buf_str(&r->cookie)) == 0)
		return false;
	buf_clear(&r->cookie);
	buf_add(&r->cookie, r->next.data, r->next.len);
	return true;
}

static enum conn_result ask_page(struct readback *r, struct service *s, struct err *e)
{
	const struct service_listener listener = {on_object, on_member, r};
	_cleanup_arena_ struct arena a = {0};
	struct service_answer answer;
	enum conn_result cr;
	bool unknown;

	buf_clear(&r->next);
	r->has_more = r->more = false;
	r->fresh = 0;
	s->spool = r->spool;
	s->listener = &listener;
	cr = service_call(s, READBACK_OPERATION, write_question, r, &a, &answer, &unknown, e);
	s->spool = NULL;
	s->listener = NULL;
	return cr;
}

/* It changes nothing there, so a busy service is asked again. */
static enum conn_result ask_patiently(struct readback *r, struct service *s, struct err *e)
{
	for (unsigned tries = 1;; tries++) {
		enum conn_result cr = ask_page(r, s, e);

		if (cr != CONN_DOWN || tries == TRIES)
			return cr;
		if (http_sleep(s->http, (double)(1u << tries) / 2)) {
			err_set(e, -ECANCELED, s->host, 0, "the import was stopped");
			return CONN_CANCELED;
		}
	}
}

static enum conn_result ask_pages(struct readback *r, struct service *s, struct err *e)
{
	for (unsigned page = 0; page < PAGES_MAX; page++) {
		enum conn_result cr = ask_patiently(r, s, e);

		if (cr != CONN_OK)
			return cr;
		if (!goes_on(r))
			return CONN_OK;
	}
	err_set(e, -EPROTO, s->host, 0, "the answer has over %d pages", PAGES_MAX);
	return CONN_RUN_BAD;
}

enum conn_result readback_ask(
	struct service *s, const struct schema *schema, struct readback **ret, struct err *e)
{
	struct readback *r = xcalloc(1, sizeof(*r));
	enum conn_result cr = CONN_RUN_BAD;

	r->schema = schema;
	for (unsigned i = 0; i < ATTR_MAX; i++)
		r->map.to_store[i] = r->map.from_store[i] = i;
	r->map.add = no_number;
	r->keys = service_keys_new(schema);
	r->records = tmpfile();
	r->spool = tmpfile();
	if (r->records && r->spool)
		cr = ask_pages(r, s, e);
	else
		(void)file_error(e);
	if (r->spool)
		fclose(r->spool);
	r->spool = NULL;
	errno = 0;
	if (cr == CONN_OK && fflush(r->records) != 0) {
		(void)file_error(e);
		cr = CONN_RUN_BAD;
	}
	if (cr != CONN_OK)
		readback_free(r);
	else
		*ret = r;
	return cr;
}

void readback_free(struct readback *r)
{
	if (!r)
		return;
	if (r->records)
		fclose(r->records);
	service_keys_free(r->keys);
	free(r->by_cloud.slots);
	free(r->by_source.slots);
	arena_done(&r->arena);
	buf_done(&r->image);
	buf_done(&r->cookie);
	buf_done(&r->next);
	buf_done(&r->members);
	free(r);
}

int64_t readback_objects(const struct readback *r)
{
	return (int64_t)r->by_cloud.n;
}

const char *readback_members(const struct readback *r)
{
	return buf_str(&r->members);
}

/* --- adding --- */

/* The anchor of the object with a source anchor; NULL: the service has none. */
static int target_of(
	struct readback *r, const char *source_anchor, struct arena *a, char **ret, struct err *e)
{
	uint64_t at;

	*ret = NULL;
	return offsets_get(&r->by_source, key_of(source_anchor), &at)
	               ? get_record(r, at, a, ret, NULL, NULL, e)
	               : 0;
}

static int put_references(
	struct readback *r, struct entry *en, const struct attr *from, unsigned id, struct err *e)
{
	entry_clear(en, id);
	for (unsigned i = 0; i < from->count; i++) {
		char *anchor;

		TRY(target_of(r, from->values[i].data, en->arena, &anchor, e));
		if (anchor)
			entry_add(en, id, value_reference(anchor));
	}
	return 0;
}

/* What Graph does not show, as the service has it. */
static int add_all(struct readback *r, struct entry *en, const struct entry *given, struct err *e)
{
	const struct schema_class *class = schema_class_find(r->schema, en->class);

	for (unsigned i = 0; class && i < class->n_attrs; i++) {
		const struct schema_attr *at = &class->attrs[i];
		unsigned id = attr_intern(at->name);
		const struct attr *from = entry_get(given, id);

		if (!(at->flags & SCHEMA_UNREADABLE) || !from || !from->count)
			continue;
		if (at->type == VALUE_REFERENCE)
			TRY(put_references(r, en, from, id, e));
		else
			entry_set_all(en, id, from->values, from->count);
	}
	return 0;
}

int readback_add(struct readback *r, struct entry *en, bool *ret_known, struct err *e)
{
	struct entry given;
	const char *source_anchor;
	char *anchor, *image;
	uint64_t at;
	size_t n;

	*ret_known = false;
	if (!offsets_get(&r->by_cloud, cloud_key(en->anchor, en->arena), &at))
		return 0;
	TRY(get_record(r, at, en->arena, &anchor, &image, &n, e));
	entry_init(&given, en->arena);
	if (strcasecmp(anchor, en->anchor) != 0 || !image_decode(image, n, &r->map, &given))
		return 0;
	*ret_known = true;
	TRY(add_all(r, en, &given, e));
	source_anchor = entry_string(&given, attr_intern("sourceAnchor"));
	if (source_anchor && *source_anchor)
		en->dn = entra_dn(source_anchor, en->arena);
	return 0;
}
