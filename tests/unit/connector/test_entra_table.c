/* The attribute table of the Entra connector: every row is one that reading and writing know. */
#include "../check.h"
#include "connector/entra/body.h"
#include "connector/entra/read.h"
#include "model/authority.h"

#include <stdio.h>

static const enum entra_surface surfaces[] = {ENTRA_GRAPH, ENTRA_GRAPH_LIFECYCLE, ENTRA_SERVICE};
#define GRAPHS 2 /* those that write through Graph stand first */

static bool is_written(const struct entra_attr *a)
{
	for (unsigned s = 0; s < GRAPHS; s++)
		for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++)
			if (entra_class_sent((enum entra_class)c, surfaces[s]) &&
				entra_attr_written(a, (enum entra_class)c, surfaces[s]))
				return true;
	return false;
}

static bool holds_several(enum entra_shape shape)
{
	switch (shape) {
	case SHAPE_LIST:
	case SHAPE_KEYS:
	case SHAPE_ERRORS:
	case SHAPE_LINKS:
	case SHAPE_BIND:
		return true;
	case SHAPE_PLAIN:
	case SHAPE_FIRST:
	case SHAPE_NESTED:
	case SHAPE_PHONE:
	case SHAPE_ADDRESS:
	case SHAPE_LINK:
	case ENTRA_SHAPE_COUNT:
		break;
	}
	return false;
}

static void check_row(const struct entra_attr *a)
{
	bool several = holds_several(a->shape);

	if (!a->property) {
		/* Graph cannot take it */
		assert_true(a->flags & SCHEMA_READ_ONLY || streq(a->name, "sourceAnchor"));
		return;
	}
	assert_true(a->where);
	assert_int_equal(entra_is_link(a), a->form == FORM_REFERENCE);
	assert_int_equal(several, (a->flags & SCHEMA_MULTI) != 0);
	assert_true(entra_is_link(a) || entra_shape_is_read(a->shape));
	if (is_written(a) && !entra_is_link(a))
		assert_true(entra_shape_is_written(a->shape));
	/* what rules give to a time must be one before it is sent */
	if (is_written(a) && a->form == FORM_TIME)
		assert_true(a->flags & SCHEMA_TIME);
	assert_int_equal(a->sub != NULL,
		a->shape == SHAPE_NESTED || a->shape == SHAPE_PHONE || a->shape == SHAPE_ADDRESS);
	/* on a surface a class has the attribute once */
	for (unsigned s = 0; s < ARRAY_SIZE(surfaces); s++)
		for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++)
			if (entra_attr_used(a, (enum entra_class)c, surfaces[s]) &&
				entra_attr_of(a->id, (enum entra_class)c, surfaces[s]) != a)
				fail_msg("%s has two rows for a class", a->name);
}

static void test_rows(void **state)
{
	unsigned n;
	const struct entra_attr *all = entra_attrs(&n);

	for (unsigned i = 0; i < n; i++)
		check_row(&all[i]);
	/* the rows of a property stand together: body.c and read.c look at the last one only */
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = i + 2; all[i].property && k < n; k++)
			if (all[k].property && streq(all[i].property, all[k].property) &&
				all[i].where & all[k].where)
				for (unsigned m = i + 1; m < k; m++)
					if (all[m].property && all[m].where & all[i].where &&
						!streq(all[m].property, all[i].property))
						fail_msg("%s stands apart", all[k].name);
}

static void test_schema(void **state)
{
	for (unsigned s = 0; s < ARRAY_SIZE(surfaces); s++) {
		const struct schema *schema = entra_schema(surfaces[s]);

		for (unsigned c = 0; c < schema->n_classes; c++) {
			const struct schema_class *class = &schema->classes[c];

			for (unsigned i = 0; i < class->n_attrs; i++)
				if (schema_attr_find(class, class->attrs[i].name) !=
					&class->attrs[i])
					fail_msg("%s has %s twice", class->name,
						class->attrs[i].name);
		}
	}
}

static unsigned flags_on(enum entra_surface s, const char *class, const char *attr)
{
	const struct schema_attr *a =
		schema_attr_find(schema_class_find(entra_schema(s), class), attr);

	if (!a)
		fail_msg("a %s has no %s", class, attr);
	return a->flags;
}

#define NOT_WRITTEN (SCHEMA_READ_ONLY | SCHEMA_LOCAL)

/* What a surface writes and shows: the service takes it all, and Graph shows its own share. */
static void test_flags(void **state)
{
	static const struct {
		const char *class, *attr;
		unsigned graph, service; /* of the flags that count here */
	} want[] = {
		{"user", "displayName", 0, 0},
		{"user", "sourceAnchor", 0, 0},
		{"group", "sourceAnchor", 0, SCHEMA_UNREADABLE},
		{"contact", "sourceAnchor", 0, SCHEMA_UNREADABLE},
		{"device", "sourceAnchor", SCHEMA_LOCAL, SCHEMA_UNREADABLE},
		{"user", "proxyAddresses", SCHEMA_READ_ONLY, 0},
		{"user", "extensionAttribute7", SCHEMA_READ_ONLY, 0},
		{"group", "extensionAttribute7", NOT_WRITTEN, SCHEMA_UNREADABLE},
		{"user", "pager", NOT_WRITTEN, SCHEMA_UNREADABLE},
		{"user", "thumbnailPhoto", NOT_WRITTEN, SCHEMA_UNREADABLE},
		{"group", "managedBy", NOT_WRITTEN, SCHEMA_UNREADABLE},
		{"user", "preferredDataLocation", NOT_WRITTEN, SCHEMA_UNREADABLE},
		{"user", "employeeLeaveDateTime", SCHEMA_READ_ONLY, SCHEMA_UNREADABLE},
		{"user", "manager", 0, 0},
		{"group", "member", 0, 0},
		{"group", "mailEnabled", 0, SCHEMA_READ_ONLY},
		{"user", "onPremisesSyncEnabled", SCHEMA_READ_ONLY, SCHEMA_READ_ONLY},
		{"user", "blockOnPremisesSync", SCHEMA_READ_ONLY, SCHEMA_READ_ONLY},
		{"user", "cloudAnchor", NOT_WRITTEN, NOT_WRITTEN},
		{"user", "cloudPublicDelegates", NOT_WRITTEN, NOT_WRITTEN},
		{"user", "export_password", NOT_WRITTEN, NOT_WRITTEN},
		{"user", "dn", NOT_WRITTEN, NOT_WRITTEN},
		{"device", "deviceId", 0, 0},
		{"device", "userCertificate", SCHEMA_LOCAL, SCHEMA_UNREADABLE},
		{"device", "cloudDeviceOSType", 0, SCHEMA_READ_ONLY},
		{"publicFolder", "mail", SCHEMA_LOCAL, SCHEMA_LOCAL},
	};
	unsigned counts = SCHEMA_READ_ONLY | SCHEMA_LOCAL | SCHEMA_UNREADABLE;

	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		unsigned graph = flags_on(ENTRA_GRAPH, want[i].class, want[i].attr) & counts;
		unsigned service = flags_on(ENTRA_SERVICE, want[i].class, want[i].attr) & counts;

		if (graph != want[i].graph || service != want[i].service)
			fail_msg("%s of a %s: %u, %u", want[i].attr, want[i].class, graph, service);
	}
}

static void test_sent(void **state)
{
	static const char *const classes[] = {"user", "group", "contact", "device", "publicFolder"};

	for (unsigned s = 0; s < ARRAY_SIZE(surfaces); s++)
		for (unsigned c = 0; c < ARRAY_SIZE(classes); c++)
			assert_int_equal(schema_class_find(entra_schema(surfaces[s]), classes[c])
						 ->never_sent,
				c == 4 || (c == 3 && surfaces[s] != ENTRA_SERVICE));
}

static void test_surfaces(void **state)
{
	static const struct {
		const char *class, *attr, *text;
	} want[] = {
		{"user", "displayName", "graph, service"},
		{"user", "extension_0_x", "graph, service"},
		{"group", "mailEnabled", "graph"},
		{"user", "mail", "service"},
		{"contact", "displayName", "service"},
		{"user", "employeeLeaveDateTime", "service, or graph with lifecycle_info = yes"},
		{"group", "sourceAnchor", "graph, service"},
		{"user", "pager", "service"},
		{"device", "displayName", "service"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(want); i++)
		assert_string_equal(
			entra_surfaces_text(entra_surfaces(want[i].class, want[i].attr)),
			want[i].text);
	assert_int_equal(entra_surfaces("user", "cloudAnchor"), 0);
	assert_int_equal(entra_surfaces("user", "blockOnPremisesSync"), 0);
	assert_int_equal(entra_surfaces("publicFolder", "mail"), 0);
}

static void test_source_anchor(void **state)
{
	static const char *const anchors[] = {"eFY0Erya8N4RIjNEVWZ3iA==", "x", "\xc3\xa4/+=,"};
	static const char *const none[] = {NULL, "", "CN={}", "CN={4}", "CN={4x}", "CN={00}",
		"CN={41420043}", "CN=41", "OU={41}", "CN={41},DC=x", "User_41"};
	struct arena a = {0};

	for (unsigned i = 0; i < ARRAY_SIZE(anchors); i++)
		assert_string_equal(entra_source_anchor(entra_dn(anchors[i], &a), &a), anchors[i]);
	assert_string_equal(entra_source_anchor("cn={6a6B}", &a), "jk");
	for (unsigned i = 0; i < ARRAY_SIZE(none); i++)
		assert_null(entra_source_anchor(none[i], &a));
	arena_done(&a);
}

/* Each is an attribute of a user; of groups and contacts nothing is marked, and no identity is. */
static void test_exchange(void **state)
{
	static const char *const identity[] = {"displayName", "givenName", "surname", "title",
		"department", "company", "manager", "physicalDeliveryOfficeName",
		"userPrincipalName", "accountEnabled", "sourceAnchor", "thumbnailPhoto",
		"onPremisesSamAccountName", "employeeID", "usageLocation"};

	for (unsigned s = 0; s < ARRAY_SIZE(surfaces); s++) {
		const struct schema *schema = entra_schema(surfaces[s]);
		const struct schema_class *user = schema_class_find(schema, "user");
		unsigned listed = 0, marked = 0;

		for (; entra_exchange_attrs[listed]; listed++) {
			const struct schema_attr *a =
				schema_attr_find(user, entra_exchange_attrs[listed]);

			if (!a)
				fail_msg("a user has no %s", entra_exchange_attrs[listed]);
			assert_int_equal(a->authority, AUTHORITY_EXCHANGE);
		}
		for (unsigned i = 0; i < ARRAY_SIZE(identity); i++)
			assert_int_equal(schema_attr_find(user, identity[i])->authority, 0);
		for (unsigned c = 0; c < schema->n_classes; c++)
			for (unsigned i = 0; i < schema->classes[c].n_attrs; i++) {
				if (schema->classes[c].attrs[i].authority)
					assert_string_equal(schema->classes[c].name, "user");
				marked += schema->classes[c].attrs[i].authority != 0;
			}
		assert_int_equal(marked, listed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_sent),
		cmocka_unit_test(test_surfaces),
		cmocka_unit_test(test_source_anchor),
		cmocka_unit_test(test_exchange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
