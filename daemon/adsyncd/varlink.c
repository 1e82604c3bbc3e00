/* Frames to calls, replies to frames. One call at a time; what is sent meanwhile waits. */
#include "varlink.h"
#include "log.h"

#include <event2/bufferevent.h>
#include <event2/listener.h>

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define IDLE_SECONDS 600
#define GROUPS_MAX 65536             /* NGROUPS_MAX of the kernel */
#define OUTPUT_MAX (8 * 1024 * 1024) /* a reader that does not read */
#define OUTPUT_ENOUGH (1024 * 1024)

struct connection;

struct varlink_call {
	struct connection *con;
	const char *method;
	bool more, oneway;
	void (*gone)(struct varlink_call *c, void *ctx);
	void (*caught_up)(void *ctx);
	void *ctx;
};

struct connection {
	struct varlink *server;
	struct bufferevent *bev;
	struct varlink_call *call; /* the one that is being answered */
	int64_t uid;               /* of the peer */
	struct connection *next;
};

struct varlink {
	const struct varlink_service *service;
	struct evconnlistener *listener;
	struct connection *connections;
	unsigned n_connections;
	char *path;
	struct varlink_access access;
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

int64_t varlink_peer(const struct varlink_call *c)
{
	return c->con->uid;
}

const char *varlink_method_name(const struct varlink_call *c)
{
	return c->method;
}

void varlink_on_gone(
	struct varlink_call *c, void (*gone)(struct varlink_call *c, void *ctx), void *ctx)
{
	c->gone = gone;
	c->ctx = ctx;
}

bool varlink_is_behind(struct varlink_call *c, void (*caught_up)(void *ctx))
{
	c->caught_up = caught_up;
	return evbuffer_get_length(bufferevent_get_output(c->con->bev)) > OUTPUT_ENOUGH;
}

static void next_frame(struct connection *con);

static void call_done(struct varlink_call *c)
{
	c->con->call = NULL;
	free(c);
}

/* Can the peer be told something? One that asks and does not read is not waited for. */
static bool is_listening(const struct varlink_call *c)
{
	return !c->oneway && evbuffer_get_length(bufferevent_get_output(c->con->bev)) < OUTPUT_MAX;
}

/* Sends an object, and goes on with the next frame when the call is done. */
static void send_object(struct varlink_call *c, json_t *o, bool continues)
{
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	if (is_listening(c))
		evbuffer_add(bufferevent_get_output(c->con->bev), text, strlen(text) + 1);
	free(text);
	if (!continues)
		call_done(c);
}

void varlink_reply_text(struct varlink_call *c, struct evbuffer *parameters)
{
	struct evbuffer *out = bufferevent_get_output(c->con->bev);

	if (is_listening(c)) {
		evbuffer_add_printf(out, "{\"parameters\":");
		evbuffer_add_buffer(out, parameters);
		evbuffer_add(out, "}", 2);
	}
	call_done(c);
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

void varlink_error(struct varlink_call *c, enum control_error error, json_t *parameters)
{
	_cleanup_free_ char *full =
		xasprintf("%s.%s", c->con->server->service->interface, control_error_word(error));

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

bool varlink_find(const struct varlink_service *s, const char *name, struct varlink_method *ret)
{
	for (unsigned i = 0; i < s->n_methods; i++)
		if (streq(name, s->methods[i].name)) {
			*ret = s->methods[i];
			return true;
		}
	return s->find && s->find(name, ret);
}

static void dispatch(struct connection *con, const json_t *frame)
{
	const struct varlink_service *s = con->server->service;
	const char *method = json_string_value(json_object_get(frame, "method"));
	const json_t *parameters = json_object_get(frame, "parameters");
	struct varlink_call *c = xcalloc(1, sizeof(*c));
	size_t n = strlen(s->interface);
	struct varlink_method m;

	c->con = con;
	c->more = json_is_true(json_object_get(frame, "more"));
	c->oneway = json_is_true(json_object_get(frame, "oneway"));
	con->call = c;
	if (strncmp(method, s->interface, n) != 0 || method[n] != '.') {
		service_call(c, method, parameters);
		return;
	}
	if (!varlink_find(s, method + n + 1, &m)) {
		full_error(c, "org.varlink.service.MethodNotFound",
			json_pack("{s:s}", "method", method));
		return;
	}
	c->method = m.name;
	if (con->server->access.everybody && !m.read_only)
		varlink_error(c, CONTROL_ERROR_PERMISSION_DENIED, NULL);
	else
		m.call(c, parameters, s->ctx);
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

static size_t frame_max(const struct connection *con)
{
	return con->server->access.everybody ? VARLINK_FRAME_MAX : VARLINK_TRUSTED_FRAME_MAX;
}

static void next_frame(struct connection *con)
{
	struct evbuffer *in = bufferevent_get_input(con->bev);
	size_t max = frame_max(con);

	while (!con->call) {
		struct evbuffer_ptr end = evbuffer_search(in, "", 1, NULL);
		char *text;
		bool good;

		if (end.pos < 0) {
			if (evbuffer_get_length(in) > max)
				connection_free(con);
			return;
		}
		text = xmalloc((size_t)end.pos + 1);
		evbuffer_remove(in, text, (size_t)end.pos + 1);
		good = (size_t)end.pos <= max && take_frame(con, text);
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

/* A peer that waits for an answer may be silent; one that asks nothing only takes a place. */
static void on_event(struct bufferevent *bev, short what, void *ctx)
{
	struct connection *con = ctx;

	if (con->call && what == (BEV_EVENT_TIMEOUT | BEV_EVENT_READING))
		bufferevent_enable(bev, EV_READ); /* which the timeout has ended */
	else
		connection_free(con);
}

/* The peer has read all. After a kept call was answered, what it sent meanwhile is looked at. */
static void on_written(struct bufferevent *bev, void *ctx)
{
	struct connection *con = ctx;

	if (con->call && con->call->caught_up)
		con->call->caught_up(con->call->ctx);
	next_frame(con);
}

/* The supplementary groups of the peer as it was when it connected. */
static bool in_group(int fd, gid_t gid)
{
	gid_t few[64], *many = NULL, *all = few;
	socklen_t size = sizeof(few);
	bool found = false;
	int r = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, few, &size);

	if (r < 0 && errno == ERANGE && size <= GROUPS_MAX * sizeof(gid_t)) {
		all = many = xmalloc(size);
		r = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, many, &size);
	}
	for (size_t i = 0; r == 0 && i < size / sizeof(gid_t); i++)
		found = found || all[i] == gid;
	free(many);
	return found;
}

static bool is_welcome(const struct varlink *v, int fd)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	if (v->n_connections >= VARLINK_CONNECTIONS_MAX)
		return false;
	if (v->access.everybody)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) < 0)
		return false;
	if (cred.uid == 0 || cred.uid == geteuid())
		return true;
	return v->access.group && (cred.gid == v->access.gid || in_group(fd, v->access.gid));
}

static int64_t peer_uid(int fd)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) < 0 ? -1 : (int64_t)cred.uid;
}

static void on_accept(
	struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *addr, int len, void *ctx)
{
	struct varlink *v = ctx;
	struct timeval idle = {v->service->idle ? v->service->idle : IDLE_SECONDS, 0};
	struct connection *con;

	if (!is_welcome(v, fd)) {
		close(fd);
		return;
	}
	con = xcalloc(1, sizeof(*con));
	con->server = v;
	con->uid = peer_uid(fd);
	con->bev = bufferevent_socket_new(evconnlistener_get_base(l), fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(con->bev, on_read, on_written, on_event, con);
	bufferevent_set_timeouts(con->bev, &idle, &idle);
	bufferevent_setwatermark(con->bev, EV_READ, 0, 2 * frame_max(con));
	bufferevent_enable(con->bev, EV_READ | EV_WRITE);
	con->next = v->connections;
	v->connections = con;
	v->n_connections++;
}

/*
 * Removes a socket that nobody listens on. Only a refused connection says so: a peer whose queue is
 * full lives (EAGAIN), and so may one that answers anything else.
 */
static int clear_path(int fd, const struct sockaddr_un *sa, struct err *e)
{
	struct stat st;

	if (lstat(sa->sun_path, &st) < 0)
		return errno == ENOENT ? 0
		                       : err_set(e, -errno, sa->sun_path, 0, "%s", strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return err_set(
			e, -EADDRINUSE, sa->sun_path, 0, "something that is no socket is here");
	if (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0 || errno == EAGAIN)
		return err_set(
			e, -EADDRINUSE, sa->sun_path, 0, "another adsyncd listens here already");
	if (errno != ECONNREFUSED)
		return err_set(e, -EADDRINUSE, sa->sun_path, 0,
			"cannot tell whether somebody listens here: %s", strerror(errno));
	unlink(sa->sun_path);
	return 0;
}

static int bind_socket(const char *path, mode_t mode, struct err *e)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int probe = -1, fd = -1;
	int bound, ret;
	mode_t before;

	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(e, -ENAMETOOLONG, path, 0,
			"the path of a socket has at most %zu bytes", sizeof(sa.sun_path) - 1);
	strcpy(sa.sun_path, path);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0 || fd < 0)
		return err_set(e, -errno, path, 0, "%s", strerror(errno));
	TRY(clear_path(probe, &sa, e));
	before = umask(0777 & ~mode); /* never there with another mode, not for a moment */
	bound = bind(fd, (struct sockaddr *)&sa, sizeof(sa));
	umask(before);
	if (bound < 0)
		return err_set(e, -errno, path, 0, "cannot listen: %s", strerror(errno));
	ret = fd;
	fd = -1;
	return ret;
}

int varlink_listen(struct event_base *base, const struct varlink_service *service, const char *path,
	const struct varlink_access *access, struct varlink **ret, struct err *e)
{
	/* who connects to the control socket is checked by credentials, see is_welcome() */
	int fd = bind_socket(path, access->everybody || access->group ? 0666 : 0600, e);
	struct evconnlistener *listener;
	struct varlink *v;

	if (fd < 0)
		return fd;
	v = xcalloc(1, sizeof(*v));
	listener = evconnlistener_new(base, on_accept, v,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, VARLINK_CONNECTIONS_MAX, fd);
	if (!listener) {
		int r = errno ? -errno : -EIO;

		free(v);
		close(fd);
		unlink(path);
		return err_set(e, r, path, 0, "cannot listen: %s", strerror(-r));
	}
	v->service = service;
	v->listener = listener;
	v->path = xstrdup(path);
	v->access = *access;
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
	free(v);
}
