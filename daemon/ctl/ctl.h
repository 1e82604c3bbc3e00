/* adsyncctl's commands share this. */
#pragma once

#include "client.h"

/* Exit codes. */
enum {
	CTL_GOOD = 0,
	CTL_ERRORS = 1, /* the run ended with errors; the object does not exist */
	CTL_USAGE = 2,
	CTL_REFUSED = 3, /* a run is in progress already */
	CTL_NO_DAEMON = 4,
};

struct ctl {
	const char *socket, *config, *connector;
	const char *metaverse, *output; /* NULL: not given */
	const char *expr, *entry;
	bool json, wait, check, custom, lineage;
};

struct command {
	const char *group; /* "cs", NULL for a single word */
	const char *name;  /* "show" */
	const char *arguments;
	const char *help;
	int min, max; /* number of arguments */
	int (*run)(const struct ctl *c, int argc, char **argv);
};

/* One call, one reply. 0 with *ret, or an exit code with the message printed. */
int ctl_ask(const struct ctl *c, const char *method, json_t *parameters, json_t **ret);
/* Asks, and prints a list of the reply as a table, or as JSON. */
struct column;
int ctl_list(const struct ctl *c, const char *method, json_t *parameters, const char *key,
	const struct column *columns, unsigned n);
int ctl_fail(const struct err *e, int code);
void print_json(const json_t *o);

struct rules;
struct arena;
/* The rules of files or folders, or of the configuration when there are none. */
int ctl_load_rules(const struct ctl *c, int argc, char **argv, struct rules **ret, struct err *e);
/*
 * The path of the metaverse's schema: as told, as configured, or as installed; NULL: the one that
 * is built in, where nothing is installed.
 */
const char *ctl_metaverse(const struct ctl *c, struct arena *a);

int command_status(const struct ctl *c, int argc, char **argv);
int command_start(const struct ctl *c, int argc, char **argv);
int command_stop(const struct ctl *c, int argc, char **argv);
int command_reload(const struct ctl *c, int argc, char **argv);
int command_run_list(const struct ctl *c, int argc, char **argv);
int command_run_show(const struct ctl *c, int argc, char **argv);
int command_run_start(const struct ctl *c, int argc, char **argv);
int command_connector_list(const struct ctl *c, int argc, char **argv);
int command_connector_show(const struct ctl *c, int argc, char **argv);
int command_connector_statistics(const struct ctl *c, int argc, char **argv);
int command_connector_test(const struct ctl *c, int argc, char **argv);
int command_cs_show(const struct ctl *c, int argc, char **argv);
int command_cs_search(const struct ctl *c, int argc, char **argv);
int command_pending_list(const struct ctl *c, int argc, char **argv);
int command_pending_diff(const struct ctl *c, int argc, char **argv);
int command_pending_csv(const struct ctl *c, int argc, char **argv);
int command_threshold_show(const struct ctl *c, int argc, char **argv);
int command_threshold_set(const struct ctl *c, int argc, char **argv);
int command_threshold_override(const struct ctl *c, int argc, char **argv);
int command_errors_retry(const struct ctl *c, int argc, char **argv);
int command_mv_show(const struct ctl *c, int argc, char **argv);
int command_errors(const struct ctl *c, int argc, char **argv);
int command_preview(const struct ctl *c, int argc, char **argv);
int command_rules_list(const struct ctl *c, int argc, char **argv);
int command_rules_show(const struct ctl *c, int argc, char **argv);
int command_rules_validate(const struct ctl *c, int argc, char **argv);
int command_rules_diff(const struct ctl *c, int argc, char **argv);
int command_rules_explain(const struct ctl *c, int argc, char **argv);
int command_rules_eval(const struct ctl *c, int argc, char **argv);
int command_rules_import(const struct ctl *c, int argc, char **argv);
int command_rules_export(const struct ctl *c, int argc, char **argv);
int command_config_check(const struct ctl *c, int argc, char **argv);
