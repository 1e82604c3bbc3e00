/*
 * Runs the .test files of tests/expr. A line is one of:
 *   # comment
 *   @ {"attr": value, ...}     the entry for the lines below; {"$b64": "..."} is binary
 *   EXPRESSION ==> JSON        the value: text, number, true/false, null, [ ... ], {"$b64": ..}
 *   EXPRESSION ==> ! text      an error whose message has the text (at compile or run time)
 *   EXPRESSION ==> Ignore | AuthoritativeNull
 */
#include "../check.h"
#include "base/codec.h"
#include "base/file.h"
#include "lang/expr.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>

static unsigned n_cases;

static struct value to_value(json_t *j, struct arena *a)
{
	const char *b64 = json_string_value(json_object_get(j, "$b64"));

	if (b64) {
		char *bytes = arena_alloc(a, strlen(b64) + 1);

		return value_binary(bytes, (size_t)base64_decode(bytes, b64, strlen(b64)));
	}
	if (json_is_integer(j))
		return value_integer(json_integer_value(j));
	if (json_is_boolean(j))
		return value_boolean(json_is_true(j));
	return value_string(json_string_value(j));
}

static void load_entry(const char *text, struct entry *e, struct arena *a)
{
	json_t *root = json_loads(text, 0, NULL), *value;
	const char *key;

	assert_non_null(root);
	entry_init(e, a);
	e->dn = "CN=Ada\\, the first,OU=People,DC=ad,DC=example,DC=test";
	json_object_foreach (root, key, value) {
		unsigned id = attr_intern(key);

		if (!json_is_array(value))
			entry_add(e, id, to_value(value, a));
		for (size_t i = 0; i < json_array_size(value); i++)
			entry_add(e, id, to_value(json_array_get(value, i), a));
	}
	json_decref(root);
}

static json_t *to_json(const struct value *v, struct arena *a)
{
	if (v->type == VALUE_INTEGER)
		return json_integer(v->num);
	if (v->type == VALUE_BOOLEAN)
		return json_boolean(v->num);
	if (v->type == VALUE_BINARY)
		return json_pack("{s:s}", "$b64", value_text(a, v));
	return json_stringn(v->data, v->len);
}

static const char *parameter(void *ctx, const char *name, struct arena *a)
{
	return streq(name, "Domain.FQDN") ? "ad.example.test" : NULL;
}

static int64_t link_count(void *ctx, unsigned attr)
{
	return attr == attr_find("member") ? 3 : 0;
}

static const char *describe(const struct flow_result *r, struct arena *a)
{
	json_t *j = NULL;
	char *text;
	const char *ret;

	if (r->kind == FLOW_RESULT_NULL_)
		return "null";
	if (r->kind == FLOW_RESULT_IGNORE)
		return "Ignore";
	if (r->kind == FLOW_RESULT_AUTHORITATIVE_NULL)
		return "AuthoritativeNull";
	if (r->kind == FLOW_RESULT_ERROR)
		return arena_printf(a, "! %s", r->error);
	if (r->count == 1) {
		j = to_json(&r->values[0], a);
	} else {
		j = json_array();
		for (unsigned i = 0; i < r->count; i++)
			json_array_append_new(j, to_json(&r->values[i], a));
	}
	text = json_dumps(j, JSON_ENCODE_ANY);
	ret = arena_strdup(a, text ? text : "?");
	free(text);
	json_decref(j);
	return ret;
}

static void run_case(const char *file, int line, const char *expr, const char *want,
	const struct entry *entry, struct arena *a)
{
	struct eval ev = {
		.source = entry, .parameter = parameter, .link_count = link_count, .arena = a};
	struct flow_result r;
	struct err e = {0};
	const char *got;
	struct expr *x;

	n_cases++;
	if (expr_compile(expr, &x, NULL, &e) < 0) {
		got = arena_printf(a, "! %s", e.text);
	} else {
		expr_eval(x, &ev, &r);
		got = describe(&r, a);
		expr_free(x);
	}
	if (want[0] == '!' ? got[0] == '!' && strstr(got, want + 2) != NULL : streq(got, want))
		return;
	fail_msg("%s:%d: %s\n  wanted %s\n  got    %s", file, line, expr, want, got);
}

static void run_file(const char *path)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_arena_ struct arena a = {0};
	struct entry entry;
	char *save = NULL;
	struct err e;
	int line = 0;

	entry_init(&entry, &a);
	assert_int_equal(file_read(path, 1 << 20, &text, NULL, &e), 0);
	for (char *l = text, *next; l; l = next) {
		char *arrow;

		next = strchr(l, '\n');
		if (next)
			*next++ = '\0';
		line++;
		if (*l == '@') {
			load_entry(l + 1, &entry, &a);
		} else if (*l && *l != '#') {
			arrow = strstr(l, " ==> ");
			if (!arrow)
				fail_msg("%s:%d: no ==>", path, line);
			*arrow = '\0';
			run_case(path, line, l, arrow + 5, &entry, &a);
		}
	}
	(void)save;
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
	assert_true(n_cases > 100);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
