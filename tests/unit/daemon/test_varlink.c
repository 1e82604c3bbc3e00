/* Who may listen where, and who may connect. */
#include "../check.h"
#include "varlink.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define GID 54321 /* of nobody */

struct place {
	char dir[40];
	struct sockaddr_un sa;
};

static int up(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));

	snprintf(p->dir, sizeof(p->dir), "/tmp/adsyncd-test-XXXXXX");
	if (!mkdtemp(p->dir) || chmod(p->dir, 0755) < 0)
		return -1;
	p->sa.sun_family = AF_UNIX;
	snprintf(p->sa.sun_path, sizeof(p->sa.sun_path), "%s/s", p->dir);
	*state = p;
	return 0;
}

static int down(void **state)
{
	struct place *p = *state;

	unlink(p->sa.sun_path);
	rmdir(p->dir);
	free(p);
	return 0;
}

static int open_peer(const struct place *p)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&p->sa, sizeof(p->sa)), 0);
	return fd;
}

static const struct varlink_service service = {.interface = "x.y"};

static int try_to_listen(const struct place *p)
{
	struct varlink_access access = {.everybody = true};
	struct event_base *base = event_base_new();
	struct varlink *v = NULL;
	struct err e = {0};
	int r = varlink_listen(base, &service, p->sa.sun_path, &access, &v, &e);

	varlink_close(v);
	event_base_free(base);
	return r;
}

/* A peer whose queue is full is alive, and keeps its socket. */
static void test_peer_with_full_queue(void **state)
{
	const struct place *p = *state;
	int peer = open_peer(p), waiting[16];
	unsigned n = 0;
	struct stat before, after;

	assert_int_equal(listen(peer, 0), 0);
	for (; n < ARRAY_SIZE(waiting); n++) {
		waiting[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(waiting[n], (const struct sockaddr *)&p->sa, sizeof(p->sa)) < 0)
			break;
	}
	assert_true(n < ARRAY_SIZE(waiting));
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(stat(p->sa.sun_path, &before), 0);
	assert_int_equal(try_to_listen(p), -EADDRINUSE);
	assert_int_equal(stat(p->sa.sun_path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	for (unsigned i = 0; i <= n; i++)
		close(waiting[i]);
	assert_int_equal(try_to_listen(p), -EADDRINUSE);
	close(peer);
	assert_int_equal(try_to_listen(p), 0); /* nobody listens any more */
}

/* What is no socket is not ours to remove. */
static void test_a_file(void **state)
{
	const struct place *p = *state;
	int fd = open(p->sa.sun_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	close(fd);
	assert_int_equal(try_to_listen(p), -EADDRINUSE);
	assert_int_equal(access(p->sa.sun_path, F_OK), 0);
}

/* In a process of its own: connects with these groups; its exit code 0: it got an answer. */
static pid_t client(const struct place *p, gid_t gid, const gid_t *groups, size_t n)
{
	static const char call[] = "{\"method\":\"org.varlink.service.GetInfo\"}";
	pid_t pid = fork();
	char answer[400];
	int fd;

	if (pid)
		return pid;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (setgroups(n, groups) < 0 || setgid(gid) < 0 || setuid(54000) < 0 ||
		connect(fd, (const struct sockaddr *)&p->sa, sizeof(p->sa)) < 0)
		_exit(9);
	if (send(fd, call, sizeof(call), MSG_NOSIGNAL) < 0 || read(fd, answer, sizeof(answer)) <= 0)
		_exit(1);
	_exit(0);
}

static void on_child(evutil_socket_t sig, short what, void *ctx)
{
	event_base_loopbreak(ctx);
}

static int answer_to(
	const struct place *p, struct event_base *base, gid_t gid, const gid_t *groups, size_t n)
{
	struct event *child = evsignal_new(base, SIGCHLD, on_child, base);
	int status = 0;
	pid_t pid;

	event_add(child, NULL);
	pid = client(p, gid, groups, n);
	event_base_dispatch(base);
	event_free(child);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void test_groups_by_number(void **state)
{
	const struct place *p = *state;
	const struct varlink_service answers = {.interface = "x.y",
		.description = "",
		.vendor = "",
		.product = "",
		.version = "",
		.url = ""};
	struct varlink_access access = {.group = true, .gid = GID};
	gid_t many[200] = {0}, other[] = {GID + 1}, member[] = {GID + 2, GID};
	struct event_base *base;
	struct varlink *v = NULL;
	struct err e = {0};

	if (geteuid() != 0)
		skip(); /* only root can be somebody else */
	base = event_base_new();
	for (unsigned i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = GID + 300 - i; /* more than fit at once; one of them is the group */
	many[199] = GID;
	assert_int_equal(varlink_listen(base, &answers, p->sa.sun_path, &access, &v, &e), 0);
	assert_int_equal(answer_to(p, base, GID, NULL, 0), 0);
	assert_int_equal(answer_to(p, base, GID + 9, member, ARRAY_SIZE(member)), 0);
	assert_int_equal(answer_to(p, base, GID + 9, many, ARRAY_SIZE(many)), 0);
	assert_int_equal(answer_to(p, base, GID + 9, other, ARRAY_SIZE(other)), 1);
	assert_int_equal(answer_to(p, base, GID + 9, many, ARRAY_SIZE(many) - 1), 1);
	assert_int_equal(answer_to(p, base, GID + 9, NULL, 0), 1);
	varlink_close(v);
	event_base_free(base);
}

/* --- silence --- */

struct keeper {
	struct event_base *base;
	struct varlink_call *call;
};

static void keep(struct varlink_call *c, const json_t *parameters, void *ctx)
{
	struct keeper *k = ctx;

	k->call = c;
}

static int connect_to(const struct place *p)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&p->sa, sizeof(p->sa)), 0);
	return fd;
}

static void on_silent_end(evutil_socket_t fd, short what, void *ctx)
{
	event_base_loopbreak(ctx);
}

/* Who asks nothing is sent away after a while; who waits for an answer gets it. */
static void test_silence(void **state)
{
	static const char call[] = "{\"method\":\"x.y.Keep\"}";
	static const struct varlink_method methods[] = {{"Keep", true, keep}};
	const struct place *p = *state;
	struct varlink_access access = {.everybody = true};
	struct keeper k = {.base = event_base_new()};
	const struct varlink_service keeps = {.interface = "x.y",
		.methods = methods,
		.n_methods = ARRAY_SIZE(methods),
		.ctx = &k,
		.idle = 1};
	int waits, silent[2];
	struct varlink *v = NULL;
	struct err e = {0};
	char text[100];

	assert_int_equal(varlink_listen(k.base, &keeps, p->sa.sun_path, &access, &v, &e), 0);
	waits = connect_to(p);
	assert_int_equal(send(waits, call, sizeof(call), 0), sizeof(call));
	for (unsigned i = 0; i < ARRAY_SIZE(silent); i++) { /* the second: after the first's end */
		struct event *end;

		silent[i] = connect_to(p);
		end = event_new(k.base, silent[i], EV_READ, on_silent_end, k.base);
		event_add(end, NULL);
		event_base_dispatch(k.base);
		event_free(end);
		assert_int_equal(read(silent[i], text, sizeof(text)), 0);
		close(silent[i]);
	}
	assert_non_null(k.call);
	varlink_reply(k.call, NULL, false);
	event_base_loop(k.base, EVLOOP_NONBLOCK);
	assert_true(read(waits, text, sizeof(text)) > 0);
	assert_string_equal(text, "{\"parameters\":{}}");
	close(waits);
	varlink_close(v);
	event_base_free(k.base);
}

/* --- a peer that reads slowly --- */

#define REPLIES 300 /* of 64 KiB */

struct teller {
	struct varlink_call *call;
	unsigned told, waits;
};

static void forget(struct varlink_call *c, void *ctx)
{
	fail();
}

/* As long as the peer keeps pace. */
static void tell(void *ctx)
{
	static char pad[64 * 1024];
	struct teller *t = ctx;

	memset(pad, 'x', sizeof(pad) - 1);
	while (t->told < REPLIES) {
		t->told++;
		varlink_reply(t->call, json_pack("{s:s}", "pad", pad), true);
		if (varlink_is_behind(t->call, tell)) {
			t->waits++;
			return;
		}
	}
	varlink_reply(t->call, NULL, false);
}

static void begin_to_tell(struct varlink_call *c, const json_t *parameters, void *ctx)
{
	struct teller *t = ctx;

	t->call = c;
	varlink_on_gone(c, forget, t);
	tell(t);
}

/* In a process of its own: reads after a while. Its exit code 0: it got all of it. */
static pid_t slow_client(const struct place *p)
{
	static const char call[] = "{\"method\":\"x.y.Tell\",\"more\":true}";
	static char text[65536];
	pid_t pid = fork();
	unsigned frames = 0;
	ssize_t n;
	int fd;

	if (pid)
		return pid;
	fd = connect_to(p);
	if (send(fd, call, sizeof(call), MSG_NOSIGNAL) < 0)
		_exit(1);
	usleep(200000);
	while (frames <= REPLIES && (n = read(fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < n; i++)
			frames += text[i] == '\0';
	_exit(frames == REPLIES + 1 ? 0 : 2);
}

/* Nothing is left out when the teller waits; without that over 8 MiB would be. */
static void test_a_slow_peer(void **state)
{
	static const struct varlink_method methods[] = {{"Tell", true, begin_to_tell}};
	const struct place *p = *state;
	struct varlink_access access = {.everybody = true};
	struct event_base *base = event_base_new();
	struct event *child = evsignal_new(base, SIGCHLD, on_child, base);
	struct teller t = {0};
	const struct varlink_service tells = {.interface = "x.y",
		.methods = methods,
		.n_methods = ARRAY_SIZE(methods),
		.ctx = &t};
	struct varlink *v = NULL;
	struct err e = {0};
	int status = 0;
	pid_t pid;

	assert_int_equal(varlink_listen(base, &tells, p->sa.sun_path, &access, &v, &e), 0);
	event_add(child, NULL);
	pid = slow_client(p);
	event_base_dispatch(base);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(t.told, REPLIES);
	assert_true(t.waits > 2);
	event_free(child);
	varlink_close(v);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_peer_with_full_queue, up, down),
		cmocka_unit_test_setup_teardown(test_a_file, up, down),
		cmocka_unit_test_setup_teardown(test_groups_by_number, up, down),
		cmocka_unit_test_setup_teardown(test_silence, up, down),
		cmocka_unit_test_setup_teardown(test_a_slow_peer, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
