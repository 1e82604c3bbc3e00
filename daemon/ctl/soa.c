/* adsyncctl soa: what its commands share, and status. */
#include "soa.h"
#include "base/json.h"
#include "print.h"
#include "soa_list.h"

#include <errno.h>
#include <stdio.h>

static int add_wave_size(const struct ctl *c, json_t *p)
{
	int64_t n = 0;

	if (!c->wave_size)
		return 0;
	if (!ctl_number(c->wave_size, &n) || n < 1) {
		fprintf(stderr, "adsyncctl: --wave-size is a number from 1 on, not \"%s\"\n",
			c->wave_size);
		return CTL_USAGE;
	}
	json_object_set_new(p, "wave_size", json_integer(n));
	return 0;
}

int soa_parameters(const struct ctl *c, int argc, char **argv, bool none, json_t **ret)
{
	_cleanup_json_ json_t *p = json_object(), *list = NULL;
	struct err e = {0};
	int r;

	if (c->file && soa_list_read(c->file, &list, &e) < 0)
		return ctl_fail(&e, CTL_USAGE);
	if (!list)
		list = json_array();
	for (int i = 0; i < argc; i++)
		if (json_array_append_new(list, json_string(argv[i])) < 0) {
			fputs("adsyncctl: the name of an object is not text in UTF-8\n", stderr);
			return CTL_USAGE;
		}
	if (!none && !json_array_size(list) && !c->of_group && !c->ou) {
		fputs("adsyncctl: name objects, or a list with --file, --group or --ou\n", stderr);
		return CTL_USAGE;
	}
	if (json_array_size(list))
		json_object_set(p, "objects", list);
	if (c->of_group)
		json_object_set_new(p, "group", json_string(c->of_group));
	if (c->ou)
		json_object_set_new(p, "ou", json_string(c->ou));
	if (c->connector)
		json_object_set_new(p, "connector", json_string(c->connector));
	r = add_wave_size(c, p);
	if (!r)
		*ret = steal(&p);
	return r;
}

static void show_objects(const struct ctl *c, const json_t *progress)
{
	char text[64];

	snprintf(text, sizeof(text), "%lld objects ...",
		(long long)json_integer_value(json_object_get(progress, "objects")));
	ctl_line(text);
}

struct teller {
	const struct ctl *c;
	void (*progress)(const struct ctl *c, const json_t *progress);
};

static int tell(void *ctx, const json_t *progress)
{
	struct teller *t = ctx;

	t->progress(t->c, progress);
	return 0;
}

int soa_ask(const struct ctl *c, const char *method, json_t *parameters,
	void (*progress)(const struct ctl *c, const json_t *progress), json_t **ret)
{
	struct teller t = {c, progress ? progress : show_objects};

	return ctl_work(c, method, parameters, tell, &t, ret);
}

/* --- status --- */

static void print_counts(const json_t *counts)
{
	const char *class, *state;
	json_t *of, *n;

	json_object_foreach ((json_t *)counts, class, of)
		json_object_foreach (of, state, n)
			printf("%-10s %-20s %lld\n", class, state,
				(long long)json_integer_value(n));
}

int command_soa_status(const struct ctl *c, int argc, char **argv)
{
	static const struct column columns[] = {
		{"STATE", "state"},
		{"CLASS", "class"},
		{"NAME", "name", 40},
		{"SINCE", "since"},
		{"BLOCKED", "blocked_changes"},
		{"OBJECT", "dn"},
		{"PROBLEM", "problem"},
	};
	_cleanup_json_ json_t *o = NULL;
	json_t *p;
	int r = soa_parameters(c, argc, argv, true, &p);

	if (r)
		return r;
	if (c->filter)
		json_object_set_new(p, "filter", json_string(c->filter));
	r = soa_ask(c, "SoaStatus", p, NULL, &o);
	if (r)
		return r;
	if (c->json) {
		print_json(o);
		return 0;
	}
	print_counts(json_object_get(o, "counts"));
	puts("");
	print_table(json_object_get(o, "objects"), columns, ARRAY_SIZE(columns));
	if (json_integer_value(json_object_get(o, "unsettled")))
		printf("\n%lld objects of a job that is running, or was cut short, may have been "
		       "moved. Run the same command again to find out.\n",
			(long long)json_integer_value(json_object_get(o, "unsettled")));
	if (json_is_true(json_object_get(o, "more")))
		puts("There are more; use --filter, --group, --ou or --file.");
	return 0;
}

/* --- log --- */

static void print_log(const json_t *list)
{
	size_t i;
	json_t *o;

	json_array_foreach (list, i, o) {
		const json_t *source = json_object_get(o, "sourceIdentity");
		const json_t *target = json_object_get(o, "targetIdentity");
		const json_t *step = json_array_get(json_object_get(o, "provisioningSteps"), 0);
		const json_t *changed = json_object_get(o, "modifiedProperties");
		const char *name = text_of(source, "id"), *sep = " Changed: ";
		json_t *one;
		size_t k;

		printf("%s  %-7s %s: %s", text_of(o, "activityDateTime"),
			text_of(o, "provisioningAction"), *name ? name : text_of(target, "id"),
			text_of(step, "description"));
		json_array_foreach ((json_t *)changed, k, one) {
			printf("%s%s", sep, text_of(one, "displayName"));
			sep = ", ";
		}
		puts(k ? "." : "");
	}
}

int command_soa_log(const struct ctl *c, int argc, char **argv)
{
	json_t *p = json_object();
	int64_t n;

	if (argc && !ctl_number(argv[0], &n)) {
		fprintf(stderr, "adsyncctl: \"%s\" is not a number of records\n", argv[0]);
		json_decref(p);
		return CTL_USAGE;
	}
	if (argc)
		json_object_set_new(p, "limit", json_integer(n));
	if (c->connector)
		json_object_set_new(p, "connector", json_string(c->connector));
	return ctl_show(c, "SoaLog", p, "skips", print_log);
}
