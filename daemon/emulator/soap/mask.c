/* See mask.h. */
#include "soap/mask.h"

#include "soap/element.h"

#include "base/err.h"
#include "base/text.h"

#include <string.h>

/* The one after o in the order of the message; NULL: o was the last. */
static const struct element *following(const struct element *o)
{
	if (o->first)
		return o->first;
	while (o && !o->next)
		o = o->parent;
	return o ? o->next : NULL;
}

/* Every place where the piece is; each '*' is as wide as a letter of it. False: there is none. */
static bool mask(struct buf *data, const char *piece, size_t n, size_t width)
{
	const char *end = data->data + data->len;
	char *first = memmem(data->data, data->len, piece, n);

	for (char *at = first; at; at = memmem(at, (size_t)(end - at), piece, n)) {
		memset(at, 0, n);
		for (size_t i = 0; i < n; i += width)
			at[i] = '*';
		at += n;
	}
	return first != NULL;
}

/* Clients write text as UTF-8 or as UTF-16; tokens are ASCII. */
static bool mask_text(struct buf *data, const char *text, size_t n)
{
	_cleanup_buf_ struct buf wide = {0};

	for (size_t i = 0; i < n; i++) {
		buf_addc(&wide, text[i]);
		buf_addc(&wide, 0);
	}
	return mask(data, text, n, 1) || mask(data, wide.data, wide.len, 2);
}

bool mask_token(const void *data, size_t n, struct buf *ret)
{
	_cleanup_arena_ struct arena a = {0};
	struct err e = {0};
	const struct element *o = element_decode(data, n, &a, &e);

	buf_clear(ret);
	if (!o)
		return false;
	buf_add(ret, data, n);
	for (; o; o = following(o))
		if (streq(o->name, "BearerToken") && o->text_len &&
			!mask_text(ret, o->text, o->text_len)) {
			buf_clear(ret);
			return false;
		}
	return true;
}
