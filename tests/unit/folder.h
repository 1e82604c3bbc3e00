/*
 * A folder of the test's own, with files in it. folder_make() and folder_remove() are the setup and
 * the teardown of a group of tests.
 */
#pragma once

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/adsyncd-unit.XXXXXX";

static inline int folder_make(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static inline int folder_remove(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* A file of mode 0600 with the text; its path. What was there under the name is another file. */
static inline const char *folder_put(const char *name, const char *text, char path[static 128])
{
	FILE *f;

	snprintf(path, 128, "%s/%s", folder, name);
	unlink(path);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
	return path;
}
