/* Frames over a UNIX socket: JSON texts, each ended by a NUL byte. */
#include "client.h"
#include "base/buf.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#define REPLY_MAX (64 * 1024 * 1024)
#define INTERFACE "org.adsyncd.Control"

struct client {
	int fd;
	char *path;
	struct buf in;
};

int client_open(const char *path, struct client **ret, struct err *e)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct client *c;
	int fd;

	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(e, -ENAMETOOLONG, path, 0,
			"the path of a socket has at most %zu bytes", sizeof(sa.sun_path) - 1);
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		int r = -errno;

		if (fd >= 0)
			close(fd);
		if (r == -EACCES)
			return err_set(e, r, path, 0,
				"you may not use this socket; try as root, or as a member of "
				"control_group in adsyncd.conf");
		return err_set(e, r, path, 0,
			"adsyncd does not answer (%s); start it with: systemctl start adsyncd",
			strerror(-r));
	}
	c = xcalloc(1, sizeof(*c));
	c->fd = fd;
	c->path = xstrdup(path);
	*ret = c;
	return 0;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	close(c->fd);
	buf_done(&c->in);
	free(c->path);
	free(c);
}

int client_call(struct client *c, const char *method, json_t *parameters, bool more, struct err *e)
{
	json_t *o = json_object();
	char *name = xasprintf(INTERFACE ".%s", method), *text;
	size_t n, done = 0;

	json_object_set_new(o, "method", json_string(name));
	json_object_set_new(o, "parameters", parameters ? parameters : json_object());
	if (more)
		json_object_set_new(o, "more", json_true());
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	free(name);
	n = strlen(text) + 1;
	while (done < n) {
		ssize_t w = send(c->fd, text + done, n - done, MSG_NOSIGNAL);

		if (w < 0 && errno != EINTR) {
			free(text);
			return err_set(e, -errno, c->path, 0, "cannot send: %s", strerror(errno));
		}
		done += w > 0 ? (size_t)w : 0;
	}
	free(text);
	return 0;
}

/* One frame to the front of c->in; its length with the NUL. */
static int read_frame(struct client *c, size_t *ret, struct err *e)
{
	char block[65536];

	for (;;) {
		const char *end = c->in.len ? memchr(c->in.data, '\0', c->in.len) : NULL;
		ssize_t n;

		if (end) {
			*ret = (size_t)(end - c->in.data) + 1;
			return 0;
		}
		if (c->in.len > REPLY_MAX)
			return err_set(e, -EPROTO, c->path, 0, "the answer is too large");
		n = read(c->fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, -ECONNRESET, c->path, 0,
				"adsyncd closed the connection; you may not be allowed to use it, "
				"or it was stopped");
		buf_add(&c->in, block, (size_t)n);
	}
}

int client_reply(
	struct client *c, json_t **ret, char **ret_error, bool *ret_continues, struct err *e)
{
	json_t *o, *parameters;
	const char *error;
	size_t n;
	int r = read_frame(c, &n, e);

	if (r < 0)
		return r;
	o = json_loads(c->in.data, 0, NULL);
	memmove(c->in.data, c->in.data + n, c->in.len - n);
	c->in.len -= n;
	if (!o)
		return err_set(e, -EPROTO, c->path, 0, "the answer is not JSON");
	error = json_string_value(json_object_get(o, "error"));
	parameters = json_object_get(o, "parameters");
	*ret_error = NULL;
	if (error)
		*ret_error = xstrdup(strrchr(error, '.') ? strrchr(error, '.') + 1 : error);
	*ret_continues = json_is_true(json_object_get(o, "continues"));
	*ret = parameters ? json_incref(parameters) : json_object();
	json_decref(o);
	return 0;
}
