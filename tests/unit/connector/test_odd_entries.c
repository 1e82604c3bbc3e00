/*
 * Every expression of the rules is evaluated over odd entries: nothing, blanks, several values,
 * huge ones, any script, bytes. The shipped rules have expressions of the same shapes as those of
 * Connect Sync; where nine of its real rules are at hand they are evaluated too.
 */
#include "../check.h"
#include "base/text.h"
#include "connector/connector.h"
#include "base/file.h"
#include "lang/expr/expr.h"
#include "lang/rule/metaverse.h"
#include "lang/rule/flow.h"
#include "lang/rule/ruleset.h"
#include "lang/rule/scope.h"
#include "lang/import/syncrule.h"

#include <dirent.h>
#include <stdio.h>

#define REAL SOURCE_DIR "/../shared/data/sync-rules"
#define HUGE_LEN 100000

static struct schema *metaverse;
static struct rule_schema schemas[3];

static int setup(void **state)
{
	struct err e = {0};

	if (metaverse_schema_load(NULL, &metaverse, &e) < 0)
		fail_msg("%s", e.text);
	schemas[0] =
		(struct rule_schema){"contoso.com", "ad", connector_type_find("ad")->schema(NULL)};
	schemas[1] =
		(struct rule_schema){"tenant", "entra", connector_type_find("entra")->schema(NULL)};
	schemas[2] = (struct rule_schema){.schema = metaverse};
	return 0;
}

static int teardown(void **state)
{
	metaverse_schema_free(metaverse);
	return 0;
}

static struct ruleset *load_shipped(void)
{
	const char *paths[] = {SOURCE_DIR "/conf/rules"};
	struct ruleset *rules;
	struct err e = {0};

	if (ruleset_load(paths, 1, schemas, 3, &rules, &e) < 0)
		fail_msg("%s:%d: %s", e.source, e.line, e.text);
	return rules;
}

static void add_file(json_t *list, const char *path, struct arena *a)
{
	_cleanup_free_ char *text = NULL;
	json_t *notes = json_array(), *rule;
	struct xml_node *root;
	struct err e = {0};
	size_t len;

	if (file_read(path, XML_BYTES_MAX, &text, &len, &e) < 0 ||
		xml_read(path, text, len, a, &root, &e) < 0)
		fail_msg("%s: %s", path, e.text);
	rule = syncrule_from_xml(path, root, notes, a, &e);
	if (!rule)
		fail_msg("%s: %s", path, e.text);
	assert_int_equal(json_array_size(notes), 0);
	json_array_append_new(list, rule);
	json_decref(notes);
}

/* NULL: they are not here. */
static struct ruleset *load_real(void)
{
	_cleanup_arena_ struct arena a = {0};
	json_t *list = json_array(), *o;
	struct ruleset *rules = NULL;
	DIR *dir = opendir(REAL);
	struct dirent *d;
	struct err e = {0};
	char *text;

	while (dir && (d = readdir(dir)))
		if (strstr(d->d_name, ".xml"))
			add_file(list, arena_printf(&a, "%s/%s", REAL, d->d_name), &a);
	if (dir)
		closedir(dir);
	o = json_pack("{s:o}", "rules", list);
	text = json_dumps(o, 0);
	if (json_array_size(list) && ruleset_load_text("real", text, schemas, 3, &rules, &e) < 0)
		fail_msg("%s:%d: %s", e.source, e.line, e.text);
	free(text);
	json_decref(o);
	return rules;
}

/* X(enum) - what the attributes of an expression hold */
#define KINDS(X) \
	X(NOTHING) X(BLANK) X(SPACES) X(SMALL) X(SEVERAL) X(HUGE) X(LEAST) X(SCRIPTS) X(MARKS)
enum kind {
#define X(id) ODD_##id,
	KINDS(X)
#undef X
		ODD_COUNT
};
static const char *const KIND_NAMES[] = {
#define X(id) #id,
	KINDS(X)
#undef X
};

/* Letters of two to four bytes, marks that combine, right to left, white space of Unicode. */
static const char SCRIPTS[] = "\xc3\x85ngstr\xc3\xb6m e\xcc\x81 \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d "
			      "\xe6\x9d\xb1\xe4\xba\xac "
			      "\xf0\x9f\x98\x80\xe2\x80\x83";
static const char MARKS[] = "SMTP:\"a\\0ACNF:x\"@{b};,[%Domain.FQDN%]&lt;";

static char *huge(struct arena *a)
{
	char *s = arena_alloc(a, HUGE_LEN + 1);

	memset(s, 'x', HUGE_LEN);
	s[HUGE_LEN] = '\0';
	return s;
}

static struct value odd_text(enum kind k, struct arena *a)
{
	static const char *const TEXTS[ODD_COUNT] = {[ODD_NOTHING] = "",
		[ODD_BLANK] = "",
		[ODD_SPACES] = " \t\xc2\xa0 ",
		[ODD_SMALL] = "a",
		[ODD_SEVERAL] = "a",
		[ODD_LEAST] = "-1",
		[ODD_SCRIPTS] = SCRIPTS,
		[ODD_MARKS] = MARKS};

	return value_string(k == ODD_HUGE ? huge(a) : TEXTS[k]);
}

/* Bytes without NUL, of lengths that no GUID and no SID has, and of those that one has. */
static struct value odd_bytes(enum kind k, struct arena *a)
{
	static const size_t LENGTHS[ODD_COUNT] = {[ODD_SPACES] = 1,
		[ODD_SMALL] = 16,
		[ODD_SEVERAL] = 16,
		[ODD_HUGE] = HUGE_LEN,
		[ODD_LEAST] = 7,
		[ODD_SCRIPTS] = 28,
		[ODD_MARKS] = 12};
	char *bytes = arena_alloc(a, LENGTHS[k] + 1);

	memset(bytes, 0xfe, LENGTHS[k]);
	if (k == ODD_MARKS)
		memcpy(bytes, "\x01\x01\x00\x00\x00\x00\x00\x05\x12\x00\x00\x00", 12);
	return value_binary(bytes, LENGTHS[k]);
}

static struct value odd_value(enum value_type type, enum kind k, struct arena *a)
{
	static const int64_t NUMBERS[ODD_COUNT] = {[ODD_SPACES] = 2,
		[ODD_SMALL] = 512,
		[ODD_SEVERAL] = 514,
		[ODD_HUGE] = INT64_MAX,
		[ODD_LEAST] = INT64_MIN,
		[ODD_SCRIPTS] = -2147483646,
		[ODD_MARKS] = 0x21C07000};

	switch (type) {
	case VALUE_INTEGER:
		return value_integer(NUMBERS[k]);
	case VALUE_BOOLEAN:
		return value_boolean(k % 2);
	case VALUE_BINARY:
		return odd_bytes(k, a);
	case VALUE_REFERENCE:
	case VALUE_STRING:
	case VALUE_TYPE_COUNT:
		break;
	}
	return odd_text(k, a);
}

static const struct schema *source_schema(const struct rule *r)
{
	if (r->direction == RULE_OUTBOUND)
		return metaverse;
	return schemas[r->connector_type && streq(r->connector_type, "entra")].schema;
}

static void fill(
	struct entry *en, const struct rule *r, const struct flow *f, enum kind k, struct arena *a)
{
	const struct schema_class *class = schema_class_find(source_schema(r), r->source_class);
	unsigned n;
	const unsigned *attrs = expr_attrs(f->expr, &n);

	entry_init(en, a);
	en->class = r->source_class;
	en->dn = k == ODD_MARKS ? "CN=a\\0ACNF:x,DC=b" : "CN=a,DC=b";
	en->anchor = "User_1";
	for (unsigned i = 0; i < n && k != ODD_NOTHING; i++) {
		const struct schema_attr *attr =
			class ? schema_attr_find(class, attr_name(attrs[i])) : NULL;
		bool several = k == ODD_SEVERAL && (!attr || attr->flags & SCHEMA_MULTI);

		if (attr && attr->type == VALUE_REFERENCE)
			continue; /* never in the image: links */
		entry_add(en, attrs[i], odd_value(attr ? attr->type : VALUE_STRING, k, a));
		for (int v = 0; several && v < 50; v++)
			entry_add(en, attrs[i],
				odd_value(attr ? attr->type : VALUE_STRING,
					(enum kind)(ODD_SPACES + v % 6), a));
	}
}

static const char *parameter(void *ctx, const char *name, struct arena *a)
{
	return "contoso.com";
}

/* Every attribute that could have references has many. */
static struct eval_facts many_references(struct arena *a)
{
	struct eval_count *counts = arena_alloc(a, attr_count() * sizeof(*counts));

	for (unsigned i = 0; i < attr_count(); i++)
		counts[i] = (struct eval_count){i, 60000};
	return (struct eval_facts){.counts = counts, .n_counts = attr_count()};
}

/* What an expression may refuse, and nothing else: its own words, or data that cannot be meant. */
static bool is_expected(const char *error, enum kind k)
{
	static const char *const OWN[] = {"SourceAnchor attribute has changed",
		"AccountName is not present", "Maximum Group member count exceeded"};
	static const char *const DATA[] = {
		"StringFromSid", "DateFromNum", "flow-multi-values-to-single-value"};

	for (unsigned i = 0; i < ARRAY_SIZE(OWN); i++)
		if (strstr(error, OWN[i]))
			return true;
	for (unsigned i = 0; i < ARRAY_SIZE(DATA); i++)
		if (strstr(error, DATA[i]))
			return k != ODD_NOTHING;
	return false;
}

static void check_values(const struct flow *f, const struct flow_result *fr, const char *where)
{
	if (fr->count == 0 || (fr->count > 1 && !f->dest_multi))
		fail_msg("%s: %u values", where, fr->count);
	for (unsigned i = 0; i < fr->count; i++) {
		const struct value *v = &fr->values[i];

		if (v->type != f->dest_type)
			fail_msg("%s: a value is %s", where, value_type_name(v->type));
		if (v->type == VALUE_STRING &&
			(!utf8_valid(v->data, v->len) || strlen(v->data) != v->len))
			fail_msg("%s: a value is no text", where);
	}
}

static void evaluate(const struct rule *r, const struct flow *f, enum kind k)
{
	_cleanup_arena_ struct arena a = {0};
	const char *where = arena_printf(
		&a, "rule \"%s\", flow to %s, %s", r->name, attr_name(f->dest), KIND_NAMES[k]);
	struct flow_result fr, again;
	struct entry en;
	struct eval ev = {.source = &en,
		.imported = &en,
		.parameter = parameter,
		.facts = many_references(&a),
		.arena = &a};

	fill(&en, r, f, k, &a);
	flow_eval(r, f, &ev, &fr);
	flow_eval(r, f, &ev, &again);
	assert_int_equal(fr.kind, again.kind);
	assert_int_equal(fr.count, again.count);
	if (fr.kind == FLOW_RESULT_VALUES)
		check_values(f, &fr, where);
	else if (fr.kind == FLOW_RESULT_ERROR && !is_expected(fr.error, k))
		fail_msg("%s: %s", where, fr.error);
}

static unsigned evaluate_all(const struct ruleset *rules)
{
	unsigned n, count = 0;
	const struct rule *const *all = ruleset_all(rules, &n);

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < all[i]->n_flows; k++) {
			if (all[i]->flows[k].kind != FLOW_EXPRESSION)
				continue;
			count++;
			for (unsigned odd = 0; odd < ODD_COUNT; odd++)
				evaluate(all[i], &all[i]->flows[k], (enum kind)odd);
		}
	return count;
}

static void test_shipped(void **state)
{
	struct ruleset *rules = load_shipped();

	assert_true(evaluate_all(rules) > 200);
	ruleset_free(rules);
}

static void test_real(void **state)
{
	struct ruleset *rules = load_real();

	if (!rules) {
		print_message("no real rules at %s: only the shipped ones were evaluated\n", REAL);
		skip();
	}
	assert_int_equal(evaluate_all(rules), 88);
	ruleset_free(rules);
}

/* --- what comes out, where it is known --- */

struct fact {
	const char *rule, *dest, *attr;
	enum value_type type;
	const char *text; /* of attr; NULL: absent */
	int64_t num;
	const char *want; /* NULL: no value */
};
static const struct fact facts[] = {
	{"In from AD - User Common", "displayName", "displayName", VALUE_STRING, NULL, 0,
		"cn of it"},
	{"In from AD - User Common", "displayName", "displayName", VALUE_STRING, "", 0, "cn of it"},
	{"In from AD - User Common", "displayName", "displayName", VALUE_STRING, SCRIPTS, 0,
		SCRIPTS},
	{"In from AD - User Common", "accountEnabled", "userAccountControl", VALUE_INTEGER, NULL,
		512, "True"},
	{"In from AD - User Common", "accountEnabled", "userAccountControl", VALUE_INTEGER, NULL,
		514, "False"},
	{"In from AD - User Common", "title", "title", VALUE_STRING, "  a b\t", 0, "a b"},
	{"In from AD - User Common", "title", "title", VALUE_STRING, NULL, 0, NULL},
	{"In from AD - Group Common", "securityEnabled", "groupType", VALUE_INTEGER, NULL,
		-2147483646, "True"},
	{"In from AD - Group Common", "securityEnabled", "groupType", VALUE_INTEGER, NULL, 2,
		"False"},
	{"In from AD - User AccountEnabled", "userPrincipalName", "sAMAccountName", VALUE_STRING,
		"anna", 0, "anna@contoso.com"},
	{"In from AD - User AccountEnabled", "pwdLastSet", "pwdLastSet", VALUE_INTEGER, NULL,
		129699324000000000, "20120101230000.0Z"},
};

static const struct flow *find_flow(
	const struct ruleset *rules, const char *rule, const char *dest, const struct rule **ret)
{
	unsigned n;
	const struct rule *const *all = ruleset_all(rules, &n);

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < all[i]->n_flows; k++)
			if (streq(all[i]->name, rule) &&
				streq(attr_name(all[i]->flows[k].dest), dest)) {
				*ret = all[i];
				return &all[i]->flows[k];
			}
	fail_msg("there is no flow to %s in \"%s\"", dest, rule);
	return NULL;
}

static void check_fact(const struct ruleset *rules, const struct fact *fact)
{
	_cleanup_arena_ struct arena a = {0};
	const struct rule *r;
	const struct flow *f = find_flow(rules, fact->rule, fact->dest, &r);
	struct flow_result fr;
	struct entry en;
	struct eval ev = {.source = &en, .imported = &en, .parameter = parameter, .arena = &a};

	entry_init(&en, &a);
	entry_set(&en, attr_intern("cn"), value_string("cn of it"));
	if (fact->text)
		entry_set(&en, attr_intern(fact->attr), value_string(fact->text));
	else if (fact->type == VALUE_INTEGER)
		entry_set(&en, attr_intern(fact->attr), value_integer(fact->num));
	flow_eval(r, f, &ev, &fr);
	if (!fact->want) {
		assert_int_not_equal(fr.kind, FLOW_RESULT_VALUES);
		return;
	}
	if (fr.kind != FLOW_RESULT_VALUES)
		fail_msg("%s: %s: %s", fact->rule, fact->dest, flow_result_name(fr.kind));
	assert_string_equal(value_text(&a, &fr.values[0]), fact->want);
}

/* Shortened to 448 letters, not bytes, of the first value. */
static void check_description(const struct ruleset *rules)
{
	_cleanup_arena_ struct arena a = {0};
	const struct rule *r;
	const struct flow *f = find_flow(rules, "In from AD - User Common", "description", &r);
	char *text = arena_alloc(&a, 2 * 500 + 2), *p = text;
	struct flow_result fr;
	struct entry en;
	struct eval ev = {.source = &en, .imported = &en, .arena = &a};

	*p++ = ' ';
	for (int i = 0; i < 500; i++, p += 2)
		memcpy(p, "\xc3\xa9", 2);
	*p = '\0';
	entry_init(&en, &a);
	entry_add(&en, attr_intern("description"), value_string(text));
	entry_add(&en, attr_intern("description"), value_string("second"));
	flow_eval(r, f, &ev, &fr);
	assert_int_equal(fr.kind, FLOW_RESULT_VALUES);
	assert_int_equal(fr.values[0].len, 2 * 448);
}

/* Both kinds of primary addresses that differ in nothing are one; others stay as they are. */
static void check_proxies(const struct ruleset *rules)
{
	static const char *const HAVE[] = {"SMTP:a@b.c", " SMTP:a@b.c ", "smtp:x@b.c", "X500:/o=y"};
	_cleanup_arena_ struct arena a = {0};
	const struct rule *r;
	const struct flow *f = find_flow(rules, "In from AD - User Common", "proxyAddresses", &r);
	struct flow_result fr;
	struct entry en;
	struct eval ev = {.source = &en, .imported = &en, .arena = &a};

	entry_init(&en, &a);
	for (unsigned i = 0; i < ARRAY_SIZE(HAVE); i++)
		entry_add(&en, attr_intern("proxyAddresses"), value_string(HAVE[i]));
	flow_eval(r, f, &ev, &fr);
	assert_int_equal(fr.kind, FLOW_RESULT_VALUES);
	assert_int_equal(fr.count, 3);
}

static void check_facts(struct ruleset *rules)
{
	for (unsigned i = 0; i < ARRAY_SIZE(facts); i++)
		check_fact(rules, &facts[i]);
	check_description(rules);
	check_proxies(rules);
	ruleset_free(rules);
}

static void test_facts_shipped(void **state)
{
	check_facts(load_shipped());
}

static void test_facts_real(void **state)
{
	struct ruleset *rules = load_real();

	if (!rules)
		skip();
	check_facts(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_facts_shipped),
		cmocka_unit_test(test_facts_real),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
