/* Who is meant: DN, anchor, the target's id, names; nothing is guessed. And where objects stand. */
#include "../store/fixture.h"
#include "store/cs_link.h"
#include "store/mv.h"
#include "sync/migration/identity.h"

#include <errno.h>

#define ID "0a1b2c3d-0000-4000-8000-00000000000"

struct world {
	struct migration m;
	struct connector_config target;
	struct settings settings;
	int64_t ad, aad;
};

static const void *image(struct fixture *f, const char *upn, const char *mail, const char *name,
	int synced, size_t *ret_n)
{
	struct buf b = {0};
	struct entry en;
	void *copy;

	entry_init(&en, &f->arena);
	if (upn)
		entry_set(&en, attr_intern("userPrincipalName"), value_string(upn));
	if (mail)
		entry_set(&en, attr_intern("mail"), value_string(mail));
	if (name)
		entry_set(&en, attr_intern("displayName"), value_string(name));
	if (synced >= 0)
		entry_set(&en, attr_intern("onPremisesSyncEnabled"), value_boolean(synced));
	assert_true(image_encode(&en, store_attr_map(f->store), &b));
	*ret_n = b.len;
	copy = arena_dup(&f->arena, b.data, b.len);
	buf_done(&b);
	return copy;
}

static int64_t person(struct fixture *f, const char *upn, const char *name)
{
	struct mv_row mv = {.class = "person", .created = 1};

	mv.image = image(f, upn, NULL, name, -1, &mv.image_len);
	GOOD(mv_insert(f->store, &mv, &f->err));
	return mv.id;
}

static int64_t put(struct fixture *f, int64_t connector, const char *class, const char *dn,
	const char *anchor, int64_t mv, enum cs_want want, unsigned blocked, const void *bytes,
	size_t n)
{
	struct cs_row row = {.connector = connector,
		.class = class,
		.kind = CS_STAGING,
		.dn = dn,
		.anchor = anchor,
		.mv = mv,
		.want = want,
		.blocked = blocked,
		.imported = bytes,
		.imported_len = n};

	GOOD(cs_insert(f->store, &row, &f->err));
	return row.id;
}

/*
 * ann: synced; ben: converted; two of one name; a cloud user whose mail is ann's sign-in name of
 * old; a group with ann and somebody who is not in the target.
 */
static void fill(struct fixture *f, struct world *w)
{
	struct connector_row row;
	int64_t mv, ann, crew, out;
	const void *i;
	size_t n;

	GOOD(store_begin(f->store, &f->err));
	GOOD(connector_ensure(f->store, "ad", "ad", &f->arena, &row, &f->err));
	w->ad = row.id;
	GOOD(connector_ensure(f->store, "aad", "entra", &f->arena, &row, &f->err));
	w->aad = row.id;
	mv = person(f, "ann@x", "Ann");
	i = image(f, "ann@x", "ann@mail", "Ann", -1, &n);
	ann = put(f, w->ad, "user", "CN=Ann,OU=a,DC=x", "guid1", mv, WANT_NOTHING, 0, i, n);
	i = image(f, "ann@x", "ann@mail", "Ann", true, &n);
	put(f, w->aad, "user", "CN={01}", "User_" ID "1", mv, WANT_PRESENT, 0, i, n);
	mv = person(f, "ben@x", "Same");
	put(f, w->ad, "user", "CN=Ben,OU=b,DC=x", "guid2", mv, WANT_NOTHING, 0, i, n);
	i = image(f, "ben@x", NULL, "Same", false, &n);
	put(f, w->aad, "user", "CN={02}", "User_" ID "2", mv, WANT_PRESENT, AUTHORITY_ALL, i, n);
	i = image(f, "native@x", "shared@x", "Same", -1, &n);
	put(f, w->aad, "user", "CN={03}", "User_" ID "3", 0, WANT_NOTHING, 0, i, n);
	i = image(f, "shared@x", NULL, "Other", -1, &n);
	put(f, w->aad, "user", "CN={04}", "User_" ID "4", 0, WANT_NOTHING, 0, i, n);
	mv = person(f, "out@x", "Out");
	i = image(f, "out@x", NULL, "Out", -1, &n);
	out = put(f, w->ad, "user", "CN=Out,OU=a,DC=x", "guid5", mv, WANT_NOTHING, 0, i, n);
	mv = person(f, NULL, "Crew");
	i = image(f, NULL, NULL, "Crew", -1, &n);
	crew = put(f, w->ad, "group", "CN=Crew,OU=g,DC=x", "guid6", mv, WANT_NOTHING, 0, i, n);
	i = image(f, NULL, NULL, "Crew", true, &n);
	put(f, w->aad, "group", "CN={06}", "Group_" ID "6", mv, WANT_PRESENT, 0, i, n);
	for (unsigned k = 0; k < 2; k++) {
		struct cs_link l = {.cs = crew,
			.attr = attr_intern("member"),
			.target = k ? out : ann,
			.imported = true};

		GOOD(cs_link_put(f->store, &l, true, &f->err));
	}
	GOOD(store_commit(f->store, &f->err));
}

static struct world *up(struct fixture *f)
{
	static const struct option_def surface[] = {{"surface", OPTION_STRING, .def = "service"},
		{"lifecycle_info", OPTION_BOOLEAN, .def = "no"}};
	static char *values[] = {(char *)"service", (char *)"no"};
	static int lines[2];
	struct world *w = arena_zalloc(&f->arena, sizeof(*w));

	fill(f, w);
	w->target.type = connector_type_find("entra");
	w->target.settings = (struct settings){
		.name = "aad", .defs = surface, .n_defs = 2, .values = values, .lines = lines};
	w->m.store = f->store;
	w->m.target = &w->target;
	GOOD(connector_list(f->store, &w->m.arena, &w->m.rows, &w->m.n_rows, &f->err));
	w->m.target_row = w->m.rows[1];
	return w;
}

static void down(struct world *w)
{
	w->m.store = NULL; /* the fixture's */
	migration_done(&w->m);
}

static void expect(
	struct fixture *f, struct world *w, const char *text, const char *anchor, enum place place)
{
	struct subject s;

	GOOD(identity_find(&w->m, text, &s, &f->err));
	if (s.problem)
		fail_msg("%s: %s", text, s.problem);
	assert_string_equal(s.identity, text);
	assert_string_equal(s.target.anchor, anchor);
	assert_int_equal(s.place, place);
}

static void expect_none(struct fixture *f, struct world *w, const char *text, const char *why)
{
	struct subject s;

	GOOD(identity_find(&w->m, text, &s, &f->err));
	assert_non_null(s.problem);
	if (!strstr(s.problem, why))
		fail_msg("%s: %s", text, s.problem);
}

static void test_texts(void **state)
{
	struct fixture *f = *state;
	struct world *w = up(f);
	static const char *const ann[] = {"CN=Ann,OU=a,DC=x", "cn=ANN, ou=A, dc=X", "CN={01}",
		"guid1", "User_" ID "1", ID "1", "0A1B2C3D-0000-4000-8000-000000000001", "ann@x",
		"ANN@X", "ann@mail", "ann"};

	for (unsigned i = 0; i < ARRAY_SIZE(ann); i++)
		expect(f, w, ann[i], "User_" ID "1", PLACE_SYNCED);
	expect(f, w, "ben@x", "User_" ID "2", PLACE_CONVERTED);
	expect(f, w, "native@x", "User_" ID "3", PLACE_NATIVE);
	expect(f, w, ID "6", "Group_" ID "6", PLACE_SYNCED);
	/* a sign-in name of one, and the address of another */
	expect_none(f, w, "shared@x", "several objects");
	expect_none(f, w, "Same", "several objects");
	expect_none(f, w, "nobody", "no object has this");
	expect_none(f, w, "", "no object has this");
	expect_none(f, w, ID "9", "no object has this");
	expect_none(f, w, "out@x", "does not have it");
	down(w);
}

static int parameters(struct world *w, const char *json, struct subjects *ret, struct err *e)
{
	json_t *p = json_loads(json, 0, NULL);
	int r = identity_parameters(&w->m, p, ret, e);

	json_decref(p);
	return r;
}

static void test_lists(void **state)
{
	struct fixture *f = *state;
	struct world *w = up(f);
	struct subjects list;

	/* twice is once, what is not known stays, and what a list says goes along */
	GOOD(parameters(w,
		"{\"objects\": [\"ann@x\", \"CN={01}\", \"nobody\", \"nobody\","
		" {\"identity\": \"ben@x\", \"mode\": \"convert\", \"wave\": 2}]}",
		&list, &f->err));
	assert_int_equal(list.n, 4);
	assert_string_equal(list.items[3].mode, "convert");
	assert_int_equal(list.items[3].wave, 2);
	GOOD(parameters(w, "{\"group\": \"Crew\"}", &list, &f->err));
	assert_int_equal(list.n, 2);
	assert_string_equal(list.items[0].source.dn, "CN=Ann,OU=a,DC=x");
	assert_non_null(list.items[1].problem);
	GOOD(parameters(w, "{\"ou\": \"ou=A,dc=x\"}", &list, &f->err));
	assert_int_equal(list.n, 2);
	GOOD(parameters(w, "{\"ou\": \"DC=x\"}", &list, &f->err));
	assert_int_equal(list.n, 4);
	assert_int_equal(parameters(w, "{}", &list, &f->err), -EINVAL);
	assert_int_equal(parameters(w, "{\"objects\": [7]}", &list, &f->err), -EINVAL);
	assert_int_equal(parameters(w, "{\"objects\": [\"\"]}", &list, &f->err), -EINVAL);
	assert_int_equal(parameters(w, "{\"group\": \"ann@x\"}", &list, &f->err), -EINVAL);
	assert_int_equal(parameters(w, "{\"group\": \"nobody\"}", &list, &f->err), -ENOENT);
	assert_int_equal(parameters(w, "{\"ou\": \"DC=y\"}", &list, &f->err), -ENOENT);
	down(w);
}

static enum place place(struct world *w, const struct cs_row *row, int synced)
{
	_cleanup_arena_ struct arena a = {0};
	struct entry en;

	entry_init(&en, &a);
	if (synced)
		entry_set(&en, attr_intern("onPremisesSyncEnabled"), value_boolean(true));
	return place_of(&w->m, row, &en);
}

/* The state table: want, mask and what the directory shows. */
static void test_places(void **state)
{
	struct fixture *f = *state;
	struct world *w = up(f);
	struct cs_row row = {.id = 1, .imported = "", .want = WANT_PRESENT};

	assert_int_equal(place(w, &row, true), PLACE_SYNCED);
	assert_int_equal(place(w, &row, false), PLACE_ROLLED_BACK);
	row.export_all = true;
	assert_int_equal(place(w, &row, true), PLACE_ROLLED_BACK);
	row.export_all = false;
	row.blocked = AUTHORITY_EXCHANGE;
	assert_int_equal(place(w, &row, true), PLACE_EXCHANGE_ONLY);
	row.blocked = AUTHORITY_ALL;
	assert_int_equal(place(w, &row, false), PLACE_CONVERTED);
	row.want = WANT_NOTHING;
	assert_int_equal(place(w, &row, false), PLACE_CONVERTED);
	row.blocked = 0;
	assert_int_equal(place(w, &row, false), PLACE_NATIVE);
	assert_int_equal(place(w, &row, true), PLACE_OTHER);
	row.imported = NULL;
	assert_int_equal(place(w, &row, true), PLACE_UNKNOWN);
	for (unsigned i = 0; i < PLACE_COUNT; i++)
		assert_int_equal(place_find(place_word((enum place)i)), i);
	assert_int_equal(place_find("sideways"), PLACE_COUNT);
	down(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_texts, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(test_lists, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(test_places, fixture_up, fixture_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
