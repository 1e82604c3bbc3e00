/*
 * AD from an LDIF file: the file is the directory. The cursor is the file's identity and times; a
 * file that has not changed is not read again.
 */
#include "connector/ad/ad.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "connector/ad/ldif.h"
#include "model/dn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#define YOUNG 2 /* seconds: a file changed so recently may change again within one clock tick */

static void cursor_make(const struct stat *st, uint64_t digest, char *ret, size_t size)
{
	snprintf(ret, size,
		"1 ldif %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 ".%09ld %" PRId64
		".%09ld %" PRIx64,
		(uint64_t)st->st_dev, (uint64_t)st->st_ino, (int64_t)st->st_size,
		(int64_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (int64_t)st->st_ctim.tv_sec,
		st->st_ctim.tv_nsec, digest);
}

static bool is_young(const struct stat *st)
{
	return unix_now() - st->st_ctim.tv_sec < YOUNG;
}

/* What a record says of a domain's names, should it be a crossRef; in the object's arena. */
struct cross_ref {
	const char *context, *dns, *netbios;
};

static bool is_named(const struct ldif_line *line, const char *name)
{
	return line->name_len == strlen(name) && strncasecmp(line->name, name, line->name_len) == 0;
}

static void read_cross_ref(
	struct ad_import *im, struct cross_ref *ref, const struct ldif_line *line)
{
	const char *anchor;

	if (is_named(line, "nETBIOSName"))
		ref->netbios = arena_strdup(&im->arena, line->value);
	else if (is_named(line, "dnsRoot"))
		ref->dns = arena_strdup(&im->arena, line->value);
	else if (is_named(line, "nCName"))
		ad_reference(
			arena_strdup(&im->arena, line->value), &im->arena, &anchor, &ref->context);
}

/* CN=X,CN=Partitions,CN=Configuration,ROOT */
static void keep_cross_ref(
	struct ad_import *im, const struct cross_ref *ref, struct ad_names *names)
{
	const char *partitions = dn_parent(im->entry.dn);

	if (!ref->context || !ref->netbios)
		return;
	ad_names_add(names, ref->context, ref->dns, ref->netbios);
	if (str_starts(dn_key(&im->arena, partitions), "cn=partitions,cn=configuration,"))
		ad_names_root(names, dn_parent(dn_parent(partitions)));
}

static enum conn_result end_record(struct ad_import *im, struct ldif *l, struct err *e)
{
	if (ad_object_end(im, e) < 0)
		return CONN_RUN_BAD;
	if (im->con->host->canceled && im->con->host->canceled(im->con->host->ctx)) {
		err_set(e, -ECANCELED, l->path, 0, "the import was stopped");
		return CONN_CANCELED;
	}
	return CONN_OK;
}

/* A NUL in the DN is written as RFC 4514 has it, so that the object is where it is. */
static void begin_record(struct ad_import *im, const struct ldif_line *line)
{
	_cleanup_buf_ struct buf dn = {0};

	for (size_t i = 0; i < line->value_len; i++)
		if (line->value[i])
			buf_addc(&dn, line->value[i]);
		else
			buf_adds(&dn, "\\00");
	ad_object_begin(im, buf_str(&dn));
	if (strlen(line->value) != line->value_len)
		ad_object_problem(im, "dn", 2, "the text holds a NUL character");
}

static enum conn_result read_records(
	struct ad_import *im, struct ldif *l, struct ad_names *names, struct err *e)
{
	struct cross_ref ref = {0};
	bool open = false;

	for (;;) {
		struct ldif_line line;
		enum conn_result cr;
		int r = ldif_read(l, &line, e);

		if (r < 0)
			return CONN_RUN_BAD;
		if (r != 1) {
			if (open)
				keep_cross_ref(im, &ref, names);
			ref = (struct cross_ref){0};
			cr = open ? end_record(im, l, e) : CONN_OK;
			if (cr != CONN_OK || r == 2)
				return cr;
			open = false;
			continue;
		}
		if (is_named(&line, "dn") == open) {
			err_set(e, -EINVAL, l->path, l->line,
				open ? "a second dn: in one record; is an empty line missing?"
				     : "a record must begin with dn:");
			return CONN_RUN_BAD;
		}
		if (!open) {
			if (line.cut) {
				err_set(e, -E2BIG, l->path, l->line, "a dn: of more than 16 MiB");
				return CONN_RUN_BAD;
			}
			begin_record(im, &line);
			open = true;
			continue;
		}
		read_cross_ref(im, &ref, &line);
		ad_object_line(im, line.name, line.name_len, line.value, line.value_len);
	}
}

static enum conn_result import_file(
	struct ad_import *im, int fd, const char *path, const struct stat *before, struct err *e)
{
	_cleanup_names_ struct ad_names names = {0};
	_cleanup_ldif_ struct ldif l;
	enum conn_result r;
	struct stat after;

	ldif_init(&l, fd, path);
	r = read_records(im, &l, &names, e);
	if (r != CONN_OK)
		return r;
	if (fstat(fd, &after) < 0 || after.st_size != before->st_size ||
		after.st_mtim.tv_sec != before->st_mtim.tv_sec ||
		after.st_mtim.tv_nsec != before->st_mtim.tv_nsec) {
		err_set(e, -EAGAIN, path, 0,
			"the file changed while it was read; write a new file and rename it over "
			"the old one");
		return CONN_RUN_BAD;
	}
	return ad_names_keep(im, &names, e) < 0 ? CONN_RUN_BAD : CONN_OK;
}

enum conn_result ad_import_ldif(
	struct ad_import *im, const char *path, struct import_answer *ret, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const struct import_request *req = im->req;
	char cursor[256];
	enum conn_result r;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		err_set(e, -EINVAL, path, 0, "cannot read the LDIF file: %s",
			fd < 0 ? strerror(errno) : "it is not a regular file");
		return CONN_RUN_BAD;
	}
	cursor_make(&st, ad_import_digest(im, true), cursor, sizeof(cursor));
	if (!req->full && req->cursor && req->cursor_len == strlen(cursor) &&
		memcmp(req->cursor, cursor, req->cursor_len) == 0) {
		ret->nothing = true;
		return CONN_OK;
	}
	ret->full = true;
	ret->retries = true; /* the file is read whole each time */
	r = import_file(im, fd, path, &st, e);
	if (r != CONN_OK)
		return r;
	if (is_young(&st))
		cursor[0] = '0'; /* matches nothing: read once more */
	return im->sink->cursor(im->sink, cursor, strlen(cursor), e) < 0 ? CONN_RUN_BAD : CONN_OK;
}
