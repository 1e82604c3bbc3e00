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
	const char *file, *of_group, *ou, *filter; /* of soa: whom a command means */
	const char *html, *wave_size;
	const char *failed; /* the file for those that are to be tried again */
	const char *wave;   /* a number as text */
	int64_t yes;        /* --yes-N; -1: not given */
	bool json, wait, check, custom, lineage, csv, rollback, preview;
	bool dry_run, exchange, go_on, force, wire, everything;
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
/*
 * The same with a member of the reply (NULL: all of it) for a command that prints it as text. With
 * --json it is printed here, and *ret is NULL. The caller frees *ret.
 */
int ctl_ask_text(const struct ctl *c, const char *method, json_t *parameters, const char *member,
	json_t **ret);
/* Asks, and shows a member of the reply: by the function, or as JSON. */
int ctl_show(const struct ctl *c, const char *method, json_t *parameters, const char *key,
	void (*text)(const json_t *o));
/* Asks, and prints a list of the reply as a table, or as JSON. */
struct column;
int ctl_list(const struct ctl *c, const char *method, json_t *parameters, const char *key,
	const struct column *columns, unsigned n);
/*
 * A question that takes long: each progress object goes to the function, which gives 0 to go on, or
 * an exit code. Takes the parameters' reference. 0 with *ret, or an exit code with the message
 * printed.
 */
int ctl_work(const struct ctl *c, const char *method, json_t *parameters,
	int (*progress)(void *ctx, const json_t *progress), void *ctx, json_t **ret) _must_check_;
/* On a terminal: a line in place of the last one; "" ends it. */
void ctl_line(const char *text);
int ctl_fail(const struct err *e, int code);
/* The exit code of an error reply. */
int ctl_error_exit(const char *error);
/* A whole number from 0 on, all of the text; false: it is none, or too large. */
bool ctl_number(const char *text, int64_t *ret);
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

#define COMMAND(group, name, arguments, least, most, function, help, more) \
	int command_##function(const struct ctl *c, int argc, char **argv);
#include "commands.inc"
#undef COMMAND
