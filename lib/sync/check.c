/* A test of one connector: its settings, rights and directory; nothing is written anywhere. */
#include "sync/check.h"
#include "sync/rules.h"

#include <errno.h>

int connector_test(const struct config *cfg, const char *name, bool (*canceled)(void *ctx),
	struct test_sink *sink, struct err *e)
{
	const struct connector_config *c = config_connector(cfg, name);
	struct connector_host host = {.canceled = canceled};
	struct import_request req = {.full = true};
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
	req.attrs = ruleset_read_attrs(rules->set, name, &arena, &req.n_attrs);
	req.classes = ruleset_source_classes(rules->set, name, &arena, &req.n_classes);
	r = c->type->open(&c->settings, &host, &con, e);
	if (r == CONN_OK)
		r = c->type->test(con, &req, sink, e);
	c->type->close(con);
	return r == CONN_OK ? 0 : e->code ? e->code : -EIO;
}
