/* adsyncctl soa check: what stands in the way, as text, JSON or CSV. */
#include "base/json.h"
#include "csv.h"
#include "print.h"
#include "soa.h"

#include <stdio.h>

struct row {
	const json_t *object; /* NULL: it is about all of them */
	const json_t *finding, *code;
};

static struct row row_of(const json_t *answer, const json_t *finding)
{
	const json_t *number = json_object_get(finding, "object");
	struct row r = {NULL, finding,
		json_object_get(json_object_get(answer, "codes"), text_of(finding, "code"))};

	if (json_is_integer(number))
		r.object = json_array_get(
			json_object_get(answer, "objects"), (size_t)json_integer_value(number));
	return r;
}

/* Each finding with everything that there is to say about it. */
static json_t *flat(const json_t *answer)
{
	static const char *const keys[] = {"identity", "name", "class", "dn", "anchor"};
	json_t *list = json_array(), *finding;
	size_t i;

	json_array_foreach (json_object_get(answer, "findings"), i, finding) {
		struct row r = row_of(answer, finding);
		json_t *o = json_object();

		for (unsigned k = 0; k < ARRAY_SIZE(keys); k++) {
			json_t *v = json_object_get(r.object, keys[k]);

			json_object_set(o, keys[k], v ? v : json_null());
		}
		json_object_update(o, (json_t *)finding);
		json_object_del(o, "object");
		json_object_update(o, (json_t *)r.code);
		json_array_append_new(list, o);
	}
	return list;
}

static int show_json(const json_t *answer)
{
	_cleanup_json_ json_t *o =
		json_pack("{s:O, s:O, s:o}", "objects", json_object_get(answer, "objects"),
			"counts", json_object_get(answer, "counts"), "findings", flat(answer));

	print_json(o);
	return 0;
}

static int show_csv(const json_t *answer)
{
	static const char *const heads[] = {"Identity", "Type", "DisplayName", "DN", "Severity",
		"Code", "Attribute", "Finding", "Why", "Advice"};
	static const char *const keys[] = {"identity", "class", "name", "dn", "severity", "code",
		"attribute", "text", "why", "advice"};
	_cleanup_json_ json_t *list = flat(answer);
	size_t i;
	json_t *o;

	for (unsigned k = 0; k < ARRAY_SIZE(heads); k++)
		csv_put(stdout, heads[k], k + 1 == ARRAY_SIZE(heads));
	json_array_foreach (list, i, o)
		for (unsigned k = 0; k < ARRAY_SIZE(keys); k++)
			csv_put(stdout, text_of(o, keys[k]), k + 1 == ARRAY_SIZE(keys));
	return 0;
}

static void show_finding(const struct row *r)
{
	const char *attr = text_of(r->finding, "attribute");

	printf("  %-6s %s: ", text_of(r->code, "severity"), text_of(r->finding, "code"));
	print_plain(stdout, attr);
	fputs(*attr ? ": " : "", stdout);
	print_plain(stdout, text_of(r->finding, "text"));
	putchar('\n');
}

static void show_name(const struct row *r, bool again)
{
	const char *dn = text_of(r->object, "dn");

	fputs(again ? "\n" : "", stdout);
	print_plain(stdout, !r->object ? "All objects" : *dn ? dn : text_of(r->object, "identity"));
	putchar('\n');
}

/* The objects with something to say, each with its findings. */
static void show_objects(const json_t *answer)
{
	const json_t *last = NULL;
	bool any = false;
	json_t *finding;
	size_t i;

	json_array_foreach (json_object_get(answer, "findings"), i, finding) {
		struct row r = row_of(answer, finding);

		if (!any || r.object != last)
			show_name(&r, any);
		any = true;
		last = r.object;
		show_finding(&r);
	}
	if (any)
		puts("");
}

/* Why each kind matters and what to do, once. */
static void show_codes(const json_t *codes)
{
	const char *code;
	json_t *o;

	json_object_foreach ((json_t *)codes, code, o)
		printf("%s: %s.\n  To do: %s.\n", code, text_of(o, "why"), text_of(o, "advice"));
	if (json_object_size(codes))
		puts("");
}

static int show_text(const json_t *answer)
{
	static const char *const words[] = {"blocks", "warns", "info", "ready"};
	static const char *const says[] = {
		"blocked", "with warnings", "ready, with remarks", "ready"};
	const json_t *counts = json_object_get(answer, "counts");

	show_objects(answer);
	show_codes(json_object_get(answer, "codes"));
	printf("%zu objects:", json_array_size(json_object_get(answer, "objects")));
	for (unsigned i = 0, first = 1; i < ARRAY_SIZE(words); i++) {
		long long n = json_integer_value(json_object_get(counts, words[i]));

		if (n)
			printf("%s %lld %s", first ? "" : ",", n, says[i]);
		first = first && !n;
	}
	puts("");
	return 0;
}

int command_soa_check(const struct ctl *c, int argc, char **argv)
{
	_cleanup_json_ json_t *answer = NULL;
	json_t *p;
	int r = soa_parameters(c, argc, argv, false, &p);

	if (r)
		return r;
	json_object_set_new(p, "rollback", json_boolean(c->rollback));
	json_object_set_new(p, "exchange", json_boolean(c->exchange));
	r = soa_ask(c, "SoaCheck", p, NULL, &answer);
	if (r)
		return r;
	if (c->json)
		show_json(answer);
	else if (c->csv)
		show_csv(answer);
	else
		show_text(answer);
	return json_integer_value(json_object_get(json_object_get(answer, "counts"), "blocks"))
	               ? CTL_ERRORS
	               : CTL_GOOD;
}
