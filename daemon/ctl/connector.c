/* adsyncctl connector: what is known of a connector, and a test of it. */
#include "ctl.h"
#include "print.h"
#include "sync/check.h"

#include <stdio.h>

int command_connector_list(const struct ctl *c, int argc, char **argv)
{
	static const struct column columns[] = {
		{"CONNECTOR", "name"},
		{"TYPE", "type"},
		{"OBJECTS", "objects"},
		{"JOINED", "connectors"},
		{"LAST IMPORT", "last_import"},
		{"FULL IMPORT", "full_import_required"},
		{"FULL SYNC", "full_sync_required"},
	};

	return ctl_list(c, "GetStatus", NULL, "connectors", columns, ARRAY_SIZE(columns));
}

int command_connector_statistics(const struct ctl *c, int argc, char **argv)
{
	static const struct column columns[] = {
		{"CONNECTOR", "connector"},
		{"CLASS", "class"},
		{"OBJECTS", "objects"},
		{"JOINED", "connectors"},
		{"BLOCKED", "blocked"},
		{"PENDING", "pending"},
		{"AWAITING", "awaiting_confirmation"},
	};
	json_t *p = json_object();

	if (argc)
		json_object_set_new(p, "name", json_string(argv[0]));
	return ctl_list(c, "GetConnectorStatistics", p, "statistics", columns, ARRAY_SIZE(columns));
}

static void print_connector(const json_t *row)
{
	json_t *line;
	size_t i;

	print_fields(row, "");
	puts("\nSettings:");
	print_fields(json_object_get(row, "settings"), "  ");
	if (json_array_size(json_object_get(row, "import_state")))
		puts("\nImport:");
	json_array_foreach (json_object_get(row, "import_state"), i, line)
		if (json_is_string(line))
			printf("  %s\n", json_string_value(line));
}

int command_connector_show(const struct ctl *c, int argc, char **argv)
{
	return ctl_show(c, "GetConnector", json_pack("{s:s}", "name", argv[0]), "connector",
		print_connector);
}

static bool any_bad(const json_t *findings)
{
	size_t i;
	json_t *f;

	json_array_foreach (findings, i, f)
		if (streq(text_of(f, "verdict"), test_verdict_name(TEST_BAD)))
			return true;
	return false;
}

int command_connector_test(const struct ctl *c, int argc, char **argv)
{
	static const struct column columns[] = {
		{"CHECK", "check"},
		{"VERDICT", "verdict"},
		{"FINDING", "text"},
	};
	const char *error;
	json_t *o;
	int r = ctl_ask(c, "TestConnector", json_pack("{s:s}", "name", argv[0]), &o);

	if (r)
		return r;
	error = json_string_value(json_object_get(o, "error"));
	if (c->json)
		print_json(o);
	else
		print_table(json_object_get(o, "findings"), columns, ARRAY_SIZE(columns));
	if (error)
		fprintf(stderr, "adsyncctl: %s\n", error);
	r = error || any_bad(json_object_get(o, "findings")) ? CTL_ERRORS : 0;
	json_decref(o);
	return r;
}
