/* Frames to calls, replies to frames. */
#include "varlink.h"
#include "log.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define IDLE_SECONDS 600
#define OUTPUT_MAX (8 * 1024 * 1024) /* a reader that does not read */

struct connection;

struct varlink_call {
	struct connection *con;
	bool more, oneway;
	void (*gone)(struct varlink_call *c, void *ctx);
	void *ctx;
};

struct connection {
	struct varlink *server;
	struct bufferevent *bev;
	struct varlink_call *call; /* the one that is being answered */
	struct connection *next;
};

struct varlink {
	const struct varlink_service *service;
	struct evconnlistener *listener;
	struct connection *connections;
	unsigned n_connections;
	char *path, *group;
	bool open;
};

static void connection_free(struct connection *con)
{
	struct connection **pp = &con->server->connections;

	while (*pp != con)
		pp = &(*pp)->next;
	*pp = con->next;
	con->server->n_connections--;
	if (con->call) {
		if (con->call->gone)
			con->call->gone(con->call, con->call->ctx);
		free(con->call);
	}
	bufferevent_free(con->bev);
	free(con);
}

bool varlink_wants_more(const struct varlink_call *c)
{
	return c->more;
}

void varlink_on_gone(
	struct varlink_call *c, void (*gone)(struct varlink_call *c, void *ctx), void *ctx)
{
	c->gone = gone;
	c->ctx = ctx;
}

static void next_frame(struct connection *con);

/* Sends an object, and goes on with the next frame when the call is done. */
static void send_object(struct varlink_call *c, json_t *o, bool continues)
{
	struct connection *con = c->con;
	struct evbuffer *out = bufferevent_get_output(con->bev);
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	if (!c->oneway && evbuffer_get_length(out) < OUTPUT_MAX)
		evbuffer_add(out, text, strlen(text) + 1);
	free(text);
	if (continues)
		return;
	con->call = NULL;
	free(c);
}

void varlink_reply(struct varlink_call *c, json_t *parameters, bool continues)
{
	json_t *o = json_object();

	json_object_set_new(o, "parameters", parameters ? parameters : json_object());
	if (continues)
		json_object_set_new(o, "continues", json_true());
	send_object(c, o, continues);
}

static void full_error(struct varlink_call *c, const char *name, json_t *parameters)
{
	json_t *o = json_object();

	json_object_set_new(o, "error", json_string(name));
	json_object_set_new(o, "parameters", parameters ? parameters : json_object());
	send_object(c, o, false);
}

void varlink_error(struct varlink_call *c, const char *name, json_t *parameters)
{
	_cleanup_free_ char *full = xasprintf("%s.%s", c->con->server->service->interface, name);

	full_error(c, full, parameters);
}

void varlink_invalid(struct varlink_call *c, const char *parameter)
{
	full_error(c, "org.varlink.service.InvalidParameter",
		json_pack("{s:s}", "parameter", parameter));
}

/* org.varlink.service, which every server has. */
static void service_call(struct varlink_call *c, const char *method, const json_t *parameters)
{
	const struct varlink_service *s = c->con->server->service;
	const char *name = json_string_value(json_object_get(parameters, "interface"));

	if (streq(method, "org.varlink.service.GetInfo"))
		varlink_reply(c,
			json_pack("{s:s, s:s, s:s, s:s, s:[s,s]}", "vendor", s->vendor, "product",
				s->product, "version", s->version, "url", s->url, "interfaces",
				"org.varlink.service", s->interface),
			false);
	else if (!streq(method, "org.varlink.service.GetInterfaceDescription"))
		full_error(c, "org.varlink.service.MethodNotFound",
			json_pack("{s:s}", "method", method));
	else if (name && streq(name, s->interface))
		varlink_reply(c, json_pack("{s:s}", "description", s->description), false);
	else
		full_error(c, "org.varlink.service.InterfaceNotFound",
			json_pack("{s:s}", "interface", name ? name : ""));
}

static void dispatch(struct connection *con, const json_t *frame)
{
	const struct varlink_service *s = con->server->service;
	const char *method = json_string_value(json_object_get(frame, "method"));
	const json_t *parameters = json_object_get(frame, "parameters");
	struct varlink_call *c = xcalloc(1, sizeof(*c));
	size_t n = strlen(s->interface);

	c->con = con;
	c->more = json_is_true(json_object_get(frame, "more"));
	c->oneway = json_is_true(json_object_get(frame, "oneway"));
	con->call = c;
	if (strncmp(method, s->interface, n) != 0 || method[n] != '.') {
		service_call(c, method, parameters);
		return;
	}
	for (unsigned i = 0; i < s->n_methods; i++)
		if (streq(method + n + 1, s->methods[i].name)) {
			if (con->server->open && !s->methods[i].read_only)
				varlink_error(c, "PermissionDenied", NULL);
			else
				s->methods[i].call(c, parameters, s->ctx);
			return;
		}
	full_error(c, "org.varlink.service.MethodNotFound", json_pack("{s:s}", "method", method));
}

/* False: not a frame of ours; the connection is to be closed. */
static bool take_frame(struct connection *con, const char *text)
{
	json_t *frame = json_loads(text, 0, NULL);
	bool good = json_is_string(json_object_get(frame, "method"));

	if (good)
		dispatch(con, frame);
	json_decref(frame);
	return good;
}

static void next_frame(struct connection *con)
{
	struct evbuffer *in = bufferevent_get_input(con->bev);

	while (!con->call) {
		struct evbuffer_ptr end = evbuffer_search(in, "", 1, NULL);
		char *text;
		bool good;

		if (end.pos < 0) {
			if (evbuffer_get_length(in) > VARLINK_FRAME_MAX)
				connection_free(con);
			return;
		}
		text = xmalloc((size_t)end.pos + 1);
		evbuffer_remove(in, text, (size_t)end.pos + 1);
		good = end.pos <= VARLINK_FRAME_MAX && take_frame(con, text);
		free(text);
		if (!good) {
			connection_free(con);
			return;
		}
	}
}

static void on_read(struct bufferevent *bev, void *ctx)
{
	next_frame(ctx);
}

static void on_event(struct bufferevent *bev, short what, void *ctx)
{
	connection_free(ctx);
}

/* After a kept call was answered, what the peer sent meanwhile is looked at. */
static void on_written(struct bufferevent *bev, void *ctx)
{
	next_frame(ctx);
}

static bool in_group(const char *name, uid_t uid)
{
	const struct group *g = name ? getgrnam(name) : NULL;
	const struct passwd *p = getpwuid(uid);

	if (!g || !p)
		return false;
	if (p->pw_gid == g->gr_gid)
		return true;
	for (char **m = g->gr_mem; *m; m++)
		if (streq(*m, p->pw_name))
			return true;
	return false;
}

static bool is_welcome(const struct varlink *v, int fd)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	if (v->n_connections >= VARLINK_CONNECTIONS_MAX)
		return false;
	if (v->open)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) < 0)
		return false;
	return cred.uid == 0 || cred.uid == geteuid() || in_group(v->group, cred.uid);
}

static void on_accept(
	struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *addr, int len, void *ctx)
{
	struct varlink *v = ctx;
	struct timeval idle = {IDLE_SECONDS, 0};
	struct connection *con;

	if (!is_welcome(v, fd)) {
		close(fd);
		return;
	}
	con = xcalloc(1, sizeof(*con));
	con->server = v;
	con->bev = bufferevent_socket_new(evconnlistener_get_base(l), fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(con->bev, on_read, on_written, on_event, con);
	bufferevent_set_timeouts(con->bev, NULL, &idle);
	bufferevent_setwatermark(con->bev, EV_READ, 0, 2 * VARLINK_FRAME_MAX);
	bufferevent_enable(con->bev, EV_READ | EV_WRITE);
	con->next = v->connections;
	v->connections = con;
	v->n_connections++;
}

static int bind_socket(const char *path, mode_t mode, struct err *e)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(e, -ENAMETOOLONG, path, 0,
			"the path of a socket has at most %zu bytes", sizeof(sa.sun_path) - 1);
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, -errno, path, 0, "%s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0) {
		close(fd);
		return err_set(e, -EADDRINUSE, path, 0, "another adsyncd listens here already");
	}
	unlink(path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || chmod(path, mode) < 0) {
		int r = err_set(e, -errno, path, 0, "cannot listen: %s", strerror(errno));

		close(fd);
		return r;
	}
	return fd;
}

int varlink_listen(struct event_base *base, const struct varlink_service *service, const char *path,
	bool open, const char *group, struct varlink **ret, struct err *e)
{
	/* who connects to the control socket is checked by credentials, see is_welcome() */
	int fd = bind_socket(path, open || group ? 0666 : 0600, e);
	struct varlink *v;

	if (fd < 0)
		return fd;
	v = xcalloc(1, sizeof(*v));
	v->service = service;
	v->path = xstrdup(path);
	v->group = group ? xstrdup(group) : NULL;
	v->open = open;
	v->listener = evconnlistener_new(base, on_accept, v,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, VARLINK_CONNECTIONS_MAX, fd);
	*ret = v;
	return 0;
}

void varlink_close(struct varlink *v)
{
	if (!v)
		return;
	while (v->connections)
		connection_free(v->connections);
	evconnlistener_free(v->listener);
	unlink(v->path);
	free(v->path);
	free(v->group);
	free(v);
}
