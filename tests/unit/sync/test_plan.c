/* The order of a migration: groups first, what is inside first, circles together, waves. */
#include "../check.h"
#include "base/err.h"
#include "sync/migration/plan.h"

#include <stdio.h>
#include <stdlib.h>

#define N(a) ((unsigned)(sizeof(a) / sizeof((a)[0])))

/* a and b are leaves, c contains a, d contains c; x and y contain each other, e contains them */
static const struct plan_object world[] = {
	{"a", true},
	{"b", true},
	{"c", true},
	{"d", true},
	{"e", true},
	{"x", true},
	{"y", true},
	{"u1", false},
	{"u2", false},
};
enum { A, B, C, D, E, X, Y, U1, U2 };
static const struct plan_member members[] = {
	{C, A},
	{D, C},
	{E, X},
	{X, Y},
	{Y, X},
	{A, U1},
	{D, U2},
	{D, A},
	{D, A},
};

/* The keys in the order of the plan, with a bar between waves. */
static void check_plan(
	const struct plan_object *o, const struct plan_result *p, const char *expected)
{
	char text[256] = "";

	for (unsigned i = 0; i < N(world); i++) {
		const struct plan_object *at = &o[p->order[i]];

		if (i && at->wave != o[p->order[i - 1]].wave) {
			assert_int_equal(at->wave, o[p->order[i - 1]].wave + 1);
			strcat(text, "|");
		}
		sprintf(text + strlen(text), "%s ", at->key);
	}
	assert_string_equal(text, expected);
	assert_int_equal(o[p->order[0]].wave, 1);
	assert_int_equal(o[p->order[N(world) - 1]].wave, p->waves);
}

static void plan_world(unsigned wave_size, const char *expected)
{
	struct plan_object o[N(world)];
	struct plan_result p;

	memcpy(o, world, sizeof(o));
	plan_make(o, N(o), members, N(members), wave_size, &p);
	check_plan(o, &p, expected);
	free(p.order);
}

static void test_waves(void **state)
{
	plan_world(0, "a b x y c e d |u1 u2 ");
	plan_world(100, "a b x y c e d |u1 u2 ");
	plan_world(3, "a b |x y c |e d |u1 u2 ");
	/* a circle is not cut, even where it is larger than a wave */
	plan_world(1, "a |b |x y |c |e |d |u1 |u2 ");
}

static void test_levels_and_circles(void **state)
{
	static const unsigned levels[] = {0, 0, 1, 2, 1, 0, 0, 0, 0};
	struct plan_object o[N(world)];
	struct plan_result p;

	memcpy(o, world, sizeof(o));
	plan_make(o, N(o), members, N(members), 0, &p);
	assert_int_equal(p.cycles, 1);
	for (unsigned i = 0; i < N(o); i++) {
		assert_int_equal(o[i].level, levels[i]);
		assert_int_equal(o[i].cycle, i == X || i == Y);
	}
	free(p.order);
}

static void test_in_itself(void **state)
{
	struct plan_object o[] = {{"a", true}, {"b", true}};
	const struct plan_member m[] = {{1, 1}, {1, 0}};
	struct plan_result p;

	plan_make(o, 2, m, 2, 0, &p);
	assert_int_equal(p.cycles, 1);
	assert_int_equal(o[0].cycle, 0);
	assert_int_equal(o[1].cycle, 1);
	free(p.order);
}

static void test_empty(void **state)
{
	struct plan_result p;

	plan_make(NULL, 0, NULL, 0, 5, &p);
	assert_int_equal(p.waves, 0);
	assert_int_equal(p.cycles, 0);
	free(p.order);
}

/* However the objects and the members are told, the plan is the same. */
static void test_permutations(void **state)
{
	srand(7);
	for (int round = 0; round < 2000; round++) {
		unsigned at[N(world)], was[N(members)];
		struct plan_object o[N(world)];
		struct plan_member m[N(members)];
		struct plan_result p;

		for (unsigned i = 0; i < N(at); i++)
			at[i] = i;
		for (unsigned i = 0; i < N(was); i++)
			was[i] = i;
		for (unsigned i = N(at) - 1; i; i--) {
			unsigned k = (unsigned)rand() % (i + 1), t = at[i];

			at[i] = at[k];
			at[k] = t;
		}
		for (unsigned i = N(was) - 1; i; i--) {
			unsigned k = (unsigned)rand() % (i + 1), t = was[i];

			was[i] = was[k];
			was[k] = t;
		}
		for (unsigned i = 0; i < N(at); i++)
			o[at[i]] = world[i];
		for (unsigned i = 0; i < N(was); i++)
			m[i] = (struct plan_member){
				at[members[was[i]].group], at[members[was[i]].member]};
		plan_make(o, N(o), m, N(m), 3, &p);
		check_plan(o, &p, "a b |x y c |e d |u1 u2 ");
		free(p.order);
	}
}

#define MANY 50000

static struct plan_object *many(char (*keys)[8])
{
	struct plan_object *o = xcalloc(MANY, sizeof(*o));

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(keys[i], sizeof(keys[i]), "g%05u", i);
		o[i] = (struct plan_object){keys[i], true};
	}
	return o;
}

/* A chain of 50,000 groups, each in the one before, and then closed to a circle. */
static void test_deep(void **state)
{
	static char keys[MANY][8];
	struct plan_object *o = many(keys);
	struct plan_member *m = xcalloc(MANY, sizeof(*m));
	struct plan_result p;

	for (unsigned i = 0; i + 1 < MANY; i++)
		m[i] = (struct plan_member){i, i + 1};
	plan_make(o, MANY, m, MANY - 1, 100, &p);
	assert_int_equal(p.waves, MANY / 100);
	assert_int_equal(p.cycles, 0);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(p.order[i], MANY - 1 - i);
		assert_int_equal(o[i].level, MANY - 1 - i);
	}
	free(p.order);
	m[MANY - 1] = (struct plan_member){MANY - 1, 0};
	plan_make(o, MANY, m, MANY, 100, &p);
	assert_int_equal(p.waves, 1);
	assert_int_equal(p.cycles, 1);
	free(p.order);
	free(m);
	free(o);
}

/* A group with 50,000 groups in it, and each of them in 20 others. */
static void test_wide(void **state)
{
	static char keys[MANY][8];
	struct plan_object *o = many(keys);
	struct plan_member *m = xcalloc(MANY * 21, sizeof(*m));
	struct plan_result p;
	size_t n = 0;

	for (unsigned i = 1; i < MANY; i++) {
		m[n++] = (struct plan_member){0, i};
		for (unsigned k = 1; k <= 20; k++)
			if (i > k)
				m[n++] = (struct plan_member){i - k, i};
	}
	plan_make(o, MANY, m, n, 0, &p);
	assert_int_equal(p.order[MANY - 1], 0);
	assert_int_equal(p.waves, 1);
	for (unsigned i = 1; i < MANY; i++)
		assert_int_equal(o[i].level, MANY - 1 - i);
	free(p.order);
	free(m);
	free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waves),
		cmocka_unit_test(test_levels_and_circles),
		cmocka_unit_test(test_in_itself),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_permutations),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_wide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
