/* What check_object() decides, by what is known of an object; and what it must not say. */
#include "../check.h"
#include "base/err.h"
#include "base/timefmt.h"
#include "sync/migration/check.h"

#include <stdio.h>

#define NOW 1700000000

struct heard {
	struct readiness_sink sink;
	unsigned n[READINESS_COUNT];
	char text[READINESS_COUNT][512]; /* the last one's */
};

static void hear(
	struct readiness_sink *sink, enum readiness what, const char *attr, const char *text)
{
	struct heard *h = container_of(sink, struct heard, sink);

	h->n[what]++;
	snprintf(h->text[what], sizeof(h->text[what]), "%s", text);
}

static enum subject_kind kind(const char *class)
{
	return SUBJECT_USER;
}

static enum attr_use use(const char *attr)
{
	if (streq(attr, "boss") || streq(attr, "members"))
		return ATTR_USE_KEPT;
	if (streq(attr, "clock"))
		return ATTR_USE_OWN;
	return streq(attr, "backlink") ? ATTR_USE_PARENTS : ATTR_USE_VALUE;
}

static bool is_reference(const struct value *v)
{
	return v->type == VALUE_REFERENCE;
}

static void look(const struct entry *en, struct readiness_sink *sink)
{
	if (entry_get(en, attr_intern("mail")))
		readiness_tell(sink, READINESS_MAILBOX, "mail", "x");
	if (entry_get(en, attr_intern("card")))
		readiness_tell(sink, READINESS_SMART_CARD, "card", "x");
}

static const struct readiness_facts facts = {"changed", kind, use, is_reference, look};

struct world {
	struct arena arena;
	struct entry live;
	struct check_object o;
};

/* A user without a fault. */
static void world_init(struct world *w)
{
	*w = (struct world){0};
	entry_init(&w->live, &w->arena);
	w->o = (struct check_object){.place = PLACE_SYNCED,
		.kind = SUBJECT_USER,
		.facts = &facts,
		.live = &w->live,
		.asked = true,
		.now = NOW,
		.wait = 3600};
}

/* The codes that it tells, in the table's order: "a b". */
static void expect(struct world *w, const char *codes)
{
	struct heard h = {.sink = {hear}};
	char text[512] = "";

	check_object(&w->o, &h.sink);
	for (unsigned i = 0; i < READINESS_COUNT; i++)
		if (h.n[i])
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				*text ? " " : "", readiness_rows[i].code);
	assert_string_equal(text, codes);
	arena_done(&w->arena);
}

#define WORLD           \
	struct world w; \
	world_init(&w)

static void test_states(void **state)
{
	static const struct {
		enum place place;
		const char *convert, *back;
	} rows[] = {
		{PLACE_SYNCED, "", "not-converted"},
		{PLACE_EXCHANGE_ONLY, "", ""},
		{PLACE_CONVERTED, "already-converted", ""},
		{PLACE_ROLLED_BACK, "not-confirmed", "not-converted"},
		{PLACE_UNKNOWN, "not-synced", "not-converted"},
		{PLACE_NATIVE, "not-synced", "not-converted"},
		{PLACE_OTHER, "not-synced", "not-converted"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		WORLD;
		w.o.place = rows[i].place;
		expect(&w, rows[i].convert);
		world_init(&w);
		w.o.place = rows[i].place;
		w.o.purpose = CHECK_ROLLBACK;
		expect(&w, rows[i].back);
	}
}

static void test_not_as_the_cloud_has_it(void **state)
{
	WORLD;
	w.o.error = "x";
	w.o.pending = "x";
	w.o.awaiting = true;
	w.o.changed = "x";
	expect(&w, "not-confirmed pending-change object-error not-imported");
	world_init(&w);
	w.o.problem = "who?";
	w.o.pending = "x";
	expect(&w, "not-found");
}

/* What cannot be asked or read is said, never taken for "nothing". */
static void test_source(void **state)
{
	WORLD;
	w.o.live = NULL;
	expect(&w, "not-in-source");
	world_init(&w);
	w.o.live = NULL;
	w.o.unread = "no right";
	expect(&w, "object-error");
	world_init(&w);
	w.o.live = NULL;
	w.o.asked = false;
	expect(&w, "read-from-store");
	world_init(&w);
	w.o.facts = NULL;
	w.o.live = NULL;
	w.o.asked = false;
	expect(&w, "not-in-source");
}

static void changed_at(int64_t t, const char *codes)
{
	char text[TIME_TEXT_SIZE];

	WORLD;
	entry_set(&w.live, attr_intern("changed"), value_string(gentime_format(t, text)));
	expect(&w, codes);
}

static void test_time(void **state)
{
	changed_at(NOW - 3599, "changed-recently");
	changed_at(NOW + 500, "changed-recently");
	changed_at(NOW - 3600, "");
	changed_at(NOW - 900000, "");
}

/* One reference of a user or a group. */
static void refers(enum subject_kind who, struct check_ref ref, const char *codes)
{
	WORLD;
	ref.dn = "CN=x";
	w.o.kind = who;
	w.o.refs = &ref;
	w.o.n_refs = 1;
	expect(&w, codes);
}

static void test_references(void **state)
{
	const struct check_ref good = {"boss", "", SUBJECT_USER, true, true, false};
	const struct check_ref member = {"members", "", SUBJECT_USER, true, true, false};
	struct check_ref r;

	refers(SUBJECT_USER, good, "");
	refers(SUBJECT_GROUP, member, "");
	r = good;
	r.synced = false;
	refers(SUBJECT_USER, r, "reference-not-synced");
	r.attr = "members";
	refers(SUBJECT_GROUP, r, "member-not-synced");
	r = good;
	r.same_domain = false;
	refers(SUBJECT_USER, r, "reference-other-domain");
	r = good;
	r.kind = SUBJECT_CONTACT;
	refers(SUBJECT_USER, r, "reference-not-a-user");
	r = member;
	r.kind = SUBJECT_GROUP;
	refers(SUBJECT_GROUP, r, "nested-group");
	r.converted = true;
	refers(SUBJECT_GROUP, r, "");
	r = good;
	r.attr = "owner";
	refers(SUBJECT_USER, r, "synced-reference");
	r.synced = false;
	refers(SUBJECT_USER, r, "reference-not-synced");
	r.attr = "backlink";
	refers(SUBJECT_USER, r, "");
	r.attr = "clock";
	refers(SUBJECT_USER, r, "");
}

static void test_what_no_rule_brings(void **state)
{
	struct unsynced_attr attrs[] = {{attr_intern("badge"), 1, NULL},
		{attr_intern("owner"), 1, "it is a reference"}, {attr_intern("clock"), 1, NULL}};
	const struct unsynced u = {attrs, ARRAY_SIZE(attrs), "extensions = badge"};
	struct check_ref ref = {"owner", "CN=x", SUBJECT_USER, true, true, false};

	WORLD;
	entry_set(&w.live, attrs[0].attr, value_string("4711"));
	entry_set(&w.live, attrs[1].attr, value_reference("CN=x"));
	entry_set(&w.live, attrs[2].attr, value_string("12:00"));
	w.o.refs = &ref;
	w.o.n_refs = 1;
	w.o.unsynced = &u;
	expect(&w, "other-reference attribute-not-synced");
}

static void in_group(enum subject_kind who, bool synced, bool converted, const char *codes)
{
	const struct check_ref parent = {NULL, "CN=g", SUBJECT_GROUP, synced, true, converted};

	WORLD;
	w.o.kind = who;
	w.o.parents = &parent;
	w.o.n_parents = 1;
	expect(&w, codes);
}

static void test_groups_that_have_it(void **state)
{
	in_group(SUBJECT_GROUP, true, false, "parent-group");
	in_group(SUBJECT_USER, true, false, "keep-in-scope");
	in_group(SUBJECT_GROUP, true, true, "");
	in_group(SUBJECT_USER, true, true, "");
	in_group(SUBJECT_GROUP, false, false, "");
}

/* Thousands of the same are told as some, and a number. */
static void test_many(void **state)
{
	struct check_ref refs[100];
	struct heard h = {.sink = {hear}};

	WORLD;
	for (unsigned i = 0; i < 100; i++)
		refs[i] = (struct check_ref){"members", "CN=x", SUBJECT_USER, false, true, false};
	w.o.kind = SUBJECT_GROUP;
	w.o.refs = refs;
	w.o.n_refs = 100;
	check_object(&w.o, &h.sink);
	assert_int_equal(h.n[READINESS_MEMBER_OUT], CHECK_SHOWN + 1);
	assert_string_equal(h.text[READINESS_MEMBER_OUT], "and 80 more");
	arena_done(&w.arena);
}

static void test_back(void **state)
{
	static const char *const names[] = {"x"};

	WORLD;
	w.o.purpose = CHECK_ROLLBACK;
	w.o.place = PLACE_CONVERTED;
	w.o.pending = "x"; /* it is sent again anyway */
	w.o.changed = "x";
	w.o.cloud_members = w.o.cloud_groups = names;
	w.o.n_cloud_members = w.o.n_cloud_groups = 1;
	expect(&w, "cloud-only-member in-cloud-group");
	world_init(&w);
	w.o.purpose = CHECK_ROLLBACK;
	w.o.place = PLACE_CONVERTED;
	w.o.live = NULL;
	expect(&w, "not-in-source");
}

/* Some attributes only: the object and its references stay the source's. */
static void test_exchange(void **state)
{
	const struct check_ref ref = {"owner", "CN=x", SUBJECT_USER, false, false, false};

	WORLD;
	w.o.purpose = CHECK_EXCHANGE;
	w.o.refs = &ref;
	w.o.n_refs = 1;
	entry_set(&w.live, attr_intern("card"), value_string("x"));
	expect(&w, "");
	world_init(&w);
	w.o.purpose = CHECK_EXCHANGE;
	w.o.pending = "x";
	entry_set(&w.live, attr_intern("mail"), value_string("x"));
	expect(&w, "pending-change mailbox-on-premises");
	world_init(&w);
	w.o.purpose = CHECK_EXCHANGE;
	w.o.place = PLACE_EXCHANGE_ONLY;
	expect(&w, "already-converted");
	world_init(&w);
	w.o.purpose = CHECK_EXCHANGE;
	w.o.place = PLACE_NATIVE;
	expect(&w, "not-synced");
}

/* What the target did not tell is not nothing. */
static void test_back_unseen(void **state)
{
	WORLD;
	w.o.purpose = CHECK_ROLLBACK;
	w.o.place = PLACE_CONVERTED;
	w.o.unseen = "403";
	expect(&w, "cloud-references-unseen");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_not_as_the_cloud_has_it),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_what_no_rule_brings),
		cmocka_unit_test(test_groups_that_have_it),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_back),
		cmocka_unit_test(test_back_unseen),
		cmocka_unit_test(test_exchange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
