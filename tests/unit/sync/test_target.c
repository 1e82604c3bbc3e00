/* What is pending of an attribute that is only filled, and of a name; what a setting lets in force.
 */
#include "../check.h"
#include "lang/rule/in_force.h"
#include "sync/export/target.h"

static struct schema_attr attrs[] = {
	{"title", VALUE_STRING, 0},
	{"mark", VALUE_STRING, SCHEMA_FILL_ONLY},
	{"hidden", VALUE_STRING, SCHEMA_UNREADABLE},
};
static struct schema_class classes[] = {{"user", attrs, 3}};
static struct schema schema = {"target", classes, 1, false};

static const struct schema *target_schema(const struct settings *s)
{
	return &schema;
}

static const char *dn_of_title(const struct entry *wanted, struct arena *a)
{
	const char *title = entry_string(wanted, attr_intern("title"));

	return title ? arena_printf(a, "CN=%s,OU=x", title) : NULL;
}

static const struct connector_type type = {
	.name = "target", .schema = target_schema, .can_rename = true, .target_dn = dn_of_title};
static const struct connector_type fixed = {
	.name = "fixed", .schema = target_schema, .target_dn = dn_of_title};

static void put(struct entry *en, const char *attr, const char *value)
{
	if (value && *value)
		entry_add(en, attr_intern(attr), value_string(value));
	else if (value)
		entry_clear(en, attr_intern(attr));
}

/* NULL: the attribute is not there; "": it is to be cleared. */
static void test_fill_only(void **state)
{
	static const struct {
		const char *has, *wanted, *has_title, *wanted_title;
		bool all, unknown;
		const char *pending;
	} cases[] = {
		{NULL, "new", NULL, NULL, false, false, "mark"},
		{"old", "new", NULL, NULL, false, false, ""},
		{"new", "new", NULL, NULL, false, false, ""},
		{"new", "new", NULL, NULL, true, false, ""},
		{NULL, "new", NULL, NULL, true, false, "mark"},
		{"old", "", NULL, NULL, false, false, ""}, /* nor is it cleared */
		{NULL, "", NULL, NULL, true, false, ""},
		{"old", NULL, NULL, NULL, true, false, ""},
		/* what is beside it goes on */
		{"old", "new", "a", "b", false, false, "title"},
		{NULL, "new", "a", "b", false, false, "mark, title"},
		/* the class is not known, and what it says neither */
		{"old", "new", NULL, NULL, false, true, "mark"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		static const unsigned flags[] = {
			0, PENDING_SETTLED, PENDING_DIFFERENCES | PENDING_SETTLED};

		for (unsigned k = 0; k < ARRAY_SIZE(flags); k++) {
			_cleanup_arena_ struct arena a = {0};
			struct cs_row row = {.class = "user",
				.want = WANT_ATTRIBUTES,
				.export_all = cases[i].all};
			struct entry has, wanted;
			struct delta d;

			entry_init(&has, &a);
			entry_init(&wanted, &a);
			put(&has, "mark", cases[i].has);
			put(&has, "title", cases[i].has_title);
			put(&wanted, "mark", cases[i].wanted);
			put(&wanted, "title", cases[i].wanted_title);
			pending_delta(cases[i].unknown ? NULL : &classes[0], &row, &has, &wanted,
				cases[i].unknown ? 0 : flags[k], &a, &d);
			if (strcmp(delta_names(&d, 9, &a), cases[i].pending) != 0)
				fail_msg("case %u, flags %u: %s, wanted: %s", i, flags[k],
					delta_names(&d, 9, &a), cases[i].pending);
		}
	}
}

/* What the directory never shows: known (a value), in doubt (""), or nothing was ever accepted. */
static void test_hidden(void **state)
{
	static const struct {
		const char *has, *wanted;
		bool all;
		const char *pending, *differs; /* of all, and of what differs */
	} cases[] = {
		{NULL, "new", false, "hidden", "hidden"},
		{"old", "new", false, "hidden", "hidden"},
		{"new", "new", false, "", ""},
		{"new", "", false, "hidden", "hidden"},
		{NULL, "", false, "", ""},
		{"old", NULL, false, "", ""}, /* the rules do not speak of it */
		/* in doubt: sent again, also to clear it */
		{"", "new", false, "hidden", "hidden"},
		{"", "", false, "hidden", "hidden"},
		{"", NULL, false, "", ""},
		/* after a roll-back: there may be what nobody here knows of */
		{NULL, "", true, "hidden", ""},
		{"new", "new", true, "hidden", ""},
		{"", "", true, "hidden", "hidden"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		for (unsigned k = 0; k < 2; k++) {
			_cleanup_arena_ struct arena a = {0};
			struct cs_row row = {.class = "user",
				.want = WANT_PRESENT,
				.acknowledged = cases[i].has ? "x" : NULL,
				.export_all = cases[i].all};
			const char *pending = k ? cases[i].differs : cases[i].pending;
			struct entry has, wanted;
			struct delta d;

			entry_init(&has, &a);
			entry_init(&wanted, &a);
			put(&has, "hidden", cases[i].has);
			put(&wanted, "hidden", cases[i].wanted);
			pending_delta(&classes[0], &row, &has, &wanted,
				k ? PENDING_DIFFERENCES | PENDING_SETTLED : 0, &a, &d);
			if (strcmp(delta_names(&d, 9, &a), pending) != 0)
				fail_msg("case %u.%u: %s, wanted: %s", i, k, delta_names(&d, 9, &a),
					pending);
		}
	}
}

/* What is added to a delta stays in order. */
static void test_hidden_order(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row row = {.class = "user", .want = WANT_PRESENT, .export_all = true};
	struct entry has, wanted;
	struct delta d;

	entry_init(&has, &a);
	entry_init(&wanted, &a);
	put(&wanted, "title", "Captain");
	put(&wanted, "hidden", "");
	put(&wanted, "laterStill", "x");
	pending_delta(&classes[0], &row, &has, &wanted, 0, &a, &d);
	assert_int_equal(d.n_attrs, 3);
	assert_true(d.attrs[0].id < d.attrs[1].id && d.attrs[1].id < d.attrs[2].id);
}

static void test_name(void **state)
{
	static const struct {
		const struct connector_type *type;
		enum cs_want want;
		const char *anchor, *dn, *title, *pending;
	} cases[] = {
		{&type, WANT_PRESENT, "1", "CN=old,OU=x", "new", "CN=new,OU=x"},
		{&type, WANT_PRESENT, "1", "CN=New,OU=X", "new", NULL},    /* the same name */
		{&type, WANT_PRESENT, "1", "CN=old,OU=x", NULL, NULL},     /* of nothing */
		{&type, WANT_PRESENT, NULL, "CN=old,OU=x", "new", NULL},   /* not made yet */
		{&type, WANT_ATTRIBUTES, "1", "CN=old,OU=x", "new", NULL}, /* not ours */
		{&type, WANT_ABSENT, "1", "CN=old,OU=x", "new", NULL},
		{&type, WANT_NOTHING, "1", "CN=old,OU=x", "new", NULL},
		{&fixed, WANT_PRESENT, "1", "CN=old,OU=x", "new", NULL}, /* no renames there */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena a = {0};
		struct connector_config cfg = {.type = cases[i].type};
		struct cs_row row = {.class = "user",
			.want = cases[i].want,
			.anchor = cases[i].anchor,
			.dn = cases[i].dn};
		struct entry wanted;
		const char *dn;

		entry_init(&wanted, &a);
		put(&wanted, "title", cases[i].title);
		dn = pending_dn(&cfg, &row, &wanted, &a);
		if (!dn != !cases[i].pending || (dn && strcmp(dn, cases[i].pending) != 0))
			fail_msg("case %u: %s", i, dn ? dn : "(none)");
	}
}

static void test_in_force(void **state)
{
	static const char *const all[] = {"one", "two", NULL}, *const on[] = {"two", NULL};
	static const struct {
		enum rule_direction direction;
		const char *setting, *connector;
		bool disabled, by_setting, is;
	} cases[] = {
		{RULE_OUTBOUND, NULL, NULL, false, false, true},
		{RULE_OUTBOUND, NULL, NULL, false, true, false},
		{RULE_INBOUND, NULL, NULL, false, true, true},
		{RULE_OUTBOUND, "two", NULL, false, true, true},
		{RULE_OUTBOUND, "one", NULL, false, true, false},
		{RULE_OUTBOUND, "one", NULL, false, false, false},
		{RULE_INBOUND, "one", NULL, false, false, false},
		{RULE_INBOUND, "two", NULL, false, false, true},
		{RULE_OUTBOUND, "two", NULL, true, true, false},
		{RULE_OUTBOUND, "two", "c", false, true, true},
		{RULE_OUTBOUND, "two", "other", false, true, false},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rule r = {.direction = cases[i].direction,
			.setting = cases[i].setting,
			.connector = cases[i].connector,
			.connector_type = cases[i].connector ? NULL : "t",
			.disabled = cases[i].disabled};
		struct rule_schema s = {.connector = "c",
			.connector_type = "t",
			.settings = all,
			.settings_on = on,
			.writes_by_setting = cases[i].by_setting};

		if (rule_in_force(&r, &s) != cases[i].is)
			fail_msg("case %u", i);
		s.own_rules = true; /* rules for the type do not count there */
		assert_int_equal(rule_in_force(&r, &s), cases[i].is && cases[i].connector);
		s.connector = NULL; /* the metaverse */
		assert_false(rule_in_force(&r, &s));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill_only),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_hidden_order),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_in_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
