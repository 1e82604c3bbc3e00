/*
 * Numbers and bytes that stand in the stores of those who run this program. A test that fails here
 * says: stores that exist would be read wrongly. Numbers are only appended, here too; another form
 * of images needs another version byte and an upgrade.
 */
#include "../check.h"
#include "model/image.h"
#include "store/cs.h"
#include "store/error.h"
#include "store/job.h"

struct number {
	const char *name;
	int number, is;
};
#define N(number, name)             \
	{                           \
#name, number, name \
	}

static const struct number NUMBERS[] = {
	N(0, CS_STAGING),
	N(1, CS_EXPORT),
	N(2, CS_PLACEHOLDER),
	N(3, CS_KIND_COUNT),

	N(0, WANT_NOTHING),
	N(1, WANT_PRESENT),
	N(2, WANT_ABSENT),
	N(3, WANT_ATTRIBUTES),
	N(4, CS_WANT_COUNT),

	N(0, EXPORT_STATE_NONE),
	N(1, EXPORT_STATE_PENDING),
	N(2, EXPORT_STATE_SENDING),
	N(3, EXPORT_STATE_EXPORTED),
	N(4, EXPORT_STATE_CONFIRMED),
	N(5, EXPORT_STATE_FAILED),
	N(6, EXPORT_STATE_COUNT),

	N(1, AUTHORITY_ALL),
	N(2, AUTHORITY_EXCHANGE),

	N(0, ERROR_IMPORT),
	N(1, ERROR_SYNC),
	N(2, ERROR_EXPORT),
	N(3, ERROR_OUTBOUND),
	N(4, ERROR_WARNING),
	N(5, ERROR_PHASE_COUNT),

	N(0, SOA_ITEM_WAITING),
	N(1, SOA_ITEM_KEPT),
	N(2, SOA_ITEM_SENDING),
	N(3, SOA_ITEM_DONE),
	N(4, SOA_ITEM_FAILED),
	N(5, SOA_ITEM_SAME),
	N(6, SOA_ITEM_STATE_COUNT),

	N(0, VALUE_STRING),
	N(1, VALUE_INTEGER),
	N(2, VALUE_BOOLEAN),
	N(3, VALUE_BINARY),
	N(4, VALUE_REFERENCE),
	N(5, VALUE_TYPE_COUNT),
};

static void test_numbers(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(NUMBERS); i++)
		if (NUMBERS[i].is != NUMBERS[i].number)
			fail_msg("%s is %d, in stores it is %d", NUMBERS[i].name, NUMBERS[i].is,
				NUMBERS[i].number);
}

/* An object with a value of each type that images have, and the bytes that it has in stores. */
static const unsigned char IMAGE[] = {
	1,                                      /* the form's version */
	2, 1, 0, 5, 'O', 's', 'l', 'o', '!', 0, /* one string */
	3, 2, 1, 1, 1, 0xac, 2,                 /* the integers -1 and 150 */
	4, 1, 2, 2,                             /* one boolean, true */
	0xac, 2, 1, 3, 3, 0, 0xff, '\n', 0,     /* attribute 300, three bytes */
};

static uint32_t no_new_attribute(struct attr_map *map, unsigned attr)
{
	return 0;
}

static void test_image(void **state)
{
	static const char *const NAMES[] = {"l", "number", "flag", "bytes"};
	static const uint32_t IDS[] = {2, 3, 4, 300};
	static struct attr_map map;
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0};
	unsigned attr[4];
	struct entry e, back;

	for (unsigned i = 0; i < ARRAY_SIZE(NAMES); i++) {
		attr[i] = attr_intern(NAMES[i]);
		map.to_store[attr[i]] = IDS[i];
		map.from_store[IDS[i]] = attr[i];
	}
	map.add = no_new_attribute;
	entry_init(&e, &a);
	entry_add(&e, attr[3], value_binary("\0\xff\n", 3));
	entry_add(&e, attr[1], value_integer(150));
	entry_add(&e, attr[1], value_integer(-1));
	entry_add(&e, attr[2], value_boolean(true));
	entry_add(&e, attr[0], value_string("Oslo!"));
	assert_true(image_encode(&e, &map, &b));
	assert_int_equal(b.len, sizeof(IMAGE));
	assert_memory_equal(b.data, IMAGE, sizeof(IMAGE));
	entry_init(&back, &a);
	assert_true(image_decode(IMAGE, sizeof(IMAGE), &map, &back));
	assert_int_equal(back.n_attrs, 4);
	assert_string_equal(entry_first(&back, attr[0])->data, "Oslo!");
	assert_int_equal(entry_first(&back, attr[1])->num, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
