/* Questions that take long and tell their progress. */
#include "base/json.h"
#include "ctl.h"

#include <stdio.h>

void ctl_line(const char *text)
{
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[K%s", text);
	fflush(stderr);
}

static int follow(struct client *client, int (*progress)(void *ctx, const json_t *progress),
	void *ctx, json_t **ret)
{
	for (;;) {
		_cleanup_free_ char *error = NULL;
		_cleanup_json_ json_t *reply = NULL;
		struct err e = {0};
		bool more;
		int r;

		if (client_reply(client, &reply, &error, &more, &e) < 0)
			return ctl_fail(&e, CTL_NO_DAEMON);
		if (error) {
			const char *text = json_string_value(json_object_get(reply, "message"));

			ctl_line("");
			fprintf(stderr, "adsyncctl: %s\n", text ? text : error);
			return ctl_error_exit(error);
		}
		if (!more) {
			ctl_line("");
			*ret = steal(&reply);
			return 0;
		}
		r = progress(ctx, json_object_get(reply, "progress"));
		if (r)
			return r;
	}
}

int ctl_work(const struct ctl *c, const char *method, json_t *parameters,
	int (*progress)(void *ctx, const json_t *progress), void *ctx, json_t **ret)
{
	struct client *client = NULL;
	struct err e = {0};
	int r = client_open(c->socket, &client, &e);

	if (r < 0) {
		json_decref(parameters);
		return ctl_fail(&e, CTL_NO_DAEMON);
	}
	if (client_call(client, method, parameters, true, &e) < 0)
		r = ctl_fail(&e, CTL_NO_DAEMON);
	else
		r = follow(client, progress, ctx, ret);
	client_close(client);
	return r;
}
