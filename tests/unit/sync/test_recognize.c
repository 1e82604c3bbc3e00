/* Which row of a connector is the object that the rules want, when the directory does not say it.
 */
#include "../store/fixture.h"
#include "connector/connector.h"
#include "store/connector_row.h"
#include "sync/images.h"
#include "sync/recognize.h"

static struct schema_attr attrs[] = {
	{"sid", VALUE_BINARY, 0},
	{"mail", VALUE_STRING, SCHEMA_NO_CASE},
	{"key", VALUE_STRING, 0},
	{"proxyAddresses", VALUE_STRING, SCHEMA_MULTI | SCHEMA_NO_CASE},
	{"ours", VALUE_BOOLEAN, SCHEMA_READ_ONLY},
};
static struct schema_class classes[] = {
	{"user", attrs, ARRAY_SIZE(attrs)},
	{"group", attrs, ARRAY_SIZE(attrs)},
	{"contact", attrs, ARRAY_SIZE(attrs)},
};
static struct schema schema = {"target", classes, ARRAY_SIZE(classes), false};

static const struct schema *target_schema(const struct settings *s)
{
	return &schema;
}

static const char *mastered_attr(const struct settings *s)
{
	return "ours";
}

static const char *no_mastered_attr(const struct settings *s)
{
	return NULL;
}

static const char *const *recognized_by(const char *class)
{
	static const char *const group[] = {"sid", "key", NULL};
	static const char *const contact[] = {"mail", "proxyAddresses", NULL};

	return streq(class, "group") ? group : streq(class, "contact") ? contact : NULL;
}

/* As addresses are: what stands behind "smtp:". */
static bool unique_part(const char *attr, const struct value *v, const char **ret, size_t *ret_n)
{
	*ret = v->data;
	*ret_n = v->len;
	if (!memchr(v->data, ':', v->len))
		return v->len > 0;
	if (strncasecmp(v->data, "smtp:", 5) != 0)
		return false;
	*ret += 5;
	*ret_n -= 5;
	return true;
}

static const struct connector_type type = {.name = "target",
	.schema = target_schema,
	.mastered_attr = mastered_attr,
	.unique_part = unique_part,
	.recognized_by = recognized_by};
static const struct connector_type shows_nothing = {.name = "target",
	.schema = target_schema,
	.mastered_attr = no_mastered_attr,
	.unique_part = unique_part,
	.recognized_by = recognized_by};
static const struct connector_config config;

struct world {
	struct fixture *f;
	struct sync sync;
	struct sync_connector conn;
	struct entry wanted;
};

static void world_init(struct world *w, struct fixture *f)
{
	*w = (struct world){.f = f};
	w->conn = (struct sync_connector){.name = "target", .type = &type, .cfg = &config};
	w->sync = (struct sync){.store = f->store, .connectors = &w->conn, .n_connectors = 1};
	GOOD(store_begin(f->store, &f->err));
	GOOD(connector_ensure(f->store, "target", "target", &f->arena, &w->conn.row, &f->err));
	entry_init(&w->wanted, &f->arena);
}

static void world_done(struct world *w)
{
	store_rollback(w->f->store);
	sync_done(&w->sync);
}

/* "sid=x", "proxyAddresses=SMTP:a" ... */
static void put(struct entry *en, const char *text)
{
	const char *equals = strchr(text, '=');
	_cleanup_free_ char *name = xstrndup(text, (size_t)(equals - text));

	equals++;
	if (streq(name, "sid"))
		entry_set(en, attr_intern(name), value_binary(equals, strlen(equals)));
	else if (streq(name, "ours"))
		entry_set(en, attr_intern(name), value_boolean(streq(equals, "yes")));
	else
		entry_add(en, attr_intern(name), value_string(equals));
}

/* A row that an import wrote, with up to three values. */
static struct cs_row add(struct world *w, const char *class, const char *anchor, const char *one,
	const char *two, const char *three)
{
	struct fixture *f = w->f;
	struct cs_row row = {
		.connector = w->conn.row.id, .class = class, .dn = anchor, .anchor = anchor};
	struct entry en;

	entry_init(&en, &f->arena);
	put(&en, one);
	if (two)
		put(&en, two);
	if (three)
		put(&en, three);
	GOOD(entry_image(&w->sync, &en, &f->arena, &row.imported, &row.imported_len, &f->err));
	GOOD(cs_insert(f->store, &row, &f->err));
	GOOD(recognize_index(&w->sync, &w->conn, &row, &en, &f->arena, &f->err));
	return row;
}

static void want(struct world *w, const char *text)
{
	put(&w->wanted, text);
}

/* The anchor of the row that is found; NULL: none. */
static const char *find_as(struct world *w, const char *class, const char **ret_problem)
{
	struct cs_row row;
	int r = recognize_find(
		&w->sync, &w->conn, class, &w->wanted, &w->f->arena, &row, ret_problem, &w->f->err);

	assert_true(r == 0 || r == 1);
	entry_init(&w->wanted, &w->f->arena);
	return r ? row.anchor : NULL;
}

static const char *find(struct world *w, const char *class)
{
	const char *problem, *ret = find_as(w, class, &problem);

	assert_null(problem);
	return ret;
}

static void test_by_one_value(void **state)
{
	struct world w;

	world_init(&w, *state);
	add(&w, "group", "Group_1", "sid=S1", "ours=yes", NULL);
	add(&w, "group", "Group_2", "sid=S2", "ours=yes", "key=Two");
	add(&w, "contact", "Contact_1", "mail=Anne@x.example", "ours=yes", NULL);
	want(&w, "sid=S3");
	assert_null(find(&w, "group"));
	want(&w, "sid=S2");
	assert_string_equal(find(&w, "group"), "Group_2");
	want(&w, "key=S1"); /* a value of another attribute */
	assert_null(find(&w, "group"));
	want(&w, "mail=anne@X.example"); /* as the schema says, without case */
	assert_string_equal(find(&w, "contact"), "Contact_1");
	want(&w, "sid=S1");
	assert_null(find(&w, "contact")); /* of another class */
	assert_null(find(&w, "user"));    /* has none */
	assert_null(find(&w, "group"));   /* nothing is wanted */
	world_done(&w);
}

static void test_case_counts(void **state)
{
	struct world w;

	world_init(&w, *state);
	add(&w, "group", "Group_1", "key=Name", "ours=yes", NULL);
	want(&w, "key=NAME");
	assert_null(find(&w, "group"));
	want(&w, "key=Name");
	assert_string_equal(find(&w, "group"), "Group_1");
	world_done(&w);
}

static void test_primary_address_first(void **state)
{
	struct world w;

	world_init(&w, *state);
	add(&w, "contact", "Contact_1", "proxyAddresses=smtp:second@x", "ours=yes", NULL);
	add(&w, "contact", "Contact_2", "proxyAddresses=smtp:First@x",
		"proxyAddresses=SMTP:other@x", "ours=yes");
	want(&w, "proxyAddresses=smtp:second@x");
	want(&w, "proxyAddresses=SMTP:first@x");
	assert_string_equal(find(&w, "contact"), "Contact_2");
	want(&w, "proxyAddresses=X500:second@x");
	assert_null(find(&w, "contact"));
	want(&w, "proxyAddresses=smtp:second@x");
	want(&w, "mail=nobody@x");
	assert_string_equal(find(&w, "contact"), "Contact_1");
	world_done(&w);
}

/* Only what is ours, or was until somebody else took it over. */
static void test_whose_it_is(void **state)
{
	struct fixture *f = *state;
	struct cs_row row;
	struct world w;

	world_init(&w, f);
	row = add(&w, "group", "Group_1", "sid=S1", NULL, NULL);
	want(&w, "sid=S1");
	assert_null(find(&w, "group"));
	row.blocked = AUTHORITY_ALL;
	GOOD(cs_update(f->store, &row, false, &f->err));
	want(&w, "sid=S1");
	assert_string_equal(find(&w, "group"), "Group_1");
	add(&w, "group", "Group_2", "sid=S2", "ours=yes", NULL);
	w.conn.type = &shows_nothing;
	want(&w, "sid=S2");
	assert_null(find(&w, "group"));
	world_done(&w);
}

static void test_rows_that_are_not_meant(void **state)
{
	struct fixture *f = *state;
	struct cs_row row;
	struct world w;

	world_init(&w, f);
	row = add(&w, "group", "Group_1", "sid=S1", "ours=yes", NULL);
	row.deleted = true;
	GOOD(cs_update(f->store, &row, false, &f->err));
	row = add(&w, "group", "Group_2", "sid=S2", "ours=yes", NULL);
	row.want = WANT_ABSENT;
	GOOD(cs_update(f->store, &row, false, &f->err));
	row = add(&w, "group", "Group_3", "sid=S3", "ours=yes", NULL);
	row.dn = "CN={33}";
	GOOD(cs_update(f->store, &row, false, &f->err));
	row = add(&w, "group", "Group_4", "sid=S4", "ours=yes", NULL);
	GOOD(cs_delete(f->store, row.id, &f->err));
	for (unsigned i = 1; i <= 4; i++) {
		want(&w, arena_printf(&f->arena, "sid=S%u", i));
		assert_null(find(&w, "group"));
	}
	world_done(&w);
}

static void test_several(void **state)
{
	const char *problem;
	struct world w;

	world_init(&w, *state);
	add(&w, "contact", "Contact_1", "mail=a@x", "ours=yes", NULL);
	add(&w, "contact", "Contact_2", "mail=A@x", "ours=yes", NULL);
	want(&w, "mail=a@x");
	assert_null(find_as(&w, "contact", &problem));
	assert_non_null(strstr(problem, "Contact_1 and Contact_2"));
	assert_non_null(strstr(problem, "mail"));
	world_done(&w);
}

/* Keys of values that changed do not hide the object that has the value now. */
static void test_outdated_keys(void **state)
{
	struct fixture *f = *state;
	struct world w;

	world_init(&w, f);
	for (unsigned i = 0; i < 20; i++) {
		struct cs_row row = add(&w, "contact", arena_printf(&f->arena, "Contact_%u", i),
			"mail=a@x", "ours=yes", NULL);
		struct entry en;

		entry_init(&en, &f->arena);
		put(&en, "mail=b@x");
		put(&en, "ours=yes");
		if (i < 19)
			GOOD(entry_image(&w.sync, &en, &f->arena, &row.imported, &row.imported_len,
				&f->err));
		GOOD(cs_update(f->store, &row, false, &f->err));
	}
	want(&w, "mail=a@x");
	assert_string_equal(find(&w, "contact"), "Contact_19");
	want(&w, "mail=a@x");
	assert_null(find(&w, "contact")); /* it is known from then on */
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_by_one_value, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(test_case_counts, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			test_primary_address_first, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(test_whose_it_is, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			test_rows_that_are_not_meant, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(test_several, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(test_outdated_keys, fixture_up, fixture_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
