/* adsyncctl threshold, errors retry: what an administrator changes while the daemon runs. */
#include "ctl.h"
#include "print.h"

#include <stdio.h>

static void print_threshold(const json_t *o)
{
	static const struct column columns[] = {
		{"CONNECTOR", "connector"},
		{"LIMIT", "setting"},
		{"CLASS", "class"},
		{"VALUE", "value"},
		{"FROM", "from"},
	};
	const json_t *limits = json_object_get(o, "limits");

	print_fields(o, "");
	if (json_array_size(limits)) {
		puts("");
		print_table(limits, columns, ARRAY_SIZE(columns));
	}
}

int command_threshold_show(const struct ctl *c, int argc, char **argv)
{
	return ctl_show(c, "GetThreshold", NULL, "threshold", print_threshold);
}

static int done(const struct ctl *c, const char *method, json_t *parameters, const char *text)
{
	json_t *o;
	int r = ctl_ask_text(c, method, parameters, NULL, &o);

	if (r || c->json)
		return r;
	puts(text);
	json_decref(o);
	return 0;
}

int command_threshold_set(const struct ctl *c, int argc, char **argv)
{
	bool configured = streq(argv[0], "default");
	json_t *p = json_object();
	int64_t n = 0;

	if (!configured && !ctl_number(argv[0], &n)) {
		fprintf(stderr,
			"adsyncctl: \"%s\" is neither a number of deletes nor \"default\"\n",
			argv[0]);
		json_decref(p);
		return CTL_USAGE;
	}
	if (!configured)
		json_object_set_new(p, "threshold", json_integer(n));
	return done(c, "SetThreshold", p, "done");
}

int command_threshold_override(const struct ctl *c, int argc, char **argv)
{
	json_t *o;
	int r = ctl_ask_text(c, "OverrideThreshold", NULL, NULL, &o);

	if (r || c->json)
		return r;
	printf("the next export may delete %lld objects and %lld references, up to %lld of "
	       "them members of one group; the permission ends after it, or in a day\n",
		(long long)json_integer_value(json_object_get(o, "deletes")),
		(long long)json_integer_value(json_object_get(o, "references")),
		(long long)json_integer_value(json_object_get(o, "removals")));
	json_decref(o);
	return 0;
}

int command_errors_retry(const struct ctl *c, int argc, char **argv)
{
	json_t *p = json_pack("{s:s}", "name", argv[0]);

	if (c->connector)
		json_object_set_new(p, "connector", json_string(c->connector));
	return done(c, "RetryError", p, "the next export sends it again");
}
