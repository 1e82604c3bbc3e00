/*
 * adsyncctl pending diff --wire: each object as the next export would send it, with the names and
 * types of the wire.
 */
#include "base/json.h"
#include "ctl.h"
#include "dry_run.h"
#include "print.h"

#include <stdio.h>

struct wire {
	json_t *found; /* for --json */
	bool json, any;
};

static void print_quoted(const json_t *v)
{
	_cleanup_free_ char *text = json_dumps(v, JSON_ENCODE_ANY);

	puts(text);
}

static void print_value(const char *name, const char *type, const json_t *v)
{
	if (json_is_object(v)) {
		printf("  %c %s: \"%s\" ", streq(text_of(v, "operation"), "add") ? '+' : '-', name,
			text_of(v, "anchor"));
		print_plain(stdout, text_of(v, "source_dn"));
		puts("");
	} else {
		printf("    %s (%s): ", name, type);
		print_quoted(v);
	}
}

static void print_property(const json_t *p)
{
	const json_t *values = json_object_get(p, "values");
	const char *name = text_of(p, "name"), *type = text_of(p, "type");
	size_t i;
	json_t *v;

	if (!*type)
		printf("    %s: nil\n", name);
	else if (!json_array_size(values))
		printf("    %s (%s): no values\n", name, type);
	json_array_foreach ((json_t *)values, i, v)
		print_value(name, type, v);
}

static void print_object(const json_t *o)
{
	size_t i;
	json_t *p;

	printf("%s %s ", text_of(o, "operation"), text_of(o, "type"));
	print_plain(stdout, *text_of(o, "source_dn") ? text_of(o, "source_dn") : "-");
	printf("\n    %s\n    %s, message %lld\n", text_of(o, "dn"), text_of(o, "message"),
		(long long)json_integer_value(json_object_get(o, "number")));
	json_array_foreach (json_object_get(o, "properties"), i, p)
		print_property(p);
}

static int take_object(void *ctx, const json_t *progress)
{
	json_t *o = json_object_get(progress, "object");
	struct wire *w = ctx;

	if (!json_is_object(o))
		return 0;
	w->any = true;
	if (w->json)
		json_array_append(w->found, o);
	else
		print_object(o);
	return 0;
}

int pending_wire(const struct ctl *c, const char *name)
{
	_cleanup_json_ json_t *answer = NULL, *found = json_array();
	struct wire w = {found, c->json, false};
	json_t *p = json_pack("{s:b}", "objects", 1);
	int r;

	if (c->connector)
		json_object_set_new(p, "connector", json_string(c->connector));
	if (name)
		json_object_set_new(p, "name", json_string(name));
	r = ctl_work(c, "DryRunExport", p, take_object, &w, &answer);
	if (r)
		return r;
	if (c->json)
		print_json(found);
	dry_run_tell(stderr, answer, w.any);
	if (name && !w.any) {
		fprintf(stderr, "adsyncctl: nothing would be sent for %s\n", name);
		return CTL_ERRORS;
	}
	return dry_run_exit(answer);
}
