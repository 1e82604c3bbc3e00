/* adsyncctl preview: what a synchronization of one object would do. */
#include "ctl.h"
#include "print.h"

#include <stdio.h>

static void print_value(const json_t *v)
{
	char *text = v ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	printf("%s", text ? text : "-");
	free(text);
}

static void print_rules(const json_t *rules)
{
	size_t i;
	json_t *r;

	json_array_foreach (rules, i, r) {
		const char *reason = text_of(r, "reason");

		printf("  %s %5lld  %s%s%s\n",
			json_is_true(json_object_get(r, "in_scope")) ? "in " : "out",
			(long long)json_integer_value(json_object_get(r, "precedence")),
			text_of(r, "rule"), *reason ? ": " : "", reason);
	}
}

static void print_flows(const json_t *flows)
{
	size_t i;
	json_t *f;

	json_array_foreach (flows, i, f) {
		printf("  %-32s %-12s %s", text_of(f, "attribute"), text_of(f, "verdict"),
			text_of(f, "rule"));
		if (json_object_get(f, "value")) {
			printf(": ");
			print_value(json_object_get(f, "value"));
		}
		puts("");
	}
}

static void print_export(const json_t *out)
{
	printf("\nOutbound to %s: %s\n", text_of(out, "connector"), text_of(out, "result"));
	print_rules(json_object_get(out, "rules"));
	if (json_array_size(json_object_get(out, "flows"))) {
		puts("\nFlows:");
		print_flows(json_object_get(out, "flows"));
	}
	print_changes(json_object_get(out, "pending_export"));
}

static void print_preview(const json_t *preview)
{
	json_t *out;
	size_t i;

	print_fields(preview, "");
	puts("\nInbound:");
	print_rules(json_object_get(preview, "rules"));
	puts("\nFlows:");
	print_flows(json_object_get(preview, "flows"));
	json_array_foreach (json_object_get(preview, "outbound"), i, out)
		print_export(out);
}

int command_preview(const struct ctl *c, int argc, char **argv)
{
	json_t *p = json_pack("{s:s}", "name", argv[0]);

	if (c->connector)
		json_object_set_new(p, "connector", json_string(c->connector));
	return ctl_show(c, "Preview", p, "preview", print_preview);
}
