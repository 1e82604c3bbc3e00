/*
 * Runs the .test files of tests/expr. A line is one of:
 *   # comment
 *   @ {"attr": value, ...}     the object for the lines below, see lang/offline.h
 *   @ example                  the object of the manual's examples
 *   EXPRESSION ==> JSON        the value: text, number, true/false, null, [ ... ], {"base64": ..}
 *   EXPRESSION ==> ! text      an error whose message has the text (at compile or run time)
 *   EXPRESSION ==> Ignore | AuthoritativeNull
 */
#include "../check.h"
#include "base/buf.h"
#include "base/file.h"
#include "lang/expr/functions.h"
#include "lang/import/offline.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>

static unsigned n_cases, n_bad; /* all bad ones are shown, then the test fails */

static const char *describe(const struct offline *o, const struct flow_result *r)
{
	json_t *j;
	char *text;
	const char *ret;

	if (r->kind == FLOW_RESULT_IGNORE)
		return "Ignore";
	if (r->kind == FLOW_RESULT_AUTHORITATIVE_NULL)
		return "AuthoritativeNull";
	if (r->kind == FLOW_RESULT_ERROR)
		return arena_printf(o->arena, "! %s", r->error);
	j = offline_result(o, r);
	text = json_dumps(j, JSON_ENCODE_ANY);
	ret = arena_strdup(o->arena, text ? text : "?");
	free(text);
	json_decref(j);
	return ret;
}

static void run_case(
	const char *file, int line, const char *expr, const char *want, struct offline *o)
{
	struct flow_result r;
	struct err e = {0};
	const char *got;

	n_cases++;
	if (offline_eval(o, expr, &r, &e) < 0)
		got = arena_printf(o->arena, "! %s", e.text);
	else
		got = describe(o, &r);
	if (want[0] == '!' ? got[0] == '!' && strstr(got, want + 2) != NULL : streq(got, want))
		return;
	print_error("%s:%d: %s\n  wanted %s\n  got    %s\n", file, line, expr, want, got);
	n_bad++;
}

static json_t *load_object(struct offline *o, const char *text, struct arena *a)
{
	json_error_t je;
	json_t *json = json_loads(text, 0, &je);
	struct err e;

	if (!json)
		fail_msg("%s: %s", text, je.text);
	if (offline_init(o, json, a, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	return json;
}

static void run_file(const char *path)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_arena_ struct arena a = {0};
	json_t *json = NULL;
	struct offline o;
	struct err e;
	int line = 0;

	assert_int_equal(offline_init(&o, NULL, &a, &e), 0);
	assert_int_equal(file_read(path, 1 << 20, &text, NULL, &e), 0);
	for (char *l = text, *next; l; l = next) {
		char *arrow;

		next = strchr(l, '\n');
		if (next)
			*next++ = '\0';
		line++;
		if (*l == '@') {
			json_decref(json);
			json = load_object(&o, streq(l, "@ example") ? expr_example : l + 1, &a);
		} else if (*l && *l != '#') {
			arrow = strstr(l, " ==> ");
			if (!arrow)
				fail_msg("%s:%d: no ==>", path, line);
			*arrow = '\0';
			run_case(path, line, l, arrow + 5, &o);
		}
	}
	json_decref(json);
}

/* The manual's examples are true, and every function has one. */
static void test_examples(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct offline o;
	json_t *json = load_object(&o, expr_example, &a);

	for (unsigned i = 0; i < n_functions; i++) {
		const struct function *f = &functions[i];
		char call[64];

		snprintf(call, sizeof(call), "%s(", f->name);
		if (!strstr(f->signature, call) || !strstr(f->example, call))
			fail_msg("%s: the signature or the example is about another", f->name);
		run_case("functions.c", (int)i, f->example, f->result, &o);
		for (unsigned k = i + 1; k < n_functions; k++)
			assert_string_not_equal(f->name, functions[k].name);
	}
	assert_int_equal(n_bad, 0);
	json_decref(json);
}

/* Every function is in some .test file, beside its example. */
static void test_coverage(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct err e;

	assert_int_equal(file_read(EXPR_DIR "/functions.test", 1 << 20, &text, NULL, &e), 0);
	for (unsigned i = 0; i < n_functions; i++) {
		char call[64];

		snprintf(call, sizeof(call), "%s(", functions[i].name);
		if (!strstr(text, call))
			fail_msg("functions.test has no case of %s", functions[i].name);
	}
}

static void test_files(void **state)
{
	DIR *d = opendir(EXPR_DIR);
	struct dirent *ent;

	assert_non_null(d);
	while ((ent = readdir(d))) {
		char path[512];

		if (!strstr(ent->d_name, ".test"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", EXPR_DIR, ent->d_name);
		run_file(path);
	}
	closedir(d);
	assert_int_equal(n_bad, 0);
	assert_true(n_cases > 250);
}

static void test_limits(void **state)
{
	struct err e;
	struct expr *x = NULL;
	char *deep = xmalloc(2000);
	unsigned column;

	memset(deep, '(', 1000);
	deep[1000] = '\0';
	assert_true(expr_compile(deep, &x, &column, &e) < 0);
	assert_non_null(strstr(e.text, "nested deeper"));
	free(deep);
	deep = xmalloc(EXPR_LENGTH_MAX + 10);
	memset(deep, '1', EXPR_LENGTH_MAX + 5);
	deep[EXPR_LENGTH_MAX + 5] = '\0';
	assert_true(expr_compile(deep, &x, &column, &e) < 0);
	free(deep);
	assert_true(expr_compile("IIF(True, 1)", &x, &column, &e) < 0);
	assert_int_equal(column, 1);
	assert_true(expr_compile("1 + Trm(\"x\")", &x, &column, &e) < 0);
	assert_int_equal(column, 5);
	assert_non_null(strstr(e.text, "did you mean Trim"));
}

/* --- what is accepted fits a small stack, whatever its form --- */

#define SMALL_STACK (1024 * 1024)

/* n times `open`, then `middle`, then n times `close`. */
static void nest(struct buf *b, unsigned n, const char *open, const char *middle, const char *close)
{
	for (unsigned i = 0; i < n; i++)
		buf_adds(b, open);
	buf_adds(b, middle);
	for (unsigned i = 0; i < n; i++)
		buf_adds(b, close);
}

static void *evaluate_text(void *text)
{
	static struct err e;
	_cleanup_arena_ struct arena a = {0};
	struct flow_result r;
	struct offline o;

	e = (struct err){0};
	if (offline_init(&o, NULL, &a, &e) < 0 || offline_eval(&o, text, &r, &e) < 0)
		return e.text;
	return r.kind == FLOW_RESULT_VALUES ? "good" : "no value";
}

/* Compiles, checks and evaluates on a stack of 1 MiB; "good", or the error. */
static const char *on_small_stack(const char *text)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *ret;

	pthread_attr_init(&attr);
	assert_int_equal(pthread_attr_setstacksize(&attr, SMALL_STACK), 0);
	assert_int_equal(pthread_create(&thread, &attr, evaluate_text, (void *)text), 0);
	assert_int_equal(pthread_join(thread, &ret), 0);
	pthread_attr_destroy(&attr);
	return ret;
}

static void test_small_stack(void **state)
{
	static const struct {
		unsigned n;
		const char *open, *middle, *close, *result;
	} CASES[] = {
		{EXPR_OPERATORS_MAX, "", "1", "+1", "good"},
		{EXPR_OPERATORS_MAX + 1, "", "1", "+1", "over 1000 operators"},
		{8000, "", "1", "+1", "over 1000 operators"},
		{EXPR_OPERATORS_MAX, "", "True", "&&True", "good"},
		{EXPR_OPERATORS_MAX, "", "\"a\"", "&\"b\"", "good"},
		{EXPR_DEPTH_MAX - 1, "(", "1", ")", "good"},
		{EXPR_DEPTH_MAX - 1, "1+(", "1", ")", "good"},
		{EXPR_DEPTH_MAX - 1, "(", "1", "+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1)", "good"},
		{EXPR_DEPTH_MAX - 1, "Trim(", "\"x\"", ")", "good"},
		{EXPR_DEPTH_MAX - 1, "IIF(True,", "1", ",1)", "good"},
		{EXPR_DEPTH_MAX, "(", "1", ")", "nested deeper than 64"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(CASES); i++) {
		_cleanup_buf_ struct buf b = {0};
		const char *got;

		nest(&b, CASES[i].n, CASES[i].open, CASES[i].middle, CASES[i].close);
		got = on_small_stack(buf_str(&b));
		if (!strstr(got, CASES[i].result))
			fail_msg("case %u: %s", i, got);
	}
}

/* Work and memory are bounded, whatever the expression. */
static void test_hostile(void **state)
{
	static const struct {
		const char *expr, *error;
	} CASES[] = {
		{"With($a, PadLeft(\"\", 4096, \"x\"), With($b, Replace($a, \"x\", $a), "
		 "With($c, Replace($b, \"x\", $b), Len($c))))",
			"over 1048576 bytes"},
		{"With($a, Split(PadLeft(\"\", 4000, \",\"), \",\"), Count(Select($x, $a, "
		 "Where($y, $a, $x <> $y))))",
			"over 1000000 steps"},
		{"With($a, PadLeft(\"\", 4096, \"x\"), With($b, $a & $a & $a & $a & $a & $a & $a, "
		 "With($l, Split(PadLeft(\"\", 4000, \",\"), \",\"), Count(Select($x, $l, $b & "
		 "$x)))))",
			"over 64 MiB"},
	};
	struct err e;

	for (unsigned i = 0; i < ARRAY_SIZE(CASES); i++) {
		_cleanup_arena_ struct arena a = {0};
		struct flow_result r;
		struct offline o;

		assert_int_equal(offline_init(&o, NULL, &a, &e), 0);
		assert_int_equal(offline_eval(&o, CASES[i].expr, &r, &e), 0);
		assert_int_equal(r.kind, FLOW_RESULT_ERROR);
		if (!strstr(r.error, CASES[i].error))
			fail_msg("%s: %s", CASES[i].expr, r.error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_small_stack),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
