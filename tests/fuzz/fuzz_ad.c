/*
 * What a directory may answer: lines "dn", "attribute=value", "attribute!" (emptied),
 * "attribute+target" and "attribute-target" (changed references), an empty line ends an object.
 * The connector must deliver it or say what is wrong with it.
 */
#include "base/text.h"
#include "model/dtyp.h"
#include "connector/ad/ad.h"
#include "fuzz.h"

#include <stdlib.h>

static int take_object(struct import_sink *s, const struct import_object *o, struct err *e)
{
	if (!o->entry->anchor || strlen(o->entry->anchor) != GUID_TEXT_SIZE - 1 ||
		!utf8_valid(o->entry->dn, strlen(o->entry->dn)))
		abort();
	return 0;
}

static int take_bad(struct import_sink *s, const char *dn, const char *anchor, const char *type,
	const char *text, struct err *e)
{
	if (!dn || !*text)
		abort();
	return 0;
}

static void take_line(struct ad_import *im, const char *line, size_t len)
{
	size_t n = 0;

	while (n < len && !memchr("=!+-", line[n], 4))
		n++;
	if (n == len)
		return;
	switch (line[n]) {
	case '=':
		ad_object_value(im, line, n, line + n + 1, len - n - 1);
		break;
	case '!':
		ad_object_clear(im, line, n);
		break;
	case '+':
	case '-':
		ad_object_change(im, line, n, line + n + 1, line[n] == '+');
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"cn", "member", "manager", "objectSid", "displayName",
		"userAccountControl", "accountExpires", "distinguishedName", "objectGUID",
		"msDS-KeyCredentialLink", "isCriticalSystemObject", "thumbnailPhoto"};
	static unsigned attrs[ARRAY_SIZE(names)];
	struct import_request req = {.attrs = attrs, .n_attrs = ARRAY_SIZE(attrs)};
	struct import_sink sink = {.object = take_object, .bad = take_bad};
	char *bases[] = {"DC=a", NULL}, *keys[] = {"dc=a", NULL};
	struct connector con = {.bases = bases, .base_keys = keys};
	_cleanup_free_ char *copy = xcalloc(size + 1, 1);
	struct ad_import im;
	struct err e = {0};
	bool open = false;

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		attrs[i] = attr_intern(names[i]);
	memcpy(copy, data, size);
	ad_import_init(&im, &con, &req, &sink);
	for (char *line = copy, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!*line && open) {
			(void)!ad_object_end(&im, &e);
			open = false;
		} else if (*line && !open) {
			ad_object_begin(&im, line);
			open = true;
		} else if (*line) {
			take_line(&im, line, strlen(line));
		}
	}
	ad_import_done(&im);
	return 0;
}
