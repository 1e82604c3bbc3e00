/* What the control interface says about one connector: settings, state, statistics, a test. */
#include "base/timefmt.h"
#include "connector_methods.h"
#include "sync/view/show.h"
#include "sync/run.h"

#include <errno.h>

/* The settings as they are in force; of a secret only where it lies. */
static json_t *settings_json(const struct settings *s)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < s->n_defs; i++)
		if (s->values[i])
			json_object_set_new(o, s->defs[i].name, json_string(s->values[i]));
	return o;
}

static json_t *state_json(
	const struct connector_type *type, const struct connector_row *row, struct arena *a)
{
	json_t *list = json_array();
	const char *text =
		type->state && row->cursor_len ? type->state(row->cursor, row->cursor_len, a) : "";

	while (*text) {
		size_t n = strcspn(text, "\n");

		json_array_append_new(list, json_stringn(text, n));
		text += n + (text[n] == '\n');
	}
	return list;
}

static int add_row(json_t *o, const struct connector_config *c, struct store *s, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct connector_row *rows;
	json_t *all = show_connectors(s, e), *one;
	unsigned n;
	size_t i;
	int r;

	if (!all)
		return e->code;
	json_array_foreach (all, i, one)
		if (streq(json_string_value(json_object_get(one, "name")), c->settings.name))
			json_object_update(o, one);
	json_decref(all);
	r = connector_list(s, &a, &rows, &n, e);
	for (unsigned k = 0; r >= 0 && k < n; k++)
		if (streq(rows[k].name, c->settings.name))
			json_object_set_new(o, "import_state", state_json(c->type, &rows[k], &a));
	return r;
}

json_t *connector_json(struct daemon *d, const char *name, struct store *s, struct err *e)
{
	const struct connector_config *c = config_connector(d->config, name);
	json_t *o;

	if (!c) {
		err_set(e, -ENOENT, d->config->path, 0, "there is no connector \"%s\"", name);
		return NULL;
	}
	o = json_pack("{s:s, s:s, s:o}", "name", name, "type", c->type->name, "settings",
		settings_json(&c->settings));
	if (s && add_row(o, c, s, e) < 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* --- the test: a worker of its own, beside a run or not --- */

static void test_reply(struct daemon *d, const char *error)
{
	struct varlink_call *c = d->test_call;
	json_t *o;

	d->test_call = NULL;
	if (c) {
		o = json_object();
		json_object_set(o, "findings", d->findings);
		json_object_set_new(o, "error", error ? json_string(error) : json_null());
		varlink_reply(c, o, false);
	}
	json_decref(d->findings);
	d->findings = NULL;
}

static void on_finding(void *ctx, const json_t *finding)
{
	struct daemon *d = ctx;

	json_array_append(d->findings, (json_t *)finding);
}

static void on_test_end(void *ctx, const json_t *end, const char *error)
{
	struct daemon *d = ctx;

	d->test = NULL;
	test_reply(d, error);
	daemon_maybe_exit(d);
}

static void test_caller_gone(struct varlink_call *c, void *ctx)
{
	struct daemon *d = ctx;

	d->test_call = NULL;
	if (d->test)
		job_stop(d->test);
}

int connector_test_start(struct daemon *d, struct varlink_call *c, const char *name, struct err *e)
{
	struct job_handler h = {on_finding, on_test_end, d};
	struct job_request rq = {
		d->config_path, NULL, name, setting_number(&d->config->scheduler, "run_timeout")};

	if (d->stopping)
		return err_set(e, -ESHUTDOWN, NULL, 0, "adsyncd is stopping");
	if (d->test)
		return err_set(e, -EBUSY, NULL, 0, "a connector is being tested already");
	if (!config_connector(d->config, name))
		return err_set(
			e, -ENOENT, d->config->path, 0, "there is no connector \"%s\"", name);
	d->findings = json_array();
	d->test_call = c;
	varlink_on_gone(c, test_caller_gone, d);
	if (job_start(d->base, &rq, &h, &d->test, e) < 0) {
		d->test_call = NULL;
		json_decref(d->findings);
		d->findings = NULL;
		return e->code;
	}
	return 0;
}
