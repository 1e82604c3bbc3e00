/* Chosen objects of an LDIF file: who is delivered, who is told to be absent, and how much. */
#include "../folder.h"
#include "base/buf.h"
#include "connector/connector.h"

#include <errno.h>

#define BASE "DC=a,DC=b"
#define ID(n) "0000000" n "-0000-0000-0000-000000000000"

static const char text[] = "dn: CN=Ada,OU=In," BASE "\nobjectClass: user\nobjectGUID: " ID(
	"1") "\ntitle: Countess\nunheardOf: yes\nrawBytes:: /wAB\nmanager: CN=Bob,OU=In," BASE
	     "\n\n"
	     "dn: CN=Bob,OU=In," BASE "\nobjectClass: user\nobjectGUID: " ID(
		     "2") "\n\n"
			  "dn: CN=Out,OU=Out," BASE "\nobjectClass: user\nobjectGUID: " ID(
				  "3") "\n\n"
				       "dn: CN=All,OU=In," BASE
				       "\nobjectClass: group\nobjectGUID: " ID(
					       "4") "\nmember: CN=Ada,OU=In," BASE
						    "\nmember: CN=Out,OU=Out," BASE "\n\n"
						    "dn: CN=Bad,OU=In," BASE
						    "\nobjectClass: user\nobjectGUID: " ID(
							    "5") "\ntitle:: /w==\n\n"
								 "dn: OU=In," BASE "\nobjectClass: "
								 "organizationalUnit\nobjectGUID:"
								 " " ID("6") "\n";

extern const struct connector_type connector_ad;

/* What the sink was told, a line for each. */
struct recorder {
	struct import_sink sink;
	struct buf told;
};

static int object(struct import_sink *sink, const struct import_object *o, struct err *e)
{
	struct recorder *r = container_of(sink, struct recorder, sink);
	const struct entry *en = o->entry;

	if (o->deleted || o->left) {
		buf_addf(&r->told, "%s %c\n", o->deleted ? "deleted" : "left", en->anchor[7]);
		return 0;
	}
	buf_addf(&r->told, "%s %s %c", en->class, en->dn, en->anchor[7]);
	for (unsigned i = 0; i < en->n_attrs; i++)
		buf_addf(&r->told, " %s:%u", attr_name(en->attrs[i].id), en->attrs[i].count);
	buf_addc(&r->told, '\n');
	return 0;
}

static int bad(struct import_sink *sink, const char *dn, const char *anchor, const char *error,
	const char *why, struct err *e)
{
	struct recorder *r = container_of(sink, struct recorder, sink);

	buf_addf(&r->told, "bad %s: %.5s\n", dn, why);
	return 0;
}

static char *list_of(const struct option_def *d, const char *path)
{
	if (strcmp(d->name, "source") == 0)
		return xasprintf("ldif:%s", path);
	if (strcmp(d->name, "base_dn") == 0)
		return xstrdup(BASE);
	if (strcmp(d->name, "include_ou") == 0)
		return xstrdup("OU=In," BASE);
	return d->def ? xstrdup(d->def) : NULL;
}

static void expect(struct lookup_request *req, const char *told)
{
	static const char *const wanted[] = {"title", "manager", "member"};
	struct settings s = {.name = "a",
		.file = "f",
		.defs = connector_ad.options,
		.n_defs = connector_ad.n_options};
	struct recorder r = {.sink = {.object = object, .bad = bad}};
	struct connector_host host = {0};
	struct connector *c = NULL;
	unsigned attrs[ARRAY_SIZE(wanted)];
	char path[128];
	struct err e = {0};

	folder_put("ad.ldif", text, path);
	s.values = xcalloc(s.n_defs, sizeof(*s.values));
	s.lines = xcalloc(s.n_defs, sizeof(*s.lines));
	for (unsigned i = 0; i < s.n_defs; i++)
		s.values[i] = list_of(&s.defs[i], path);
	for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++)
		attrs[i] = attr_intern(wanted[i]);
	req->attrs = attrs;
	req->n_attrs = ARRAY_SIZE(attrs);
	assert_int_equal(connector_ad.open(&s, &host, &c, &e), CONN_OK);
	assert_int_equal(connector_ad.lookup(c, req, &r.sink, &e), CONN_OK);
	assert_string_equal(buf_str(&r.told), told);
	connector_ad.close(c);
	buf_done(&r.told);
	for (unsigned i = 0; i < s.n_defs; i++)
		free(s.values[i]);
	free(s.values);
	free(s.lines);
}

static void test_by_name(void **state)
{
	const struct lookup_name names[] = {
		{NULL, "cn=ada, OU=in," BASE, NULL},               /* as people spell it */
		{"user", NULL, ID("2")}, {"group", NULL, ID("2")}, /* of another class */
		{NULL, "CN=Moved,OU=Long," BASE, ID("4")},         /* the anchor decides */
		{NULL, "CN=Out,OU=Out," BASE, NULL},               /* left out: not told */
		{NULL, NULL, ID("3")},                             /* left out */
		{NULL, "CN=Nobody,OU=In," BASE, NULL},             /* not told */
		{NULL, NULL, ID("9")},                             /* not there */
		{NULL, "CN=Bad,OU=In," BASE, NULL},                /* does not stop the others */
		{NULL, NULL, ID("6")},                             /* no object that is imported */
		{NULL, "CN=Ada,OU=In," BASE, NULL},                /* asked for twice */
	};
	struct lookup_request req = {.names = names, .n = ARRAY_SIZE(names)};

	expect(&req, "user CN=Ada,OU=In," BASE " 1 title:1 manager:1\n"
		     "user CN=Bob,OU=In," BASE " 2\n"
		     "left 2\n"
		     "left 3\n"
		     "group CN=All,OU=In," BASE " 4 member:2\n"
		     "bad CN=Bad,OU=In," BASE ": title\n"
		     "left 6\n"
		     "deleted 9\n");
}

static void test_everything(void **state)
{
	const struct lookup_name names[] = {{.anchor = ID("1")}, {.anchor = ID("3")}};
	struct lookup_request req = {.names = names, .n = 2, .everything = true, .any_scope = true};

	expect(&req, "user CN=Ada,OU=In," BASE " 1 title:1 manager:1 objectClass:1 objectGUID:1 "
		     "unheardOf:1 rawBytes:1\n"
		     "user CN=Out,OU=Out," BASE " 3 objectClass:1 objectGUID:1\n");
}

static void test_limit(void **state)
{
	struct lookup_request req = {.n = LOOKUP_MAX + 1};
	struct err e = {0};

	assert_int_equal(connector_ad.lookup(NULL, &req, NULL, &e), CONN_RUN_BAD);
	assert_int_equal(e.code, -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
