/* Files. */
#include "base/file.h"
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define SECRET_MAX (64 * 1024)

static int fd_read(int fd, const char *path, size_t max, struct buf *b, struct err *e)
{
	for (;;) {
		ssize_t n;

		buf_reserve(b, 16384);
		n = read(fd, b->data + b->len, 16384);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, -errno, path, 0, "cannot read: %s", strerror(errno));
		if (n == 0)
			return 0;
		b->len += (size_t)n;
		if (b->len > max)
			return err_set(
				e, -EFBIG, path, 0, "file is over the limit of %zu bytes", max);
	}
}

int file_read(const char *path, size_t max, char **ret, size_t *ret_len, struct err *e)
{
	_cleanup_buf_ struct buf b = {0};
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0)
		return err_set(e, -errno, path, 0, "cannot open: %s", strerror(errno));
	if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode))
		return err_set(e, -EISDIR, path, 0, "is not a file");
	r = fd_read(fd, path, max, &b, e);
	if (r < 0)
		return r;
	if (ret_len)
		*ret_len = b.len;
	*ret = buf_steal(&b);
	return 0;
}

int secret_path(const char *path, char **ret, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	struct stat st;

	if (str_starts(path, "credential:")) {
		if (!dir)
			return err_set(e, -ENOENT, path, 0,
				"there is no $CREDENTIALS_DIRECTORY; add LoadCredential= to the "
				"unit");
		if (strchr(path, '/'))
			return err_set(e, -EINVAL, path, 0, "a credential name has no slash");
		*ret = xasprintf("%s/%s", dir, path + strlen("credential:"));
		return 0;
	}
	if (stat(path, &st) < 0)
		return err_set(e, -errno, path, 0, "cannot open: %s", strerror(errno));
	if (st.st_mode & 077)
		return err_set(e, -EPERM, path, 0,
			"mode is %04o, so others may read the secret; run: chmod 600 %s",
			st.st_mode & 07777, path);
	*ret = xstrdup(path);
	return 0;
}

int secret_read(const char *path, char **ret, struct err *e)
{
	_cleanup_free_ char *full = NULL;
	size_t len;
	int r = secret_path(path, &full, e);

	if (r < 0)
		return r;
	r = file_read(full, SECRET_MAX, ret, &len, e);
	if (r < 0)
		return r;
	while (len && ((*ret)[len - 1] == '\n' || (*ret)[len - 1] == '\r'))
		(*ret)[--len] = '\0';
	if (len == 0 || strlen(*ret) != len) {
		secret_free(*ret);
		*ret = NULL;
		return err_set(e, -EINVAL, path, 0, "the secret is empty or has a NUL byte");
	}
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

int file_write(const char *path, unsigned mode, const void *data, size_t n, struct err *e)
{
	_cleanup_free_ char *tmp = xasprintf("%s.%d.tmp", path, (int)getpid());
	_cleanup_close_ int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	int r;

	if (fd < 0)
		return err_set(e, -errno, tmp, 0, "cannot create: %s", strerror(errno));
	r = fd_write(fd, data, n);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && rename(tmp, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(tmp);
		return err_set(e, r, path, 0, "cannot write: %s", strerror(-r));
	}
	return 0;
}

int dir_make(const char *path, unsigned mode, struct err *e)
{
	_cleanup_free_ char *copy = xstrdup(path);

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
