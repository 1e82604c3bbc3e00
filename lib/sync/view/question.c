/*
 * The table of questions, see question.h. Each opens the store itself, and only for a moment. A
 * new question is a function and a row of the table at the end, and a line in
 * daemon/adsyncd/org.adsyncd.Control.varlink. The daemon offers every row as a method, on the
 * sockets that the row says; the test unit/methods has the list of them, and compares the
 * parameters with the .varlink file.
 */
#include "sync/view/question.h"
#include "base/json.h"
#include "base/timefmt.h"
#include "sync/change.h"
#include "sync/check.h"
#include "sync/migration/identity.h"
#include "sync/migration/questions.h"
#include "sync/run.h"
#include "sync/single/single.h"
#include "sync/view/preview.h"
#include "sync/view/questions.h"
#include "sync/view/show.h"

#include <errno.h>

static const char *text_of(const json_t *p, const char *key)
{
	return json_string_value(json_object_get(p, key));
}

/* The number of rows that is asked for, when it is within the limit. */
static unsigned limit_of(const json_t *p, unsigned limit, unsigned otherwise)
{
	json_int_t n = json_integer_value(json_object_get(p, "limit"));

	return n > 0 && n <= limit ? (unsigned)n : otherwise;
}

static int open_store(
	const struct config *cfg, enum store_mode mode, struct store **ret, struct err *e)
{
	_cleanup_free_ char *path = run_store_path(cfg);
	int r;

	if (access(path, F_OK) < 0)
		return err_set(e, -ENOENT, NULL, 0, "no cycle has run yet");
	r = store_open(path, mode, ret, e);
	return r == -EBUSY && mode == STORE_PEEK
	               ? err_set(e, r, NULL, 0, "the store is busy; try again")
	               : r;
}

/* There is no store, or the next cycle makes or upgrades it: no numbers yet, and no error. */
static bool is_before_first(int r)
{
	return r == -ENOENT || r == -ENOTSUP;
}

/* {key: value}; a value of NULL is the error that *e tells of. */
static int reply(const char *key, json_t *value, json_t **ret, const struct err *e)
{
	if (!value)
		return e->code < 0 ? e->code : -EIO;
	*ret = json_object();
	json_object_set_new(*ret, key, value);
	return 0;
}

/* --- a few rows --- */

/*
 * What the daemon adds itself, scheduler and run in progress, is not in it. No store and no run yet
 * are answers; any other error is an error.
 */
static int get_status(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_store_ struct store *s = NULL;
	_cleanup_json_ json_t *last = NULL, *connectors = NULL;
	int r = open_store(cfg, STORE_PEEK, &s, e);

	if (r < 0 && !is_before_first(r))
		return r;
	if (s) {
		last = show_run(s, 0, e);
		if (!last && e->code != -ENOENT)
			return e->code < 0 ? e->code : -EIO;
		connectors = show_connectors(s, e);
		if (!connectors)
			return e->code < 0 ? e->code : -EIO;
	}
	*ret = json_object();
	json_object_set_new(*ret, "last_run", last ? steal(&last) : json_null());
	json_object_set_new(*ret, "connectors", connectors ? steal(&connectors) : json_array());
	return 0;
}

static int list_runs(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_store_ struct store *s = NULL;

	TRY(open_store(cfg, STORE_PEEK, &s, e));
	return reply("runs", show_runs(s, limit_of(p, 1000, 20), e), ret, e);
}

static int get_run(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_store_ struct store *s = NULL;
	int64_t run = json_integer_value(json_object_get(p, "run"));

	TRY(open_store(cfg, STORE_PEEK, &s, e));
	return reply("run", show_run(s, run, e), ret, e);
}

/* Before the first run there are only the settings. */
static int get_connector(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_store_ struct store *s = NULL;
	int r = open_store(cfg, STORE_PEEK, &s, e);

	if (r < 0 && !is_before_first(r))
		return r;
	return reply("connector", show_connector(cfg, s, text_of(p, "name"), e), ret, e);
}

static int get_statistics(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_store_ struct store *s = NULL;

	TRY(open_store(cfg, STORE_PEEK, &s, e));
	return reply("statistics", show_statistics(s, text_of(p, "name"), e), ret, e);
}

/* --- many rows, or rules --- */

static int list_errors(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_store_ struct store *s = NULL;

	TRY(open_store(cfg, STORE_READ, &s, e));
	return reply("errors", show_errors(s, limit_of(p, 5000, 100), e), ret, e);
}

static int list_pending(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_store_ struct store *s = NULL;

	TRY(open_store(cfg, STORE_READ, &s, e));
	*ret = show_pending(s, text_of(p, "connector"), text_of(p, "after"), e);
	return *ret ? 0 : e->code;
}

static int search_cs(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_store_ struct store *s = NULL;

	if (!*text_of(p, "text"))
		return err_set(e, -EINVAL, NULL, 0, "the text to look for is empty");
	TRY(open_store(cfg, STORE_READ, &s, e));
	return reply(
		"objects", show_search(s, text_of(p, "connector"), text_of(p, "text"), e), ret, e);
}

static int get_cs(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_store_ struct store *s = NULL;

	TRY(open_store(cfg, STORE_READ, &s, e));
	return reply("object", show_cs(s, text_of(p, "connector"), text_of(p, "name"), e), ret, e);
}

static int get_mv(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_store_ struct store *s = NULL;

	TRY(open_store(cfg, STORE_READ, &s, e));
	return reply("object", show_mv(s, text_of(p, "name"), e), ret, e);
}

/* The rules as they are in the files now: a changed one can be tried before it runs. */
static int get_lineage(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_rules_ struct rules *rules = NULL;
	_cleanup_store_ struct store *s = NULL;
	json_t *list = NULL;
	int64_t mv;

	TRY(open_store(cfg, STORE_READ, &s, e));
	TRY(rules_load(cfg, &rules, e));
	TRY(show_find_mv(s, text_of(p, "name"), &mv, e));
	TRY(lineage_object(cfg, rules, s, mv, &list, e));
	return reply("lineage", list, ret, e);
}

static int preview(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_rules_ struct rules *rules = NULL;
	_cleanup_store_ struct store *s = NULL;
	json_t *o = NULL;

	TRY(open_store(cfg, STORE_READ, &s, e));
	TRY(rules_load(cfg, &rules, e));
	TRY(preview_object(cfg, rules, s, text_of(p, "connector"), text_of(p, "name"), &o, e));
	return reply("preview", o, ret, e);
}

static int get_threshold(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_store_ struct store *s = NULL;

	TRY(open_store(cfg, STORE_READ, &s, e));
	return reply("threshold", show_threshold(cfg, s, e), ret, e);
}

static int reload(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	TRY(question_check_rules(cfg, e));
	*ret = json_object();
	return 0;
}

/* --- changes --- */

static int set_threshold(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	const json_t *n = json_object_get(p, "threshold");

	TRY(change_threshold(cfg, json_is_integer(n) ? json_integer_value(n) : -1, e));
	*ret = json_object();
	return 0;
}

static int override_threshold(
	const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	struct limit_override o;

	TRY(change_allow(cfg, &o, e));
	*ret = json_pack("{s:I, s:I, s:I}", "deletes", (json_int_t)o.deletes, "references",
		(json_int_t)o.references, "removals", (json_int_t)o.removals);
	return 0;
}

static int retry_error(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	TRY(change_retry(cfg, text_of(p, "connector"), text_of(p, "name"), e));
	*ret = json_object();
	return 0;
}

/* --- directories --- */

struct findings {
	struct test_sink sink;
	json_t *list;
};

static void add_finding(struct test_sink *sink, const struct test_finding *f)
{
	struct findings *all = container_of(sink, struct findings, sink);

	json_array_append_new(all->list, json_pack("{s:s, s:s, s:s}", "check", f->check, "verdict",
						 test_verdict_name(f->verdict), "text", f->text));
}

static bool never(void *ctx)
{
	return false;
}

/* A test that could not go on is an answer as well: what was found until then, and why. */
static int test_connector(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	struct findings all = {{add_finding}, NULL};
	const char *name = text_of(p, "name");
	char text[1100];
	int r;

	if (!config_connector(cfg, name))
		return err_set(e, -ENOENT, cfg->path, 0, "there is no connector \"%s\"", name);
	all.list = json_array();
	r = connector_test(cfg, name, never, &all.sink, e);
	*ret = json_object();
	json_object_set_new(*ret, "findings", all.list);
	json_object_set_new(*ret, "error",
		r < 0 ? json_string(err_format(e, text, sizeof(text))) : json_null());
	return 0;
}

/* --- runs --- */

/* A sign-in name or address: the object of a source that it means; *ret from the arena. */
static int find_named(const struct config *cfg, const char *connector, const char *text,
	struct arena *a, const char **ret, struct err *e)
{
	_cleanup_migration_ struct migration m;
	struct subject s = {0};
	int r = migration_open(&m, cfg, NULL, STORE_READ, NULL, e);

	if (r == -EINVAL) /* there is not exactly one target whose names count */
		return err_set(e, -ENOENT, NULL, 0,
			"\"%s\" is neither a DN nor the anchor of an object", text);
	TRY(r);
	TRY(identity_find(&m, text, &s, e));
	if (s.problem || !s.source.id)
		return err_set(e, -ENOENT, NULL, 0, "%s: %s", text,
			s.problem ? s.problem : "no source directory has the object");
	if (connector && !streq(migration_connector_name(&m, s.source.connector), connector))
		return err_set(
			e, -ENOENT, NULL, 0, "%s is not in connector \"%s\"", text, connector);
	*ret = arena_strdup(a, s.source.dn);
	return 0;
}

static int sync_object(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e)
{
	const struct run_host run_host = {host->canceled, host->record, NULL, host->ctx};
	_cleanup_arena_ struct arena a = {0};
	struct single_request req = {
		.connector = text_of(p, "connector"),
		.name = text_of(p, "name"),
		.preview = json_is_true(json_object_get(p, "preview")),
		.everything = json_is_true(json_object_get(p, "everything")),
	};
	json_t *report = NULL;

	if (strchr(req.name, '@') && !strchr(req.name, '='))
		TRY(find_named(cfg, req.connector, req.name, &a, &req.name, e));
	TRY(single_execute(cfg, &req, &run_host, &report, e));
	return reply("report", report, ret, e);
}

static const struct question questions[] = {
	{"GetStatus", QUESTION_QUICK, QUESTION_ON_BOTH, {NULL}, NULL, get_status},
	{"ListRuns", QUESTION_QUICK, QUESTION_ON_BOTH, {NULL}, NULL, list_runs},
	{"GetRun", QUESTION_QUICK, QUESTION_ON_BOTH, {NULL}, NULL, get_run},
	{"GetConnector", QUESTION_QUICK, QUESTION_ON_CONTROL, {"name"}, NULL, get_connector},
	{"GetConnectorStatistics", QUESTION_QUICK, QUESTION_ON_CONTROL, {NULL}, NULL,
		get_statistics},
	{"ListErrors", QUESTION_LONG, QUESTION_ON_CONTROL, {NULL}, NULL, list_errors},
	{"ListPending", QUESTION_LONG, QUESTION_ON_CONTROL, {NULL}, NULL, list_pending},
	{"SearchConnectorSpace", QUESTION_LONG, QUESTION_ON_CONTROL, {"text"}, NULL, search_cs},
	{"GetConnectorSpaceObject", QUESTION_LONG, QUESTION_ON_CONTROL, {"connector", "name"}, NULL,
		get_cs},
	{"GetMetaverseObject", QUESTION_LONG, QUESTION_ON_CONTROL, {"name"}, NULL, get_mv},
	{"GetLineage", QUESTION_LONG, QUESTION_ON_CONTROL, {"name"}, NULL, get_lineage},
	{"Preview", QUESTION_LONG, QUESTION_ON_CONTROL, {"name"}, NULL, preview},
	{"GetThreshold", QUESTION_LONG, QUESTION_ON_CONTROL, {NULL}, NULL, get_threshold},
	{"Reload", QUESTION_LONG, QUESTION_ON_CONTROL, {NULL}, NULL, reload},
	{"SetThreshold", QUESTION_CHANGE, QUESTION_ON_CONTROL, {NULL}, "threshold", set_threshold},
	{"OverrideThreshold", QUESTION_CHANGE, QUESTION_ON_CONTROL, {NULL}, NULL,
		override_threshold},
	{"RetryError", QUESTION_CHANGE, QUESTION_ON_CONTROL, {"name"}, NULL, retry_error},
	{"TestConnector", QUESTION_DIRECTORY, QUESTION_ON_CONTROL, {"name"}, NULL, test_connector},
	{"DryRunExport", QUESTION_WORK_CHANGE, QUESTION_ON_CONTROL, {NULL}, NULL, NULL,
		view_dry_run, .keeps_pace = true},
	{"SoaCheck", QUESTION_WORK, QUESTION_ON_CONTROL, {NULL}, NULL, NULL, migration_check},
	{"SoaConvert", QUESTION_WORK_CHANGE, QUESTION_ON_CONTROL, {NULL}, "confirmed", NULL,
		migration_convert},
	{"SoaRollback", QUESTION_WORK_CHANGE, QUESTION_ON_CONTROL, {NULL}, "confirmed", NULL,
		migration_rollback},
	{"SoaBackup", QUESTION_WORK, QUESTION_ON_CONTROL, {"name"}, NULL, NULL, migration_backup},
	{"SoaLog", QUESTION_LONG, QUESTION_ON_CONTROL, {NULL}, "limit", migration_log},
	{"SyncObject", QUESTION_WORK_CHANGE, QUESTION_ON_CONTROL, {"name"}, NULL, NULL,
		sync_object},
	{"SoaPlan", QUESTION_WORK, QUESTION_ON_CONTROL, {NULL}, "wave_size", NULL, migration_plan},
	{"SoaReport", QUESTION_WORK, QUESTION_ON_CONTROL, {NULL}, "wave_size", NULL,
		migration_report},
	{"SoaStatus", QUESTION_WORK, QUESTION_ON_CONTROL, {NULL}, NULL, NULL, migration_status},
};

const struct question *question_all(unsigned *ret_n)
{
	*ret_n = ARRAY_SIZE(questions);
	return questions;
}

const struct question *question_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(questions); i++)
		if (streq(questions[i].name, name))
			return &questions[i];
	return NULL;
}

const char *question_wrong(const struct question *q, const json_t *parameters)
{
	const json_t *n = q->number ? json_object_get(parameters, q->number) : NULL;

	for (unsigned i = 0; i < ARRAY_SIZE(q->strings) && q->strings[i]; i++)
		if (!text_of(parameters, q->strings[i]))
			return q->strings[i];
	if (n && !json_is_null(n) && (!json_is_integer(n) || json_integer_value(n) < 0))
		return q->number;
	return NULL;
}

int question_answer(const struct config *cfg, const struct question *q, const json_t *parameters,
	const struct work_host *host, json_t **ret, struct err *e)
{
	e->code = 0;
	return question_is_work(q) ? q->work(cfg, parameters, host, ret, e)
	                           : q->answer(cfg, parameters, ret, e);
}

int question_check_rules(const struct config *cfg, struct err *e)
{
	_cleanup_rules_ struct rules *rules = NULL;

	return rules_load(cfg, &rules, e);
}

int question_upgrade_store(const struct config *cfg, struct err *e)
{
	_cleanup_free_ char *path = run_store_path(cfg);
	_cleanup_store_ struct store *s = NULL;

	return access(path, F_OK) < 0 ? 0 : store_open(path, STORE_WRITE, &s, e);
}
