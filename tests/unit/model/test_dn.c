/*
 * base: two DNs have one key if and only if RFC 4514 reads them as the same names. Random names are
 * written in random spellings; a reference parser of its own reads the spellings again.
 */
#include "../check.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "model/dn.h"

#include <stdio.h>

#define RDNS_MAX 4
#define AVAS_MAX 3
#define RAW_MAX 64
#define ROUNDS 20000

/* --- the reference: a DN as a list of sets of (type, value) --- */

struct ava {
	char type[32];
	unsigned char value[RAW_MAX * 4];
	size_t n;
};
struct rdn {
	struct ava avas[AVAS_MAX];
	unsigned n;
};
struct name {
	struct rdn rdns[RDNS_MAX];
	unsigned n;
};

static int digit(char c)
{
	const char *all = "0123456789abcdef", *p = strchr(all, c >= 'A' && c <= 'F' ? c + 32 : c);

	return c && p ? (int)(p - all) : -1;
}

/* As the grammar of RFC 4514, 3, has it: a value is a string or a hexstring of one UTF8String. */
static const char *read_value(const char *p, struct ava *a)
{
	if (*p == '#') {
		unsigned char raw[RAW_MAX * 2];
		size_t n = 0;

		for (p++; digit(*p) >= 0; p += 2)
			raw[n++] = (unsigned char)(digit(p[0]) << 4 | digit(p[1]));
		assert_true(n >= 2 && raw[0] == 0x0c && raw[1] == n - 2);
		memcpy(a->value, raw + 2, n - 2);
		a->n = n - 2;
		return p;
	}
	while (*p && *p != ',' && *p != '+') {
		if (*p != '\\') {
			a->value[a->n++] = (unsigned char)*p++;
		} else if (digit(p[1]) >= 0 && digit(p[2]) >= 0) {
			a->value[a->n++] = (unsigned char)(digit(p[1]) << 4 | digit(p[2]));
			p += 3;
		} else {
			a->value[a->n++] = (unsigned char)p[1];
			p += 2;
		}
	}
	return p;
}

static void read_name(const char *p, struct name *ret)
{
	*ret = (struct name){0};
	for (;;) {
		struct rdn *r = &ret->rdns[ret->n];
		struct ava *a = &r->avas[r->n++];
		size_t n = 0;

		for (; *p != '='; p++)
			a->type[n++] = *p;
		p = read_value(p + 1, a);
		if (*p != '+')
			ret->n++;
		if (!*p++)
			return;
	}
}

static bool same_ava(const struct ava *a, const struct ava *b)
{
	return strcasecmp(a->type, b->type) == 0 &&
	       text_casecmp((const char *)a->value, a->n, (const char *)b->value, b->n) == 0;
}

static bool same_rdn(const struct rdn *a, const struct rdn *b)
{
	bool used[AVAS_MAX] = {0};

	for (unsigned i = 0; i < a->n; i++) {
		unsigned k = 0;

		while (k < b->n && (used[k] || !same_ava(&a->avas[i], &b->avas[k])))
			k++;
		if (k == b->n)
			return false;
		used[k] = true;
	}
	return a->n == b->n;
}

static bool same_name(const struct name *a, const struct name *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!same_rdn(&a->rdns[i], &b->rdns[i]))
			return false;
	return true;
}

/* --- random names, and random spellings of them --- */

static uint64_t seed = 88172645463325252u;

static unsigned pick(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 20) % n;
}

static void random_ava(struct ava *a)
{
	/* few letters, so that names meet; all that has a meaning in a DN */
	static const char *const parts[] = {"a", "b", "A", " ", " ", ",", "+", "=", "\\", "\"", "#",
		";", "<", ">", "2C", "5c", "20", "\n", "å", "Å", "ß", "CN=", ",CN=a", "\x01"};
	static const char *const types[] = {"CN", "OU", "DC", "2.5.4.4"};

	*a = (struct ava){0};
	strcpy(a->type, types[pick(ARRAY_SIZE(types))]);
	for (unsigned n = 1 + pick(4); n; n--) {
		const char *s = parts[pick(ARRAY_SIZE(parts))];

		memcpy(a->value + a->n, s, strlen(s));
		a->n += strlen(s);
	}
}

static void random_name(struct name *ret)
{
	*ret = (struct name){.n = 1 + pick(3)};
	for (unsigned i = 0; i < ret->n; i++) {
		ret->rdns[i].n = pick(4) ? 1 : 2;
		for (unsigned k = 0; k < ret->rdns[i].n; k++)
			random_ava(&ret->rdns[i].avas[k]);
	}
}

static void spell_type(struct buf *b, const char *type)
{
	for (; *type; type++)
		buf_addc(b, *type >= 'A' && *type <= 'Z' && pick(2) ? *type + 32 : *type);
	buf_addc(b, '=');
}

/* Escapes what must be escaped, and now and then what need not. */
static void spell_value(struct buf *b, const struct ava *a)
{
	if (pick(12) == 0) {
		buf_addf(b, "#0%c%02x", pick(2) ? 'c' : 'C', (unsigned)a->n);
		for (size_t i = 0; i < a->n; i++)
			buf_addf(b, pick(2) ? "%02x" : "%02X", a->value[i]);
		return;
	}
	for (size_t i = 0; i < a->n; i++) {
		unsigned char c = a->value[i];
		bool special = strchr("\"+,;<>\\=", c) != NULL;
		bool must = strchr("\"+,;<>\\", c) || (i == 0 && (c == ' ' || c == '#')) ||
		            (i + 1 == a->n && c == ' ');
		unsigned how = pick(6);

		if (how == 0)
			buf_addf(b, pick(2) ? "\\%02x" : "\\%02X", c);
		else if (must || (how == 1 && (special || c == ' ' || c == '#')))
			buf_addf(b, "\\%c", c);
		else
			buf_addc(b, (char)c);
	}
}

static void spell(struct buf *b, const struct name *n)
{
	buf_clear(b);
	for (unsigned i = 0; i < n->n; i++) {
		const struct rdn *r = &n->rdns[i];
		unsigned first = pick(r->n);

		if (i)
			buf_addc(b, ',');
		for (unsigned k = 0; k < r->n; k++) {
			const struct ava *a = &r->avas[(first + k) % r->n];

			if (k)
				buf_addc(b, '+');
			spell_type(b, a->type);
			spell_value(b, a);
		}
	}
}

static void check_pair(const char *x, const char *y, unsigned *same)
{
	_cleanup_arena_ struct arena a = {0};
	struct name nx, ny;
	bool expected, found = streq(dn_key(&a, x), dn_key(&a, y));

	read_name(x, &nx);
	read_name(y, &ny);
	expected = same_name(&nx, &ny);
	*same += expected;
	if (found != expected)
		fail_msg("%s | %s: keys %s | %s, RFC 4514 says they are %s", x, y, dn_key(&a, x),
			dn_key(&a, y), expected ? "the same" : "different");
}

/* Changes one thing of a name, or nothing. */
static void disturb(struct name *n)
{
	struct rdn *r = &n->rdns[pick(n->n)];

	switch (pick(4)) {
	case 0:
		random_ava(&r->avas[pick(r->n)]);
		break;
	case 1:
		n->n = 1;
		break;
	case 2:
		r->avas[0].n = r->avas[0].n > 1 ? r->avas[0].n - 1 : 1;
		if (!utf8_valid((char *)r->avas[0].value, r->avas[0].n))
			random_ava(&r->avas[0]);
		break;
	}
}

static void test_one_key_is_one_name(void **state)
{
	_cleanup_buf_ struct buf x = {0}, y = {0};
	unsigned same = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct name a, b;

		random_name(&a);
		b = a;
		if (pick(2))
			disturb(&b);
		spell(&x, &a);
		spell(&y, &b);
		check_pair(buf_str(&x), buf_str(&y), &same);
		random_name(&b);
		spell(&y, &b);
		check_pair(buf_str(&x), buf_str(&y), &same);
	}
	assert_in_range(same, ROUNDS / 4, 2 * ROUNDS - ROUNDS / 4);
}

/* A key is below another one if and only if the one DN ends with the other. */
static void test_below_is_below(void **state)
{
	_cleanup_buf_ struct buf x = {0}, y = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		_cleanup_arena_ struct arena a = {0};
		struct name n, base, tail = {0};

		random_name(&n);
		random_name(&base);
		if (pick(2)) {
			base.n = 1 + pick(n.n);
			memcpy(base.rdns, n.rdns + n.n - base.n, base.n * sizeof(n.rdns[0]));
		}
		spell(&x, &n);
		spell(&y, &base);
		if (n.n >= base.n) {
			tail.n = base.n;
			memcpy(tail.rdns, n.rdns + n.n - base.n, base.n * sizeof(n.rdns[0]));
		}
		assert_int_equal(dn_key_below(dn_key(&a, buf_str(&x)), dn_key(&a, buf_str(&y))),
			same_name(&tail, &base));
	}
}

static void test_parent_and_value(void **state)
{
	_cleanup_buf_ struct buf x = {0}, v = {0};

	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		struct name n, back;
		const char *p;

		random_name(&n);
		spell(&x, &n);
		read_name(buf_str(&x), &back);
		buf_clear(&v);
		assert_true(rdn_value(&v, buf_str(&x)));
		assert_int_equal(v.len, back.rdns[0].avas[0].n);
		assert_memory_equal(buf_str(&v), back.rdns[0].avas[0].value, v.len);
		p = dn_parent(buf_str(&x));
		if (n.n == 1) {
			assert_string_equal(p, "");
			continue;
		}
		read_name(p, &back);
		memmove(n.rdns, n.rdns + 1, sizeof(n.rdns) - sizeof(n.rdns[0]));
		n.n--;
		assert_true(same_name(&back, &n));
	}
}

static void check_same(const char *x, const char *y, bool same)
{
	_cleanup_arena_ struct arena a = {0};

	if (streq(dn_key(&a, x), dn_key(&a, y)) != same)
		fail_msg("%s | %s: %s | %s", x, y, dn_key(&a, x), dn_key(&a, y));
}

static void test_examples(void **state)
{
	check_same("CN=Smith\\, John,DC=x", "CN=Smith\\,John,DC=x", false);
	check_same("CN=Smith\\, John,DC=x", "cn=smith\\2c\\20john,dc=X", true);
	check_same("CN=a\\=b,DC=x", "CN=a\\= b,DC=x", false);
	check_same("CN=a\\ ,DC=x", "CN=a,DC=x", false);
	check_same("CN=\\ a,DC=x", "CN=a,DC=x", false);
	check_same("CN=a\\\\,DC=x", "CN=a\\\\,DC=X", true);
	check_same("CN=a\\\\,DC=x", "CN=a\\,DC\\=x", false);
	check_same("CN=a\\0ACNF:1,DC=x", "CN=a0ACNF:1,DC=x", false);
	check_same("CN=\\C3\\85se", "CN=åse", true);
	check_same("CN=a+UID=b,DC=x", "uid=B+cn=A,DC=x", true);
	check_same("CN=a\\+UID\\=b,DC=x", "CN=a+UID=b,DC=x", false);
	check_same("2.5.4.3=a", "CN=a", true);
	check_same("1.3.6.1.4.1.1466.0=#04024869", "1.3.6.1.4.1.1466.0=#0402 4869", false);
	check_same("1.3.6.1.4.1.1466.0=#04024869", "1.3.6.1.4.1.1466.0=Hi", true);
	check_same("CN=#0C024869", "CN=\\#0C024869", false);
	check_same("1.2.3=#030101", "1.2.3=#030101", true);
	check_same("1.2.3=#0301AB", "1.2.3=#0301ab", true);
	check_same("1.2.3=#030101", "1.2.3=\\#030101", false);
	/* blanks around separators are read as RFC 2253 does */
	check_same("CN=a b , OU = c,DC=x", "CN=a b,OU=c,DC=x", true);
	/* bytes that are no text */
	check_same("CN=\\FF", "CN=\\FE", false);
	check_same("CN=a\\00b", "CN=a\\00c", false);
}

static void test_part_of_a_name_is_found(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	const char *key = dn_key(&a, "CN=Åse\\, Dr.\\C3\\85,OU=Staff,DC=x");

	assert_non_null(strstr(key, dn_key_part(&a, "åse\\, dr")));
	assert_non_null(strstr(key, dn_key_part(&a, "ÅSE\\2C")));
	assert_non_null(strstr(key, dn_key_part(&a, "Å,ou=STAFF")));
	assert_non_null(strstr(key, dn_key_part(&a, "\\C3\\85,OU")));
	assert_null(strstr(key, dn_key_part(&a, "åse, dr")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_key_is_one_name),
		cmocka_unit_test(test_below_is_below),
		cmocka_unit_test(test_parent_and_value),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_part_of_a_name_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
