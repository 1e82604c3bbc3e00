/* The control interface: the .varlink file says what the tables say. */
#include "../check.h"
#include "daemon_priv.h"
#include "sync/view/question.h"

#include <errno.h>
#include <stdio.h>

/* The line after `at` that begins with a keyword and a blank; what follows these. NULL: no more. */
static const char *next_line(const char *at, const char *keyword)
{
	_cleanup_free_ char *start = xasprintf("\n%s ", keyword);
	const char *found = strstr(at, start);

	return found ? found + strlen(start) : NULL;
}

static void test_errors(void **state)
{
	struct varlink_service s = daemon_service(NULL);
	const char *at = s.description;
	unsigned n = 0;
	char word[64];

	while ((at = next_line(at, "error"))) {
		assert_int_equal(sscanf(at, "%63[A-Za-z]", word), 1);
		if (control_error_find(word) == CONTROL_ERROR_COUNT)
			fail_msg("%s is no row of CONTROL_ERRORS", word);
		n++;
	}
	assert_int_equal(n, CONTROL_ERROR_COUNT);
	for (unsigned i = 0; i < CONTROL_ERROR_COUNT; i++) {
		enum control_error c = (enum control_error)i;
		_cleanup_free_ char *line = xasprintf("\nerror %s (", control_error_word(c));

		assert_int_equal(control_error_find(control_error_word(c)), c);
		if (!strstr(s.description, line))
			fail_msg("%s is not in the .varlink file", control_error_word(c));
	}
	assert_int_equal(control_error_find("MethodNotFound"), CONTROL_ERROR_COUNT);
	assert_int_equal(control_error_find(""), CONTROL_ERROR_COUNT);
}

/* Who asked gets the error that belongs to the errno; any other is Failed. */
static void test_errno(void **state)
{
	assert_int_equal(control_error_of(-ENOENT), CONTROL_ERROR_NOT_FOUND);
	assert_int_equal(control_error_of(-EBUSY), CONTROL_ERROR_BUSY);
	assert_int_equal(control_error_of(-EALREADY), CONTROL_ERROR_ALREADY_RUNNING);
	assert_int_equal(control_error_of(-EINVAL), CONTROL_ERROR_FAILED);
	assert_int_equal(control_error_of(-EPERM), CONTROL_ERROR_FAILED);
	assert_int_equal(control_error_of(0), CONTROL_ERROR_FAILED);
}

/* What everybody may ask, on the status socket; the control socket has it, too. */
static const char *const FOR_ALL[] = {"GetStatus", "ListRuns", "GetRun"};
/* What the control socket alone has. */
static const char *const CONTROL_ONLY[] = {"StartSyncCycle", "RunProfile", "StopSyncCycle",
	"Reload", "ListErrors", "ListPending", "GetThreshold", "SetThreshold", "OverrideThreshold",
	"RetryError", "SearchConnectorSpace", "GetConnector", "GetConnectorStatistics",
	"TestConnector", "GetConnectorSpaceObject", "GetMetaverseObject", "GetLineage", "Preview",
	"DryRunExport", "SoaBackup", "SoaCheck", "SoaConvert", "SoaLog", "SoaPlan", "SoaReport",
	"SoaRollback", "SoaStatus", "SyncObject"};

static bool is_in(const char *const *list, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (streq(list[i], name))
			return true;
	return false;
}

/* Is a method there, in the service and in the .varlink file, and on which socket? */
static void expect_method(const struct varlink_service *s, const char *name, bool for_all)
{
	_cleanup_free_ char *line = xasprintf("\nmethod %s(", name);
	struct varlink_method m;

	if (!varlink_find(s, name, &m))
		fail_msg("there is no method %s", name);
	assert_string_equal(m.name, name);
	if (m.read_only != for_all)
		fail_msg("%s is on the wrong socket", name);
	if (!strstr(s->description, line))
		fail_msg("%s is not in the .varlink file", name);
}

/* Whoever adds a method says in a list here who may call it. */
static void expect_listed(const char *name)
{
	if (!is_in(FOR_ALL, ARRAY_SIZE(FOR_ALL), name) &&
		!is_in(CONTROL_ONLY, ARRAY_SIZE(CONTROL_ONLY), name))
		fail_msg("%s is in none of the lists of this test: who may call it?", name);
}

static void test_sockets(void **state)
{
	struct varlink_service s = daemon_service(NULL);
	const struct question *all;
	struct varlink_method m;
	unsigned n, lines = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(FOR_ALL); i++)
		expect_method(&s, FOR_ALL[i], true);
	for (unsigned i = 0; i < ARRAY_SIZE(CONTROL_ONLY); i++)
		expect_method(&s, CONTROL_ONLY[i], false);
	for (unsigned i = 0; i < s.n_methods; i++)
		expect_listed(s.methods[i].name);
	all = question_all(&n);
	for (unsigned i = 0; i < n; i++) {
		expect_listed(all[i].name);
		/* some have a row in methods.c, too: both say the same */
		assert_true(varlink_find(&s, all[i].name, &m));
		assert_int_equal(m.read_only, all[i].socket == QUESTION_ON_BOTH);
		/* the daemon's loop answers everybody: only what takes no time */
		assert_true(!m.read_only || all[i].kind == QUESTION_QUICK);
	}
	for (const char *at = s.description; (at = next_line(at, "method"));)
		lines++;
	assert_int_equal(lines, ARRAY_SIZE(FOR_ALL) + ARRAY_SIZE(CONTROL_ONLY));
	assert_false(varlink_find(&s, "Bogus", &m));
	assert_false(varlink_find(&s, "", &m));
	assert_false(varlink_find(&s, "getstatus", &m));
}

/* The parameters of a line of the .varlink file: "name: type, name: type". */
static char *parameters_of(const char *description, const char *method)
{
	_cleanup_free_ char *line = xasprintf("\nmethod %s(", method);
	const char *at = strstr(description, line);

	assert_non_null(at);
	at += strlen(line);
	return xasprintf("%.*s", (int)strcspn(at, ")"), at);
}

/* What a question must have is in its line without "?", and its number is one that may be there. */
static void test_parameters(void **state)
{
	struct varlink_service s = daemon_service(NULL);
	unsigned n;
	const struct question *all = question_all(&n);

	for (unsigned i = 0; i < n; i++) {
		const struct question *q = &all[i];
		_cleanup_free_ char *text = parameters_of(s.description, q->name);
		unsigned k = 0;
		bool number = false;
		char *rest = NULL;

		for (char *p = strtok_r(text, ", ", &rest); p; p = strtok_r(NULL, ", ", &rest)) {
			char *type = strtok_r(NULL, ", ", &rest);

			assert_non_null(type);
			p[strcspn(p, ":")] = '\0';
			if (*type != '?') {
				assert_string_equal(type, "string");
				assert_true(k < ARRAY_SIZE(q->strings) && q->strings[k]);
				assert_string_equal(p, q->strings[k++]);
			} else if (q->number && streq(p, q->number)) {
				assert_string_equal(type, "?int");
				number = true;
			}
		}
		assert_true(k == ARRAY_SIZE(q->strings) || !q->strings[k]);
		assert_int_equal(number, q->number != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
