/* sync/unsynced: which attributes of an object the rules leave behind, and the line that helps. */
#include "../folder.h"
#include "sync/rules.h"
#include "sync/unsynced.h"

#include <stdio.h>

static struct config *cfg;
static struct rules *rules;
static struct arena arena;

static void configure(const char *more, const char *surface)
{
	char text[900], path[128];
	struct err e = {0};

	rules_free(rules);
	config_free(cfg);
	rules = NULL;
	cfg = NULL;
	snprintf(text, sizeof(text),
		"[adsyncd]\nrules = " SOURCE_DIR "/conf/rules\nstate_directory = %s\n"
		"metaverse = " SOURCE_DIR "/schema/metaverse.json\n"
		"[connector \"ad\"]\ntype = ad\nsource = ldif:/a.ldif\nbase_dn = DC=a,DC=example\n"
		"%s[connector \"entra\"]\ntype = entra\nsurface = %s\ntenant_id = t\n"
		"client_id = c\nclient_secret_file = /s\n",
		folder, more, surface);
	if (config_load(folder_put("adsyncd.conf", text, path), &cfg, &e) < 0 ||
		rules_load(cfg, &rules, &e) < 0)
		fail_msg("%s:%d: %s", e.source, e.line, e.text);
}

static struct entry object(const char *class, const char *const *names)
{
	struct entry en;

	entry_init(&en, &arena);
	en.class = class;
	for (; *names; names++)
		entry_set(&en, attr_intern(*names), value_string("x"));
	return en;
}

/* The names that are left behind, with "!" behind those that no extension can bring. */
static const char *left(const struct entry *en, const char **ret_setting)
{
	struct unsynced u;
	const char *ret = "";

	unsynced_find(rules->set, config_connector(cfg, "ad"), config_connector(cfg, "entra"), en,
		&arena, &u);
	for (unsigned i = 0; i < u.n; i++)
		ret = arena_printf(&arena, "%s%s%s%s", ret, i ? " " : "",
			attr_name(u.attrs[i].attr), u.attrs[i].why ? "!" : "");
	if (ret_setting)
		*ret_setting = u.setting;
	return ret;
}

static void test_left_behind(void **state)
{
	struct entry en = object(
		"user", (const char *const[]){"displayName", "department", "mail", "manager", "sn",
				"userAccountControl", "objectGUID", "badPwdCount", "memberOf",
				"whenCreated", "roomNumber", "carLicense", "secretary", NULL});
	const char *setting;

	configure("", "service");
	assert_string_equal(left(&en, &setting), "carLicense roomNumber secretary!");
	assert_string_equal(setting, "directory_extensions = carLicense, roomNumber");
	/* without a value there is nothing to be lost */
	entry_clear(&en, attr_intern("roomNumber"));
	entry_clear(&en, attr_intern("carLicense"));
	assert_string_equal(left(&en, &setting), "secretary!");
	assert_null(setting);
}

/* What the rules compute and no surface sends is lost, too; so is what only the other one sends. */
static void test_not_sent(void **state)
{
	static const char *const names[] = {
		"division", "extensionAttribute3", "thumbnailPhoto", "title", NULL};
	struct entry en = object("user", names), crew;

	configure("", "service");
	assert_string_equal(left(&en, NULL), "division");
	configure("", "graph");
	assert_string_equal(left(&en, NULL), "division extensionAttribute3 thumbnailPhoto");
	/* another class has other rules */
	crew = object("group", (const char *const[]){"description", "member", "title", NULL});
	assert_string_equal(left(&crew, NULL), "title");
	crew.class = "contact"; /* has no extensions */
	assert_string_equal(left(&crew, NULL), "description! member!");
}

/* The line has what is set already. */
static void test_setting(void **state)
{
	struct entry en = object("user", (const char *const[]){"carLicense", NULL});
	const char *setting;
	char path[128];

	configure("directory_extensions = roomNumber,\n  division\n", "service");
	assert_string_equal(left(&en, &setting), "carLicense");
	assert_string_equal(setting, "directory_extensions = roomNumber, division, carLicense");
	/* listed, and the tenant has no such property yet; then it has */
	entry_set(&en, attr_intern("roomNumber"), value_string("x"));
	assert_string_equal(left(&en, &setting), "carLicense roomNumber!");
	assert_string_equal(setting, "directory_extensions = roomNumber, division, carLicense");
	folder_put("extensions.json",
		"{\"sources\": {}, \"targets\": {\"entra\": {\"extension_roomNumber\": {"
		"\"property\": \"extension_1_roomNumber\", \"users\": true}}}}",
		path);
	configure("directory_extensions = roomNumber\n", "service");
	assert_string_equal(left(&en, NULL), "carLicense");
	en.class = "group";
	assert_string_equal(left(&en, NULL), "carLicense roomNumber!"); /* of users alone */
}

static int finish(void **state)
{
	rules_free(rules);
	config_free(cfg);
	arena_done(&arena);
	return folder_remove(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_left_behind),
		cmocka_unit_test(test_not_sent),
		cmocka_unit_test(test_setting),
	};

	return cmocka_run_group_tests(tests, folder_make, finish);
}
