/* The commands that start or stop something; `--wait` follows a run. */
#include "ctl.h"
#include "print.h"
#include "sync/run.h"

#include <stdio.h>
#include <unistd.h>

static bool is_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

/* One line per finished step; on a terminal the running one is rewritten in place. */
static void show_progress(const struct ctl *c, const json_t *p)
{
	int wide = print_width(json_object_get(p, "connectors"), NULL, 24);
	const char *result = json_string_value(json_object_get(p, "result"));
	const char *error = json_string_value(json_object_get(p, "error"));
	const char *left_out = json_string_value(json_object_get(p, "left_out"));

	if (c->json || (!result && !left_out && !is_terminal()))
		return;
	printf("%s", is_terminal() ? "\r\033[K" : "");
	if (left_out) /* it has no number */
		printf("[ - ] ");
	else
		printf("[%lld/%lld] ", (long long)json_integer_value(json_object_get(p, "step")),
			(long long)json_integer_value(json_object_get(p, "steps")));
	print_step(p, result ? result : left_out ? "left out" : "...", wide);
	if (result || left_out)
		puts("");
	if (left_out || (result && error))
		printf("      %s\n", left_out ? left_out : error);
	fflush(stdout);
}

static int show_end(const struct ctl *c, const json_t *end)
{
	bool good = json_is_true(json_object_get(end, "good"));

	if (c->json)
		print_json(end);
	else
		printf("%sRun %lld: %s\n", is_terminal() ? "\r\033[K" : "",
			(long long)json_integer_value(json_object_get(end, "run")),
			text_of(end, "result"));
	return good ? CTL_GOOD : CTL_ERRORS;
}

static int refuse(const char *error, const json_t *p)
{
	const char *message = json_string_value(json_object_get(p, "message"));

	fprintf(stderr, "%s\n", message ? message : error);
	return ctl_error_exit(error);
}

static int follow(const struct ctl *c, struct client *client)
{
	int code = CTL_NO_DAEMON;
	bool more = true;

	while (more) {
		_cleanup_free_ char *error = NULL;
		struct err e = {0};
		json_t *reply;

		if (client_reply(client, &reply, &error, &more, &e) < 0)
			return ctl_fail(&e, CTL_NO_DAEMON);
		if (error)
			code = refuse(error, reply);
		else if (json_object_get(reply, "progress"))
			show_progress(c, json_object_get(reply, "progress"));
		else if (json_object_get(reply, "end"))
			code = show_end(c, json_object_get(reply, "end"));
		else if (!c->wait)
			code = CTL_GOOD;
		json_decref(reply);
	}
	return code;
}

static int start(const struct ctl *c, const char *method, json_t *parameters)
{
	struct client *client = NULL;
	struct err e = {0};
	int r = client_open(c->socket, &client, &e);

	if (r < 0) {
		json_decref(parameters);
		return ctl_fail(&e, CTL_NO_DAEMON);
	}
	if (client_call(client, method, parameters, c->wait, &e) < 0)
		r = ctl_fail(&e, CTL_NO_DAEMON);
	else
		r = follow(c, client);
	client_close(client);
	if (r == CTL_GOOD && !c->wait && !c->json)
		puts("Result: Success");
	return r;
}

/* As the original's cmdlet takes it: in any case of letters. -1: none. */
static int find_policy(const char *word)
{
	for (int i = 0; i < RUN_PROFILE_COUNT; i++)
		if (run_profile_is_cycle((enum run_profile)i) &&
			strcasecmp(run_profile_name((enum run_profile)i), word) == 0)
			return i;
	return -1;
}

int command_start(const struct ctl *c, int argc, char **argv)
{
	int policy = argc ? find_policy(argv[0]) : RUN_DELTA;

	if (policy < 0) {
		fprintf(stderr, "start-sync-cycle: delta or initial was expected, not %s\n",
			argv[0]);
		return CTL_USAGE;
	}
	return start(c, "StartSyncCycle",
		json_pack("{s:s}", "policy", run_profile_name((enum run_profile)policy)));
}

int command_run_start(const struct ctl *c, int argc, char **argv)
{
	json_t *p = json_pack("{s:s}", "profile", argv[0]);

	if (c->connector)
		json_object_set_new(p, "connector", json_string(c->connector));
	return start(c, "RunProfile", p);
}

static int simple(const struct ctl *c, const char *method)
{
	json_t *o;
	int r = ctl_ask(c, method, NULL, &o);

	if (r)
		return r;
	json_decref(o);
	return 0;
}

int command_stop(const struct ctl *c, int argc, char **argv)
{
	return simple(c, "StopSyncCycle");
}

int command_reload(const struct ctl *c, int argc, char **argv)
{
	return simple(c, "Reload");
}
