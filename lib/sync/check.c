/* A test of one connector: its settings, rights and directory; nothing is written anywhere. */
#include "sync/check.h"
#include "sync/extension.h"
#include "sync/own.h"
#include "sync/rules.h"

#include <errno.h>

#define EXTENSIONS_CHECK "directory extensions"

static void tell_refused(struct test_sink *sink, const struct extension *items, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (items[i].refused)
			finding_tell(sink, EXTENSIONS_CHECK, TEST_WARNING, "%s is left out: %s",
				items[i].attr, items[i].refused);
}

/* What the directory says of the attributes in the setting. */
static enum conn_result test_source(struct extensions *x, const struct connector_config *c,
	struct connector *con, struct test_sink *sink, struct err *e)
{
	struct extension *items;
	unsigned n = extensions_of_source(x, c, &items);
	enum conn_result r;
	bool asked;

	if (!n)
		return CONN_OK;
	r = c->type->extension_source->learn(con, items, n, &x->arena, &asked, e);
	if (r != CONN_OK)
		return r;
	tell_refused(sink, items, n);
	for (unsigned i = 0; i < n; i++)
		if (!items[i].refused)
			finding_tell(sink, EXTENSIONS_CHECK, TEST_GOOD, "%s: %s%s", items[i].attr,
				extension_data_name(items[i].data),
				items[i].multi ? " of several values" : "");
	return CONN_OK;
}

/* What the tenant has of them. */
static enum conn_result test_target(struct extensions *x, const struct connector_config *c,
	struct connector *con, struct test_sink *sink, struct err *e)
{
	struct extension *items;
	unsigned n = extensions_of_target(x, c->settings.name, false, &items), there = 0;
	enum conn_result r;

	if (!n)
		return CONN_OK;
	r = c->type->extension_target->define(con, items, n, false, &x->arena, e);
	if (r != CONN_OK)
		return r;
	tell_refused(sink, items, n);
	for (unsigned i = 0; i < n; i++)
		there += items[i].property != NULL;
	finding_tell(sink, EXTENSIONS_CHECK, TEST_GOOD,
		"%u of %u are defined; what is missing is defined at the next cycle that exports",
		there, n);
	return CONN_OK;
}

static enum conn_result test_extensions(struct extensions *x, const struct connector_config *c,
	struct connector *con, struct test_sink *sink, struct err *e)
{
	enum conn_result r = c->type->extension_source ? test_source(x, c, con, sink, e) : CONN_OK;

	return r == CONN_OK && c->type->extension_target ? test_target(x, c, con, sink, e) : r;
}

int connector_test(const struct config *cfg, const char *name, bool (*canceled)(void *ctx),
	struct test_sink *sink, struct err *e)
{
	const struct connector_config *c = config_connector(cfg, name);
	struct connector_host host = {.canceled = canceled};
	struct test_request req = {.import.full = true};
	struct own_value limit;
	_cleanup_rules_ struct rules *rules = NULL;
	_cleanup_arena_ struct arena arena = {0};
	struct connector *con = NULL;
	enum conn_result r;

	if (!c)
		return err_set(e, -ENOENT, cfg->path, 0, "there is no connector \"%s\"", name);
	if (!c->type->test)
		return err_set(e, -ENOTSUP, cfg->path, 0, "connectors of type \"%s\" have no test",
			c->type->name);
	TRY(rules_load(cfg, &rules, e));
	own_value(&cfg->export, &c->settings, "deletion_threshold", NULL, &limit);
	req.deletion_threshold = limit.n;
	req.import.attrs = ruleset_read_attrs(rules->set, name, &arena, &req.import.n_attrs);
	req.import.classes = ruleset_read_classes(rules->set, name, &arena, &req.import.n_classes);
	r = c->type->open(&c->settings, &host, &con, e);
	if (r == CONN_OK)
		r = c->type->test(con, &req, sink, e);
	if (r == CONN_OK)
		r = test_extensions(rules->extensions, c, con, sink, e);
	c->type->close(con);
	return r == CONN_OK ? 0 : e->code ? e->code : -EIO;
}
