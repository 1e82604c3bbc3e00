/*
 * Files: what an operator names is opened once, and judged by what was opened, so that nothing can
 * be put in its place between the look and the read. Whether a file is a secret is not known to
 * the reader, so nothing that was read stays behind in memory that was given back.
 */
#include "base/file.h"
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>

#define SECRET_MAX (64 * 1024)
#define GROW 16384 /* room for a file that is longer than it said */

/* A pipe would hang the reader and a device has no end: neither is opened to be read. */
static int open_regular(const char *path, int *ret, struct stat *st, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_set(e, -errno, path, 0, "cannot open: %s", strerror(errno));
	if (fstat(fd, st) < 0)
		return err_set(e, -errno, path, 0, "cannot open: %s", strerror(errno));
	if (S_ISDIR(st->st_mode))
		return err_set(e, -EISDIR, path, 0, "is a folder, not a file");
	if (!S_ISREG(st->st_mode))
		return err_set(e, -EINVAL, path, 0, "is not a regular file");
	*ret = fd;
	fd = -1;
	return 0;
}

/* What was read so far. */
struct content {
	char *text;
	size_t len, cap;
};

static void content_done(struct content *c)
{
	if (c->text)
		explicit_bzero(c->text, c->cap);
	free(c->text);
}
#define _cleanup_content_ _cleanup_(content_done)

/* Reads to the end; there is room for a NUL behind. */
static int fd_read(int fd, const char *path, size_t max, struct content *c, struct err *e)
{
	for (;;) {
		ssize_t n;

		if (c->cap - c->len < 2) {
			struct content more = {.len = c->len, .cap = c->cap * 2 + GROW};

			more.text = xmalloc(more.cap);
			memcpy(more.text, c->text, c->len);
			content_done(c);
			*c = more;
		}
		n = read(fd, c->text + c->len, c->cap - c->len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, -errno, path, 0, "cannot read: %s", strerror(errno));
		if (n == 0)
			return 0;
		c->len += (size_t)n;
		if (c->len > max)
			return err_set(
				e, -EFBIG, path, 0, "file is over the limit of %zu bytes", max);
	}
}

static int read_whole(int fd, const char *path, size_t max, const struct stat *st, char **ret,
	size_t *ret_len, struct err *e)
{
	_cleanup_content_ struct content c = {
		.cap = (size_t)MIN((uint64_t)st->st_size, (uint64_t)max) + 2,
	};

	c.text = xmalloc(c.cap);
	TRY(fd_read(fd, path, max, &c, e));
	c.text[c.len] = '\0';
	if (ret_len)
		*ret_len = c.len;
	*ret = steal(&c.text);
	return 0;
}

int file_read(const char *path, size_t max, char **ret, size_t *ret_len, struct err *e)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	assert(path && ret);
	TRY(open_regular(path, &fd, &st, e));
	return read_whole(fd, path, max, &st, ret, ret_len, e);
}

/* Where the secret lies; *ret_given: systemd put it there, and keeps others out. */
static int find_secret(const char *path, char **ret, bool *ret_given, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	*ret_given = str_starts(path, "credential:");
	if (!*ret_given) {
		*ret = xstrdup(path);
		return 0;
	}
	if (!dir)
		return err_set(e, -ENOENT, path, 0,
			"there is no $CREDENTIALS_DIRECTORY; add LoadCredential= to the unit");
	if (strchr(path, '/'))
		return err_set(e, -EINVAL, path, 0, "a credential name has no slash");
	*ret = xasprintf("%s/%s", dir, path + strlen("credential:"));
	return 0;
}

static int check_mode(const char *path, const struct stat *st, struct err *e)
{
	if (st->st_mode & 077)
		return err_set(e, -EPERM, path, 0,
			"mode is %04o, so others may read the secret; run: chmod 600 %s",
			st->st_mode & 07777, path);
	return 0;
}

/*
 * A symbolic link is followed, in secrets too: certbot, Kubernetes and others hand secrets out
 * through links. The mode that counts is that of the file at its end, which is the one that is
 * read.
 */
static int open_secret(const char *path, char **ret_full, int *ret, struct stat *st, struct err *e)
{
	_cleanup_free_ char *full = NULL;
	_cleanup_close_ int fd = -1;
	bool given;

	TRY(find_secret(path, &full, &given, e));
	TRY(open_regular(full, &fd, st, e));
	if (!given)
		TRY(check_mode(full, st, e));
	*ret_full = steal(&full);
	*ret = fd;
	fd = -1;
	return 0;
}

int secret_path(const char *path, char **ret, struct err *e)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	assert(path && ret);
	return open_secret(path, ret, &fd, &st, e);
}

int secret_read(const char *path, char **ret, struct err *e)
{
	_cleanup_free_ char *full = NULL;
	_cleanup_secret_ char *text = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;
	size_t len;

	assert(path && ret);
	TRY(open_secret(path, &full, &fd, &st, e));
	TRY(read_whole(fd, full, SECRET_MAX, &st, &text, &len, e));
	if (memchr(text, '\0', len)) {
		explicit_bzero(text, len);
		return err_set(e, -EINVAL, path, 0, "the secret is empty or has a NUL byte");
	}
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
	if (len == 0)
		return err_set(e, -EINVAL, path, 0, "the secret is empty or has a NUL byte");
	*ret = steal(&text);
	return 0;
}

void secret_free(char *s)
{
	if (!s)
		return;
	explicit_bzero(s, strlen(s));
	free(s);
}

static int fd_write(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

/* A new file beside `path` whose name nobody can know before. */
static int create_beside(const char *path, unsigned mode, char **ret_name, int *ret, struct err *e)
{
	for (int tries = 0;; tries++) {
		_cleanup_free_ char *name = NULL;
		uint64_t random;
		int fd;

		if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return err_set(e, -EIO, path, 0, "the kernel gives no random numbers");
		name = xasprintf("%s.%016" PRIx64 ".tmp", path, random);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (fd < 0 && errno == EEXIST && tries < 8)
			continue;
		if (fd < 0)
			return err_set(e, -errno, name, 0, "cannot create: %s", strerror(errno));
		*ret_name = steal(&name);
		*ret = fd;
		return 0;
	}
}

/* The new name is lost in a power failure as long as its folder is not on the disk. */
static int sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder =
		!slash ? xstrdup(".") : xstrndup(path, MAX((size_t)(slash - path), (size_t)1));
	_cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) /* who may write to a folder need not be let to read it */
		return errno == EACCES ? 0 : -errno;
	if (fsync(fd) < 0 && errno != EINVAL) /* a file system that does not know it */
		return -errno;
	return 0;
}

int file_write(const char *path, unsigned mode, const void *data, size_t n, struct err *e)
{
	_cleanup_free_ char *tmp = NULL;
	_cleanup_close_ int fd = -1;
	bool renamed = false;
	int r;

	assert(path && (data || n == 0));
	TRY(create_beside(path, mode, &tmp, &fd, e));
	r = fd_write(fd, data, n);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0) {
		renamed = rename(tmp, path) == 0;
		r = renamed ? sync_folder(path) : -errno;
	}
	if (r == 0)
		return 0;
	if (!renamed)
		unlink(tmp);
	return err_set(e, r, path, 0, "cannot write: %s", strerror(-r));
}

int dir_make(const char *path, unsigned mode, struct err *e)
{
	_cleanup_free_ char *copy = xstrdup(path);

	if (!*path)
		return err_set(e, -EINVAL, NULL, 0, "the name of a folder is empty");
	for (char *p = copy + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return err_set(
				e, -errno, copy, 0, "cannot make the folder: %s", strerror(errno));
		*p = c;
		if (!c)
			return 0;
	}
}
