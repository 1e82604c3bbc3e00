/*
 * Lists of objects: a CSV file with the column Identity, as people and other tools write it (Mode
 * and Wave are read, too, the rest is left alone), or a text file with one identity in a line.
 */
#pragma once

#include "base/err.h"

#include <jansson.h>

#define SOA_LIST_MAX (16 * 1024 * 1024) /* bytes of a file */

/*
 * Of the text of a file: a list of {"identity", "mode", "wave"}; the last two only where they are
 * given. A new reference. -EINVAL, -E2BIG with *e naming file and line.
 */
int soa_list_parse(
	const char *text, size_t n, const char *source, json_t **ret, struct err *e) _must_check_;
/* The same of a file. */
int soa_list_read(const char *path, json_t **ret, struct err *e) _must_check_;
