/* adsyncctl soa plan: the order in which to switch objects, as CSV or JSON. */
#include "base/file.h"
#include "base/json.h"
#include "csv.h"
#include "print.h"
#include "soa.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define LEFT_SHOWN 50

/* The id in an anchor, which other tools know as well: what is behind the "_". */
static const char *id_of(const json_t *o)
{
	const char *anchor = text_of(o, "anchor"), *mark = strchr(anchor, '_');

	return mark && mark[1] ? mark + 1 : *anchor ? anchor : text_of(o, "identity");
}

static const char *mode_of(const json_t *o)
{
	return *text_of(o, "mode") ? text_of(o, "mode") : "Cloud";
}

static void put_object(FILE *f, const json_t *o)
{
	char wave[32];

	snprintf(wave, sizeof(wave), "%lld",
		(long long)json_integer_value(json_object_get(o, "wave")));
	csv_put(f, id_of(o), false);
	csv_put(f, mode_of(o), false);
	csv_put(f, wave, false);
	csv_put(f, text_of(o, "class"), false);
	csv_put(f, text_of(o, "name"), false);
	csv_put(f, text_of(o, "dn"), false);
	csv_put(f, text_of(o, "note"), true);
}

static char *csv_of(const json_t *plan, size_t *ret_n)
{
	static const char *const heads[] = {
		"Identity", "Mode", "Wave", "Type", "DisplayName", "DN", "Note"};
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_n);
	size_t i;
	json_t *o;

	if (!f)
		abort();
	for (unsigned k = 0; k < ARRAY_SIZE(heads); k++)
		csv_put(f, heads[k], k + 1 == ARRAY_SIZE(heads));
	json_array_foreach (json_object_get(plan, "objects"), i, o)
		put_object(f, o);
	if (fclose(f))
		abort();
	return text;
}

/* What is not in the file is told beside it. */
static void tell(const json_t *plan)
{
	const json_t *left = json_object_get(plan, "left_out");
	size_t i;
	json_t *o;

	json_array_foreach (left, i, o)
		if (i < LEFT_SHOWN) {
			fputs("left out: ", stderr);
			print_plain(stderr,
				*text_of(o, "dn") ? text_of(o, "dn") : text_of(o, "identity"));
			fputs(": ", stderr);
			print_plain(stderr, text_of(o, "why"));
			fputs("\n", stderr);
		}
	if (json_array_size(left) > LEFT_SHOWN)
		fprintf(stderr, "left out: %zu more\n", json_array_size(left) - LEFT_SHOWN);
	fprintf(stderr, "%zu objects, %lld waves, circles of groups: %lld, left out: %zu\n",
		json_array_size(json_object_get(plan, "objects")),
		(long long)json_integer_value(json_object_get(plan, "waves")),
		(long long)json_integer_value(json_object_get(plan, "cycles")),
		json_array_size(left));
}

static int write_csv(const struct ctl *c, const json_t *plan)
{
	struct err e = {0};
	size_t n;
	_cleanup_free_ char *text = csv_of(plan, &n);

	if (c->output)
		return file_write(c->output, 0600, text, n, &e) < 0 ? ctl_fail(&e, CTL_ERRORS) : 0;
	fwrite(text, 1, n, stdout);
	return 0;
}

int command_soa_plan(const struct ctl *c, int argc, char **argv)
{
	_cleanup_json_ json_t *plan = NULL;
	json_t *p;
	int r = soa_parameters(c, argc, argv, false, &p);

	if (r)
		return r;
	r = soa_ask(c, "SoaPlan", p, NULL, &plan);
	if (r)
		return r;
	if (c->json) {
		print_json(plan);
		return 0;
	}
	r = write_csv(c, plan);
	if (!r)
		tell(plan);
	return r;
}
