/* adsyncctl soa convert, rollback, backup. */
#include "base/json.h"
#include "csv.h"
#include "print.h"
#include "soa.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#define CONFIRM_TRIES 3

static void show_progress(const struct ctl *c, const json_t *p)
{
	json_int_t checked = json_integer_value(json_object_get(p, "checked"));
	json_int_t total = json_integer_value(json_object_get(p, "total"));
	char text[256];

	if (checked)
		snprintf(text, sizeof(text), "checked %lld of %lld ...", (long long)checked,
			(long long)total);
	else
		snprintf(text, sizeof(text), "%lld of %lld, %lld failed  %.120s",
			(long long)json_integer_value(json_object_get(p, "done")), (long long)total,
			(long long)json_integer_value(json_object_get(p, "failed")),
			text_of(p, "object"));
	ctl_line(text);
}

/* --- the number of objects, typed --- */

/* Does whoever sits there type the number? */
static bool is_typed(json_int_t n)
{
	char line[64], *end;

	fprintf(stderr, "%lld objects are to be moved. Type this number to go on: ", (long long)n);
	if (!fgets(line, sizeof(line), stdin))
		return false;
	return strtoll(line, &end, 10) == n && end != line && (*end == '\n' || !*end);
}

static bool confirm(const struct ctl *c, json_int_t n)
{
	if (c->yes == n)
		return true;
	if (c->yes >= 0) {
		fprintf(stderr,
			"adsyncctl: --yes-%" PRId64 " was given, and there are %lld objects: "
			"nothing was done\n",
			c->yes, (long long)n);
		return false;
	}
	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr,
			"adsyncctl: %lld objects are to be moved: confirm it with --yes-%lld\n",
			(long long)n, (long long)n);
		return false;
	}
	if (is_typed(n))
		return true;
	fputs("adsyncctl: this is not the number: nothing was done\n", stderr);
	return false;
}

/* --- what came out --- */

static bool is_bad(const json_t *item)
{
	const char *result = text_of(item, "result");

	return streq(result, "failed") || streq(result, "refused") || streq(result, "not-begun") ||
	       streq(result, "not-known-yet");
}

/* A list of those that have not been moved, for another try. */
static int write_failed(const char *path, const char *mode, const json_t *items)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	size_t i;
	json_t *o;

	if (!f) {
		fprintf(stderr, "adsyncctl: %s: %s\n", path, strerror(errno));
		return CTL_ERRORS;
	}
	fputs("Identity,Mode,Result,Text\r\n", f);
	json_array_foreach ((json_t *)items, i, o) {
		if (!is_bad(o))
			continue;
		csv_put(f, text_of(o, "identity"), false);
		csv_put(f, mode, false);
		csv_put(f, text_of(o, "result"), false);
		csv_put(f, text_of(o, "text"), true);
	}
	if (fclose(f) == 0)
		return 0;
	fprintf(stderr, "adsyncctl: %s: %s\n", path, strerror(errno));
	return CTL_ERRORS;
}

static void show_items(const json_t *answer)
{
	static const struct column columns[] = {
		{"RESULT", "result"},
		{"CLASS", "class"},
		{"NAME", "name", 40},
		{"OBJECT", "identity"},
		{"WHY", "text"},
	};

	print_table(json_object_get(answer, "items"), columns, ARRAY_SIZE(columns));
	printf("\n%lld done, %lld already so, %lld failed, %lld refused%s\n",
		(long long)json_integer_value(json_object_get(answer, "done")),
		(long long)json_integer_value(json_object_get(answer, "nothing_to_do")),
		(long long)json_integer_value(json_object_get(answer, "failed")),
		(long long)json_integer_value(json_object_get(answer, "refused")),
		json_is_true(json_object_get(answer, "dry_run")) ? " (nothing was changed)" : "");
}

/* What is to be looked at, and what is about all of them. */
static void show_findings(const json_t *answer)
{
	size_t i;
	json_t *f;

	json_array_foreach (json_object_get(answer, "findings"), i, f) {
		const char *object = text_of(f, "object");

		if (streq(text_of(f, "severity"), "info") && *object)
			continue;
		printf("%-7s %s%s%s\n", text_of(f, "severity"), object, *object ? ": " : "",
			text_of(f, "text"));
	}
}

static int show_answer(const struct ctl *c, const char *mode, const json_t *answer)
{
	const char *stopped = json_string_value(json_object_get(answer, "stopped"));
	const json_t *items = json_object_get(answer, "items");
	bool bad = stopped != NULL;
	size_t i;
	json_t *o;
	int r;

	json_array_foreach ((json_t *)items, i, o)
		bad |= is_bad(o) && !(c->dry_run && streq(text_of(o, "result"), "not-begun"));
	if (c->json) {
		print_json(answer);
	} else {
		show_findings(answer);
		show_items(answer);
	}
	if (stopped)
		fprintf(stderr, "adsyncctl: %s\n", stopped);
	if (c->failed) {
		r = write_failed(c->failed, mode, items);
		if (r)
			return r;
	}
	return bad ? CTL_ERRORS : CTL_GOOD;
}

static int set_options(const struct ctl *c, json_t *p)
{
	int64_t wave;

	if (c->wave && (!ctl_number(c->wave, &wave) || !wave)) {
		fprintf(stderr, "adsyncctl: --wave wants a number from 1 on, not \"%s\"\n",
			c->wave);
		return CTL_USAGE;
	}
	if (c->wave)
		json_object_set_new(p, "wave", json_integer(wave));
	json_object_set_new(p, "dry_run", json_boolean(c->dry_run));
	json_object_set_new(p, "exchange", json_boolean(c->exchange));
	json_object_set_new(p, "continue", json_boolean(c->go_on));
	json_object_set_new(p, "force", json_boolean(c->force));
	return 0;
}

static int move(const struct ctl *c, const char *method, const char *mode, int argc, char **argv)
{
	_cleanup_json_ json_t *p = NULL;
	int r = soa_parameters(c, argc, argv, false, &p);

	if (!r)
		r = set_options(c, p);
	for (int i = 0; !r && i < CONFIRM_TRIES; i++) {
		_cleanup_json_ json_t *o = NULL;
		json_int_t n;

		r = soa_ask(c, method, json_incref(p), show_progress, &o);
		if (r)
			return r;
		n = json_integer_value(json_object_get(o, "confirm"));
		if (!n)
			return show_answer(c, mode, o);
		if (!confirm(c, n))
			return CTL_ERRORS;
		json_object_set_new(p, "confirmed", json_integer(n));
	}
	return r ? r : CTL_ERRORS;
}

int command_soa_convert(const struct ctl *c, int argc, char **argv)
{
	return move(c, "SoaConvert", "convert", argc, argv);
}

int command_soa_rollback(const struct ctl *c, int argc, char **argv)
{
	return move(c, "SoaRollback", "rollback", argc, argv);
}

/* --- backup --- */

static void show_backup(const json_t *b)
{
	static const char *const sides[] = {"source", "target"};

	print_fields(b, "");
	for (unsigned i = 0; i < ARRAY_SIZE(sides); i++) {
		const json_t *side = json_object_get(b, sides[i]);

		if (!json_is_object(side))
			continue;
		printf("\n%s:\n", text_of(side, "connector"));
		print_fields(side, "  ");
		print_attributes(json_object_get(side, "attributes"), "Attributes", "(cleared)");
	}
}

static void show_differences(const json_t *rows)
{
	static const struct column columns[] = {
		{"SIDE", "side"},
		{"ATTRIBUTE", "attribute"},
		{"BACKUP", "backup"},
		{"NOW", "now"},
	};

	if (json_array_size(rows))
		print_table(rows, columns, ARRAY_SIZE(columns));
	else
		puts("nothing is different");
}

int command_soa_backup(const struct ctl *c, int argc, char **argv)
{
	bool diff = streq(argv[0], "diff");
	_cleanup_json_ json_t *o = NULL;
	json_t *p;
	int r;

	if (!diff && !streq(argv[0], "show")) {
		fprintf(stderr, "adsyncctl: show or diff was expected, not \"%s\"\n", argv[0]);
		return CTL_USAGE;
	}
	p = json_pack("{s:s, s:b}", "name", argv[1], "diff", diff);
	if (c->connector)
		json_object_set_new(p, "connector", json_string(c->connector));
	r = soa_ask(c, "SoaBackup", p, NULL, &o);
	if (r)
		return r;
	if (c->json)
		print_json(json_object_get(o, diff ? "differences" : "backup"));
	else if (diff)
		show_differences(json_object_get(o, "differences"));
	else
		show_backup(json_object_get(o, "backup"));
	return 0;
}
