/* $batch: what is no batch, the limits, and what parts depend on; the route is one of the test's.
 */
#include "../check.h"

#include "graph/batch.h"
#include "odata/parse.h"
#include "order/orders.h"
#include "tenant/body.h"

#include "base/err.h"

static struct tenant tenant = {.id = "t", .initial_domain = "a.example"};

/* Answers 404 below /missing, 200 otherwise. */
static void route(struct emulator *em, struct request *rq, struct response *rs)
{
	assert_true(rq->part);
	assert_string_equal(rq->base, "https://x");
	rs->status = streq(rq->segments[0], "missing") ? 404 : 200;
}

/* The status of each part in a line, or "!" and that of the batch. */
static char *run(const char *body)
{
	struct emulator em = {0};
	struct response rs = {.retry_after = -1, .after_bytes = -1};
	struct request rq = {.method = M_POST, .version = "v1.0", .base = "https://x"};
	_cleanup_json_ json_t *answer = NULL;
	struct buf line = {0};
	json_t *part;
	size_t i;

	emulator_init(&em, &tenant);
	em.orders = orders_new("/nonexistent", NULL);
	request_begin(&em, NULL);
	rq.body = body_parse(body, strlen(body));
	handle_batch(&em, &rq, route, &rs);
	answer = body_parse(rs.body.data, rs.body.len);
	assert_non_null(answer);
	if (rs.status != 200)
		buf_addf(&line, "!%d", rs.status);
	json_array_foreach (json_object_get(answer, "responses"), i, part)
		buf_addf(&line, "%s%ld", i ? " " : "", body_number(part, "status", 0));
	request_done(&rq);
	buf_done(&rs.body);
	em.orders = orders_free(em.orders);
	emulator_done(&em);
	return buf_steal(&line);
}

static void expect(const char *body, const char *line)
{
	_cleanup_free_ char *got = run(body);

	if (!streq(got, line))
		fail_msg("%s: %s, not %s", body, got, line);
}

#define PART(id, url) "{\"id\":\"" id "\",\"method\":\"GET\",\"url\":\"" url "\"}"

static void test_batches(void **state)
{
	expect("{}", "!400");
	expect("[]", "!400");
	expect("{\"requests\":{}}", "!400");
	expect("{\"requests\":[]}", "");
	expect("{\"requests\":[" PART("1", "/users") "," PART("2", "/missing") "]}", "200 404");
	expect("{\"requests\":[" PART("a", "/users") "," PART("A", "/users") "]}", "!400");
	expect("{\"requests\":[" PART("", "/users") "]}", "!400");
	expect("{\"requests\":[1]}", "!400");
	expect("{\"requests\":[{\"id\":\"1\"}]}", "400");
	expect("{\"requests\":[" PART("1", "https://x/v1.0/users") "]}", "400");
	expect("{\"requests\":[" PART("1", "/$batch") "]}", "400");
	expect("{\"requests\":[{\"id\":1,\"method\":\"POST\",\"url\":\"/users\",\"body\":{}}]}",
		"400"); /* a body without its Content-Type */
}

static void test_dependencies(void **state)
{
	expect("{\"requests\":[" PART("1", "/missing") ",{\"id\":\"2\",\"method\":\"GET\",\"url\":"
						       "\"/users\",\"dependsOn\":[\"1\"]}"
						       ",{\"id\":\"3\",\"method\":\"GET\",\"url\":"
						       "\"/users\",\"dependsOn\":[\"2\"]}"
						       ",{\"id\":\"4\",\"method\":\"GET\",\"url\":"
						       "\"/users\",\"dependsOn\":[\"5\"]}"
						       "," PART("5", "/users") "]}",
		"404 424 424 424 200");
}

static void test_limit(void **state)
{
	for (unsigned n = 20; n <= 21; n++) {
		_cleanup_buf_ struct buf b = {0};
		_cleanup_free_ char *got = NULL;

		buf_adds(&b, "{\"requests\":[");
		for (unsigned i = 0; i < n; i++)
			buf_addf(&b, "%s{\"id\":\"%u\",\"method\":\"GET\",\"url\":\"/users\"}",
				i ? "," : "", i);
		buf_adds(&b, "]}");
		got = run(b.data);
		assert_int_equal(streq(got, "!400"), n > 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_dependencies),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
