/* The loopback server of the tests of the network's clients. */
#include "../check.h"
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

void server_say(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n) {
		ssize_t w = send(fd, text, n, MSG_NOSIGNAL);

		if (w <= 0)
			return;
		text += w;
		n -= (size_t)w;
	}
}

bool server_pad(int fd, size_t n)
{
	char block[65536];

	memset(block, 'x', sizeof(block));
	while (n) {
		ssize_t w = send(fd, block, MIN(n, sizeof(block)), MSG_NOSIGNAL);

		if (w <= 0)
			return false;
		n -= (size_t)w;
	}
	return true;
}

void server_wait(int fd)
{
	char block[256];

	while (read(fd, block, sizeof(block)) > 0)
		;
}

/* One request: its head, and as much of a body as it says. The last one stays until it is whole. */
static bool read_request(struct server *s, int fd)
{
	_cleanup_buf_ struct buf b = {0};
	size_t want = 0;

	for (;;) {
		char block[4096];
		const char *end = strstr(buf_str(&b), "\r\n\r\n"), *length;
		ssize_t n;

		if (end) {
			length = strcasestr(buf_str(&b), "\r\nContent-Length:");
			if (length && length < end)
				want = strtoul(length + 17, NULL, 10);
			if (b.len >= (size_t)(end + 4 - b.data) + want)
				break;
		}
		n = read(fd, block, sizeof(block));
		if (n <= 0)
			return false;
		buf_add(&b, block, (size_t)n);
	}
	buf_done(&s->request);
	s->request = b;
	b = (struct buf){0};
	return true;
}

static void *serve(void *ctx)
{
	struct server *s = ctx;

	for (;;) {
		_cleanup_close_ int fd = accept(s->fd, NULL, NULL);

		if (fd < 0)
			return NULL;
		while (read_request(s, fd))
			if (!s->answer(s, fd, s->count++))
				break;
	}
}

static int bind_any(struct sockaddr_in *a)
{
	socklen_t n = sizeof(*a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*a = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)a, sizeof(*a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)a, &n), 0);
	return fd;
}

void server_start(struct server *s, bool (*answer)(struct server *s, int fd, unsigned i))
{
	struct sockaddr_in a;

	*s = (struct server){.answer = answer};
	s->fd = bind_any(&a);
	assert_int_equal(listen(s->fd, 16), 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d", ntohs(a.sin_port));
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

void server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	buf_done(&s->request);
}

int closed_port(void)
{
	struct sockaddr_in a;
	_cleanup_close_ int fd = bind_any(&a); /* bound, so that nobody else takes it now */

	return ntohs(a.sin_port);
}
