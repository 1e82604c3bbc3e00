/* base/file: what is read, what is refused, what is left behind. */
#include "../check.h"
#include "../forgotten.h"
#include "base/buf.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define SECRET "correct-horse-battery-staple"

static char folder[] = "/tmp/test_file.XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static const char *put(const char *name, const void *data, size_t n, unsigned mode)
{
	const char *path = in_folder(name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static unsigned n_files(void)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2; /* . and .. */
}

static int clear(void **state)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf %s/*", folder);
	return system(command);
}

static void test_read(void **state)
{
	_cleanup_free_ char *text = NULL, *all = NULL;
	struct err e = {0};
	size_t n;

	assert_int_equal(file_read(put("a", "one\0two", 7, 0644), 7, &text, &n, &e), 0);
	assert_int_equal(n, 7);
	assert_memory_equal(text, "one\0two", 8); /* with the NUL behind */
	/* its size is told as 0 */
	assert_int_equal(file_read("/proc/self/status", 1 << 20, &all, &n, &e), 0);
	assert_true(n > 100);
	assert_int_equal(strlen(all), n);
}

static void test_limit(void **state)
{
	char *text = NULL;
	struct err e = {0};

	assert_int_equal(file_read(put("a", "12345678", 8, 0644), 7, &text, NULL, &e), -EFBIG);
	assert_int_equal(e.code, -EFBIG);
	assert_non_null(strstr(e.source, "/a"));
	assert_non_null(strstr(e.text, "limit of 7 bytes"));
	assert_int_equal(file_read("/proc/self/status", 10, &text, NULL, &e), -EFBIG);
	assert_null(text);
}

static void refused(const char *path, int code, const char *why)
{
	char *text = NULL;
	struct err e = {0};

	assert_int_equal(file_read(path, 100, &text, NULL, &e), code);
	assert_string_equal(e.source, path);
	if (!strstr(e.text, why))
		fail_msg("%s: %s", path, e.text);
	assert_null(text);
}

/* A pipe without a writer would hold the reader up for ever; /dev/zero has no end. */
static void test_no_regular_file(void **state)
{
	refused(in_folder("absent"), -ENOENT, "cannot open");
	refused(folder, -EISDIR, "folder");
	refused("/dev/zero", -EINVAL, "not a regular file");
	assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
	refused(in_folder("pipe"), -EINVAL, "not a regular file");
}

static void secret_refused(const char *path, int code, const char *why)
{
	char *text = NULL;
	struct err e = {0};

	assert_int_equal(secret_read(path, &text, &e), code);
	if (!strstr(e.text, why))
		fail_msg("%s: %s", path, e.text);
	assert_null(text);
}

static void test_secret(void **state)
{
	_cleanup_secret_ char *text = NULL, *linked = NULL, *given = NULL;
	struct err e = {0};

	assert_int_equal(secret_read(put("s", SECRET "\r\n", 30, 0600), &text, &e), 0);
	assert_string_equal(text, SECRET);
	/* links are how certbot and Kubernetes hand secrets out */
	assert_int_equal(symlink("s", in_folder("link")), 0);
	assert_int_equal(secret_read(in_folder("link"), &linked, &e), 0);
	assert_string_equal(linked, SECRET);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
	put("g", SECRET, 28, 0444); /* systemd's folder keeps others out */
	assert_int_equal(secret_read("credential:g", &given, &e), 0);
	assert_string_equal(given, SECRET);
	secret_refused("credential:../s", -EINVAL, "no slash");
	unsetenv("CREDENTIALS_DIRECTORY");
	secret_refused("credential:g", -ENOENT, "LoadCredential=");
}

static void test_secret_refused(void **state)
{
	static char large[70000];

	secret_refused(put("s", SECRET, 28, 0640), -EPERM, "mode is 0640");
	assert_int_equal(symlink("s", in_folder("link")), 0);
	secret_refused(in_folder("link"), -EPERM, "chmod 600");
	secret_refused(put("e", "\n", 1, 0600), -EINVAL, "empty");
	secret_refused(put("n", "a\0b", 3, 0600), -EINVAL, "NUL");
	secret_refused(put("n", "ab\0\n", 4, 0600), -EINVAL, "NUL");
	memset(large, 'x', sizeof(large));
	secret_refused(put("l", large, sizeof(large), 0600), -EFBIG, "limit");
	secret_refused(in_folder("absent"), -ENOENT, "cannot open");
	assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
	secret_refused(in_folder("pipe"), -EINVAL, "not a regular file");
}

static void test_secret_path(void **state)
{
	_cleanup_free_ char *path = NULL;
	struct err e = {0};

	assert_int_equal(secret_path(put("s", SECRET, 28, 0600), &path, &e), 0);
	assert_string_equal(path, in_folder("s"));
	assert_int_equal(secret_path(put("t", SECRET, 28, 0604), &path, &e), -EPERM);
}

/* A secret of many blocks, good or not: nothing of it is left in what was freed. */
static void test_nothing_left(void **state)
{
	static char text[60000];
	_cleanup_free_ char *plain = NULL;
	char *secret = NULL;
	struct err e = {0};

	for (size_t i = 0; i + 28 < sizeof(text); i += 28)
		memcpy(text + i, SECRET, 28);
	memset(text + sizeof(text) - 40, 'x', 40);
	put("s", text, sizeof(text), 0600);
	forgotten_text = SECRET;
	assert_int_equal(secret_read(in_folder("s"), &secret, &e), 0);
	secret_free(secret);
	secret = NULL;
	assert_int_equal(file_read(in_folder("s"), 50000, &plain, NULL, &e), -EFBIG);
	text[sizeof(text) - 1] = '\0';
	put("s", text, sizeof(text), 0600);
	assert_int_equal(secret_read(in_folder("s"), &secret, &e), -EINVAL);
	assert_int_equal(forgotten, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct buf b = {.wipe = i == 0};

		for (unsigned k = 0; k < 1000; k++)
			buf_adds(&b, SECRET);
		buf_clear(&b);
		buf_done(&b);
		assert_true(i == 0 ? forgotten == 0 : forgotten > 0); /* the test can fail */
	}
	forgotten_text = NULL;
}

static void test_write(void **state)
{
	_cleanup_free_ char *text = NULL;
	const char *path = in_folder("f");
	struct err e = {0};
	struct stat st;

	assert_int_equal(file_write(path, 0600, "old", 3, &e), 0);
	assert_int_equal(file_write(path, 0600, "new text", 8, &e), 0);
	assert_int_equal(file_read(path, 100, &text, NULL, &e), 0);
	assert_string_equal(text, "new text");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(n_files(), 1);
}

/* What lies there under a name that could be guessed is not written through. */
static void test_write_beside(void **state)
{
	_cleanup_free_ char *text = NULL;
	char guess[300];
	struct err e = {0};

	put("victim", "safe", 4, 0600);
	snprintf(guess, sizeof(guess), "%s.%d.tmp", in_folder("f"), (int)getpid());
	assert_int_equal(symlink("victim", guess), 0);
	assert_int_equal(file_write(in_folder("f"), 0600, "new", 3, &e), 0);
	assert_int_equal(file_read(in_folder("victim"), 100, &text, NULL, &e), 0);
	assert_string_equal(text, "safe");
}

static void test_write_refused(void **state)
{
	struct err e = {0};

	assert_int_equal(mkdir(in_folder("d"), 0700), 0);
	assert_int_equal(file_write(in_folder("d"), 0600, "x", 1, &e), -EISDIR);
	assert_non_null(strstr(e.text, "cannot write"));
	assert_int_equal(n_files(), 1); /* nothing temporary is left */
	assert_int_equal(file_write(in_folder("no/f"), 0600, "x", 1, &e), -ENOENT);
	assert_non_null(strstr(e.text, "cannot create"));
}

static void test_dir_make(void **state)
{
	struct err e = {0};
	struct stat st;

	assert_int_equal(dir_make(in_folder("a/b/c"), 0700, &e), 0);
	assert_int_equal(dir_make(in_folder("a/b/c"), 0700, &e), 0);
	assert_int_equal(stat(in_folder("a/b/c"), &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	put("f", "", 0, 0600);
	assert_int_equal(dir_make(in_folder("f/g"), 0700, &e), -ENOTDIR);
	assert_int_equal(dir_make("", 0700, &e), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_read, clear),
		cmocka_unit_test_teardown(test_limit, clear),
		cmocka_unit_test_teardown(test_no_regular_file, clear),
		cmocka_unit_test_teardown(test_secret, clear),
		cmocka_unit_test_teardown(test_secret_refused, clear),
		cmocka_unit_test_teardown(test_secret_path, clear),
		cmocka_unit_test_teardown(test_nothing_left, clear),
		cmocka_unit_test_teardown(test_write, clear),
		cmocka_unit_test_teardown(test_write_beside, clear),
		cmocka_unit_test_teardown(test_write_refused, clear),
		cmocka_unit_test_teardown(test_dir_make, clear),
	};
	int failed;

	if (!mkdtemp(folder))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
