/*
 * file: files that an operator names: read with a limit, secrets checked, written whole or not at
 * all. Only regular files are read, so that no pipe or device can hold a process up.
 */
#pragma once

#include "base/err.h"

/*
 * Reads a whole regular file of at most `max` bytes. *ret is NUL-terminated and the caller's;
 * *ret_len may be NULL. Nothing of it is left in memory but *ret. Negative errno with *e naming the
 * file: -EISDIR a folder, -EINVAL no regular file, -EFBIG over `max`.
 */
int file_read(
	const char *path, size_t max, char **ret, size_t *ret_len, struct err *e) _must_check_;

/*
 * Reads a secret: the file must not be readable or writable by group or others (mode 0600 or
 * stricter), or lie in $CREDENTIALS_DIRECTORY. A trailing newline is cut. At most 64 KiB.
 * "credential:NAME" reads $CREDENTIALS_DIRECTORY/NAME (systemd.exec(5), LoadCredential).
 */
int secret_read(const char *path, char **ret, struct err *e) _must_check_;

/* Where a secret lies, checked in the same way but not read; the caller frees. */
int secret_path(const char *path, char **ret, struct err *e) _must_check_;

/* Overwrites and frees a secret; NULL is fine. */
void secret_free(char *s);
static inline void secret_freep(char **s)
{
	secret_free(*s);
}
#define _cleanup_secret_ _cleanup_(secret_freep)

/*
 * Writes to a new file beside `path` and renames it over, so that a reader sees the old or the new
 * whole; good when both the data and the name are on the disk.
 */
int file_write(
	const char *path, unsigned mode, const void *data, size_t n, struct err *e) _must_check_;

/* Makes a folder and its parents (mode for new ones); good when it is there already. */
int dir_make(const char *path, unsigned mode, struct err *e) _must_check_;
