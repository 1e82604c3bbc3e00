/*
 * What Graph may answer. The first line says how it is read, the rest is JSON: a class (u, g, c), a
 * surface (s: sync, p: public Graph), what was asked (r: nothing, the object is read; f: look-up by
 * id, F: by anchor, n: create, u: update, d: delete, a: one member, A: several, x: member removed,
 * m: manager, M: manager removed) and the status; or x: a page of mailboxes that Exchange Online
 * gives. What was read must be fit for the connector space
 * and come back when it is written and read again; what an answer leads to must be writable as
 * JSON.
 */
#include "base/text.h"
#include "connector/entra/answer.h"
#include "connector/entra/body.h"
#include "connector/entra/call.h"
#include "connector/entra/mailbox.h"
#include "connector/entra/read.h"
#include "connector/entra/item.h"
#include "connector/entra/request.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#define CHECK(x)                 \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

static void check_anchor(const char *anchor)
{
	const char *id = "";

	CHECK(anchor && utf8_valid(anchor, strlen(anchor)));
	CHECK(entra_class_of_anchor(anchor, &id) != ENTRA_CLASS_COUNT && *id);
}

static void check_entry(const struct entry *en, enum entra_class class, enum entra_surface surface)
{
	CHECK(streq(en->class, entra_classes[class].name));
	check_anchor(en->anchor);
	CHECK(!en->dn || utf8_valid(en->dn, strlen(en->dn)));
	for (unsigned i = 0; i < en->n_attrs; i++) {
		const struct attr *a = &en->attrs[i];
		const struct entra_attr *row = entra_attr_of(a->id, class, surface);

		if (!row) {
			CHECK(streq(attr_name(a->id), "cloudMastered"));
			continue;
		}
		CHECK(a->count <= 1 || row->flags & SCHEMA_MULTI);
		for (unsigned k = 0; k < a->count; k++) {
			const struct value *v = &a->values[k];

			CHECK(v->type == entra_form_type(row->form));
			CHECK(entra_is_link(row) || !entra_form_problem(row->form, v));
			if (v->type == VALUE_REFERENCE)
				check_anchor(v->data);
		}
	}
}

static json_t *object_of(const struct buf *b, const char *anchor)
{
	json_t *v = json_loadb(b->data, b->len, JSON_REJECT_DUPLICATES, NULL);
	const char *id;

	CHECK(v);
	entra_class_of_anchor(anchor, &id);
	json_object_set_new(v, "id", json_string(id));
	return v;
}

/* Written as a body and read again: what was sent is the same. */
static void check_round_trip(
	const struct entry *en, enum entra_class class, enum entra_surface surface, struct arena *a)
{
	_cleanup_buf_ struct buf b = {0};
	struct entry again;
	struct ref_change *changes;
	unsigned n;
	json_t *v;

	buf_addc(&b, '{');
	entra_write(&b, &(struct entra_writing){class, surface, NULL, en, .clears = true});
	buf_addc(&b, '}');
	v = object_of(&b, en->anchor);
	entry_init(&again, a);
	CHECK(!entra_read(v, class, surface, NULL, &again, &changes, &n) && n == 0);
	json_decref(v);
	check_entry(&again, class, surface);
	for (unsigned i = 0; i < again.n_attrs; i++) {
		const struct attr *x = entry_get(en, again.attrs[i].id);

		CHECK(x ? attr_equal(&again.attrs[i], x) : !again.attrs[i].count);
	}
}

/* NULL: it was refused, with a word why. */
static struct entry *read_object(
	const json_t *json, enum entra_class class, enum entra_surface surface, struct arena *a)
{
	struct entry *en = arena_zalloc(a, sizeof(*en));
	struct ref_change *changes = NULL;
	unsigned n = 0;
	const char *wrong;

	entry_init(en, a);
	wrong = entra_read(json, class, surface, NULL, en, &changes, &n);
	if (wrong) {
		CHECK(*wrong && utf8_valid(wrong, strlen(wrong)));
		return NULL;
	}
	check_entry(en, class, surface);
	for (unsigned i = 0; i < n; i++)
		check_anchor(changes[i].target);
	check_round_trip(en, class, surface, a);
	return en;
}

/* --- answers to sub-requests --- */

static struct part *make_part(const struct connector *c, enum entra_class class, char asked,
	const struct entry *wanted, const struct delta *delta)
{
	static const char id[] = "00000000-0000-4000-8000-000000000001";
	static char anchor[64];
	struct export_item it = {
		.id = 1,
		.op = strchr("nuaAm", asked) ? DELTA_ADD : DELTA_DELETE,
		.kind = strchr("fFnu", asked) ? EXPORT_OBJECT
	                : asked == 'd'        ? EXPORT_DELETE
	                                      : EXPORT_LINK,
		.unknown_outcome = asked == 'f' || asked == 'F',
		.class = entra_classes[class].name,
		.anchor = strchr("Fn", asked) ? NULL : anchor,
		.wanted = wanted,
		.delta = delta,
		.link_attr = attr_intern(strchr("mM", asked) ? "manager" : "member"),
		.target_class = "user",
		.target_anchor = "User_00000000-0000-4000-8000-000000000002",
	};
	struct part *p;

	snprintf(anchor, sizeof(anchor), "%s%s", entra_classes[class].anchor_prefix, id);
	if (asked == 'u')
		it.op = DELTA_UPDATE;
	p = part_new(c, &it);
	for (int i = 0; asked == 'A' && i < 2; i++)
		part_join(p, &it);
	return p;
}

static void check_request(const struct connector *c, const struct part *p)
{
	_cleanup_buf_ struct buf b = {0};
	json_t *v;

	if (p->kind == PART_OUTSIDE)
		return;
	part_write(c, p, 1, &b);
	v = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	CHECK(v && json_string_value(json_object_get(v, "url"))[0] == '/');
	json_decref(v);
}

static void check_outcome(const struct export_outcome *o)
{
	CHECK(o->result == CONN_OK || o->result == CONN_OBJECT_BAD);
	if (o->anchor)
		check_anchor(o->anchor);
	if (o->result == CONN_OBJECT_BAD)
		CHECK(*o->error_type && utf8_valid(o->text, strlen(o->text)));
}

/* The same answer again and again, as long as it leads to another request. */
static void take_answer(
	const struct connector *c, struct part *p, long status, const json_t *json, struct arena *a)
{
	enum part_verdict v = PART_CHANGED;

	for (int i = 0; v == PART_CHANGED; i++) {
		enum part_kind was = p->kind;
		struct export_outcome o = {0};

		CHECK(i < 5);
		check_request(c, p);
		v = part_answer(c, p, status, json, a, &o);
		CHECK(v != PART_CHANGED || p->kind != was);
		CHECK(v != PART_SPLIT || p->n > 1);
		CHECK(v != PART_AGAIN || status == 429 || status == 503);
		if (v == PART_DONE)
			check_outcome(&o);
	}
}

/* Only whole pages count, and they lead nowhere else. */
static void read_mailboxes(const json_t *json)
{
	static const char host[] = "https://outlook.example";
	static const char url[] = "https://outlook.example/adminapi/beta/t/InvokeCommand";
	struct exchange_list list = {0};
	struct entra_pages pages = {0};
	const char *next = NULL, *wrong;

	wrong = exchange_list_page(&list, host, &pages, url, json, &next);
	CHECK(!wrong || *wrong);
	CHECK(wrong || !next || (str_starts(next, host) && !streq(next, url)));
	CHECK(list.n <= json_array_size(json_object_get(json, "value")));
	for (unsigned i = 0; i < list.n; i++)
		check_anchor(list.anchors[i]);
	exchange_list_done(&list);
}

static void run(const char *how, const json_t *json)
{
	static const char letters[] = "ugcd";
	static char base[] = "https://graph.example/v1.0";
	const char *class_letter = *how ? strchr(letters, how[0]) : NULL;
	enum entra_class class =
		class_letter ? (enum entra_class)(class_letter - letters) : ENTRA_USER;
	static const struct option_def defs[] = {{"soft_match", OPTION_BOOLEAN}};
	static char *values[] = {"yes"};
	static const struct settings settings = {
		.defs = defs, .n_defs = ARRAY_SIZE(defs), .values = values};
	struct connector c = {
		.settings = &settings,
		.surface = *how && how[1] == 's' ? ENTRA_SERVICE : ENTRA_GRAPH,
		.base = base,
		.switches = {.soft_match_upn = true},
	};
	char asked = *how && how[1] ? how[2] : 'r';
	struct entry none, *en;
	struct arena a = {0};
	struct delta d;
	struct part *p;

	en = read_object(json, class, c.surface, &a);
	entry_init(&none, &a);
	if (asked && strchr("fFnudaAxmM", asked)) {
		const struct entry *wanted = en ? en : &none;

		delta_owned(&none, wanted, false, &a, &d);
		p = make_part(&c, class, asked, wanted, &d);
		if (p->kind != PART_OUTSIDE)
			take_answer(&c, p, strtol(how + 3, NULL, 10) % 1000, json, &a);
		part_free(p);
	}
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = memchr(data, '\n', size);
	size_t n = line ? (size_t)(line - data) : size;
	char how[16] = "";
	json_t *json;

	memcpy(how, data, MIN(n, sizeof(how) - 1));
	json = line ? json_loadb((const char *)line + 1, size - n - 1, 0, NULL) : NULL;
	if (json && how[0] == 'x')
		read_mailboxes(json);
	else if (json)
		run(how, json);
	json_decref(json);
	return 0;
}
