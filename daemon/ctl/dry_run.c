/*
 * adsyncctl export --dry-run: what the next export would send, a file for each message. The daemon
 * tells the messages and this writes them, as the one who asked: they hold names and addresses, so
 * nobody else may read them.
 */
#include "dry_run.h"
#include "base/json.h"
#include "print.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

struct folder {
	const char *path;
	int fd;
	int64_t written;
};

static int fail(const char *path, const char *name, int error)
{
	fprintf(stderr, "adsyncctl: %s%s%s: %s\n", path, *name ? "/" : "", name, strerror(error));
	return CTL_ERRORS;
}

static bool is_empty(int fd)
{
	DIR *d = fdopendir(dup(fd));
	struct dirent *item;
	bool any = false;

	while (d && !any && (item = readdir(d)))
		any = !streq(item->d_name, ".") && !streq(item->d_name, "..");
	if (d)
		closedir(d);
	return d && !any;
}

/* A new folder, or an empty one of ours; its mode becomes 0700. */
static int folder_open(struct folder *f)
{
	struct stat st;

	if (mkdir(f->path, 0700) < 0 && errno != EEXIST)
		return fail(f->path, "", errno);
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return fail(f->path, "", errno);
	if (!is_empty(f->fd)) {
		fprintf(stderr, "adsyncctl: %s: the folder is not empty: name a new one\n",
			f->path);
		return CTL_USAGE;
	}
	return (st.st_mode & 07777) == 0700 || fchmod(f->fd, 0700) == 0 ? 0
	                                                                : fail(f->path, "", errno);
}

/* Of a message's name, what can stand in the name of a file. */
static void file_name(char *ret, size_t size, int64_t number, const json_t *message)
{
	char name[64];

	snprintf(name, sizeof(name), "%s", text_of(message, "name"));
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", *p))
			*p = '_';
	snprintf(ret, size, "%04lld-%s.%s", (long long)number, name,
		streq(text_of(message, "ending"), "json") ? "json" : "xml");
}

static int write_text(int fd, const char *text)
{
	size_t n = strlen(text), done = 0;

	while (done < n) {
		ssize_t w = write(fd, text + done, n - done);

		if (w < 0 && errno != EINTR)
			return -errno;
		done += w > 0 ? (size_t)w : 0;
	}
	return 0;
}

static int take_message(void *ctx, const json_t *progress)
{
	const json_t *message = json_object_get(progress, "message");
	struct folder *f = ctx;
	char name[128], line[64];
	int fd, r;

	if (!json_is_object(message))
		return 0;
	file_name(name, sizeof(name), f->written + 1, message);
	fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(f->path, name, errno);
	r = write_text(fd, text_of(message, "text"));
	if (close(fd) < 0 && !r)
		r = -errno;
	if (r < 0)
		return fail(f->path, name, -r);
	f->written++;
	snprintf(line, sizeof(line), "%lld messages ...", (long long)f->written);
	ctl_line(line);
	return 0;
}

/* --- what else is to be known --- */

static void tell_counters(FILE *f, const json_t *counters)
{
	const char *key, *sep = "";
	json_t *n;

	json_object_foreach ((json_t *)counters, key, n) {
		fprintf(f, "%s%s %lld", sep, key, (long long)json_integer_value(n));
		sep = ", ";
	}
	fputs(*sep ? "\n" : "nothing is to be sent\n", f);
}

static void tell_plain(FILE *f, const char *before, const char *text)
{
	fputs(before, f);
	print_plain(f, text);
	fputs("\n", f);
}

static void tell_connector(FILE *f, const json_t *o, bool brief)
{
	json_int_t blocked = json_integer_value(json_object_get(o, "blocked"));
	json_int_t waiting = json_integer_value(json_object_get(o, "waiting"));
	size_t i;
	json_t *note;

	fprintf(f, "%s: ", text_of(o, "name"));
	if (*text_of(o, "left_out")) {
		tell_plain(f, "left out: ", text_of(o, "left_out"));
		return;
	}
	tell_counters(f, json_object_get(o, "counters"));
	if (*text_of(o, "text"))
		tell_plain(f, json_is_true(json_object_get(o, "stopped")) ? "  stopped: " : "  ",
			text_of(o, "text"));
	if (blocked && !brief)
		fprintf(f,
			"  %lld objects are left alone, since the cloud has the authority over "
			"them: adsyncctl soa status\n",
			(long long)blocked);
	if (waiting)
		fprintf(f, "  %lld wait for their next try after an error: adsyncctl errors\n",
			(long long)waiting);
	json_array_foreach (json_object_get(o, "notes"), i, note)
		if (!brief)
			tell_plain(f, "  would be logged: ", json_string_value(note));
}

void dry_run_tell(FILE *f, const json_t *answer, bool brief)
{
	size_t i;
	json_t *o;

	json_array_foreach (json_object_get(answer, "connectors"), i, o)
		tell_connector(f, o, brief);
	if (json_is_true(json_object_get(answer, "staging")))
		fputs("staging_mode is on: nothing of this is exported until it is off\n", f);
}

int dry_run_exit(const json_t *answer)
{
	size_t i;
	json_t *o;

	json_array_foreach (json_object_get(answer, "connectors"), i, o)
		if (json_is_true(json_object_get(o, "stopped")))
			return CTL_ERRORS;
	return CTL_GOOD;
}

static void tell_files(const struct folder *f, const json_t *answer)
{
	dry_run_tell(stdout, answer, false);
	printf("%lld messages in %s; nothing was sent\n", (long long)f->written, f->path);
}

static int dry_run(const struct ctl *c, struct folder *f)
{
	json_t *p = json_object();
	_cleanup_json_ json_t *answer = NULL;
	int r;

	if (c->connector)
		json_object_set_new(p, "connector", json_string(c->connector));
	r = ctl_work(c, "DryRunExport", p, take_message, f, &answer);
	if (r)
		return r;
	if (json_integer_value(json_object_get(answer, "messages")) != f->written) {
		fprintf(stderr, "adsyncctl: %s has %lld of %lld messages\n", f->path,
			(long long)f->written,
			(long long)json_integer_value(json_object_get(answer, "messages")));
		return CTL_ERRORS;
	}
	if (c->json)
		print_json(answer);
	else
		tell_files(f, answer);
	return dry_run_exit(answer);
}

int command_export(const struct ctl *c, int argc, char **argv)
{
	struct folder f = {.path = argv[0], .fd = -1};
	int r;

	if (!c->dry_run) {
		fputs("adsyncctl: export only shows what would be sent, with --dry-run; "
		      "\"adsyncctl "
		      "run start export\" exports\n",
			stderr);
		return CTL_USAGE;
	}
	r = folder_open(&f);
	if (!r)
		r = dry_run(c, &f);
	closep(&f.fd);
	return r;
}
