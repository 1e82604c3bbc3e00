/*
 * nbfx reading: records to events, with names resolved ([MC-NBFX] 2.2.1 and 2.2.2). It owns the
 * open elements and the declarations in scope; the values of records are nbfx_value.c's.
 */
#include "net/nbfx_priv.h"

#include <errno.h>

#define ARRAY_MAX NBFX_MESSAGE_MAX /* bytes that an array stands for */

struct nbfx_reader *nbfx_reader_new(const void *data, size_t n)
{
	struct nbfx_reader *r = xcalloc(1, sizeof(*r));

	r->c.begin = r->c.p = data;
	r->c.end = r->c.begin + n;
	r->last = NBFX_DONE;
	r->max = NBFX_MESSAGE_MAX;
	return r;
}

void nbfx_reader_limit(struct nbfx_reader *r, size_t max)
{
	r->max = max;
}

size_t nbfx_position(const struct nbfx_reader *r)
{
	return (size_t)(r->c.p - r->c.begin);
}

void nbfx_reader_free(struct nbfx_reader *r)
{
	if (!r)
		return;
	buf_done(&r->held);
	free(r->scopes);
	free(r);
}

/* --- arrays --- */

static int begin_array(struct nbfx_reader *r, struct err *e)
{
	struct nbfx_array *a = &r->array;
	const unsigned char *code;
	uint64_t length;

	if (!r->depth)
		return nbfx_bad(&r->c, e, "an array stands outside the root element");
	a->element = r->c.p;
	code = nbfx_take(&r->c, 1, e);
	if (!code)
		return -EBADMSG;
	if (!nbfx_is_element(*code))
		return nbfx_bad(&r->c, e, "an array without an element");
	TRY(nbfx_begin_element(r, *code, e));
	nbfx_end_element(r);
	length = (uint64_t)(r->c.p - a->element);
	code = nbfx_take(&r->c, 2, e);
	if (!code)
		return -EBADMSG;
	a->code = code[1] - 1u;
	a->size = code[1] % 2 ? nbfx_array_size(a->code) : 0;
	if (code[0] != NBFX_END_ELEMENT || !a->size)
		return nbfx_bad(&r->c, e, "an array of a type that arrays do not have");
	TRY(nbfx_take_number(&r->c, &a->left, e));
	if (a->left > (size_t)(r->c.end - r->c.p) / a->size)
		return nbfx_bad(&r->c, e, "an array ends in the middle");
	if (a->left * (length + a->size) > ARRAY_MAX)
		return nbfx_bad(&r->c, e, "an array stands for over %u bytes", ARRAY_MAX);
	a->value = r->c.p;
	r->c.p += a->left * a->size;
	return 0;
}

/* The element of the next value of an array; its text and end are the two events that follow. */
static int begin_item(struct nbfx_reader *r, struct err *e)
{
	const unsigned char *behind = r->c.p;
	int k;

	r->c.p = r->array.element;
	k = nbfx_begin_element(r, *r->c.p++, e);
	r->c.p = behind;
	r->ends_array_item = true;
	return k;
}

static int item_text(struct nbfx_reader *r, struct err *e)
{
	struct nbfx_cursor c = {r->c.begin, r->array.value, r->c.end};

	r->ends_array_item = false;
	r->end_follows = true;
	r->array.left--;
	r->array.value += r->array.size;
	buf_clear(&r->held);
	return nbfx_take_value(&c, r->array.code, &r->held, &r->text, e);
}

/* --- events --- */

static bool is_white(struct nbfx_text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (!memchr(" \t\r\n", t.s[i], 4))
			return false;
	return true;
}

static int take_text(struct nbfx_reader *r, unsigned code, struct err *e)
{
	buf_clear(&r->held);
	r->n_attributes = 0;
	TRY(nbfx_take_value(&r->c, code & ~1u, &r->held, &r->text, e));
	r->end_follows = code & 1;
	if (r->depth)
		return 0;
	return r->end_follows || !is_white(r->text)
	               ? nbfx_bad(&r->c, e, "text outside the root element")
	               : 0;
}

static int skip_comment(struct nbfx_reader *r, struct err *e)
{
	struct nbfx_text ignored;

	return nbfx_take_string(&r->c, &ignored, e);
}

static int end_of_message(struct nbfx_reader *r, struct err *e)
{
	if (r->depth)
		return nbfx_bad(&r->c, e, "the message ends within an element");
	return r->had_root ? 0 : nbfx_bad(&r->c, e, "there is no element");
}

/* One record, or one value of an array. *ret false: nothing to tell of came of it. */
static int step(struct nbfx_reader *r, bool *ret, struct err *e)
{
	unsigned code;

	*ret = true;
	if (r->ends_array_item) {
		r->last = NBFX_TEXT;
		return item_text(r, e);
	}
	if (r->end_follows) {
		r->end_follows = false;
		r->last = NBFX_END;
		nbfx_end_element(r);
		return 0;
	}
	if (r->array.left) {
		r->last = NBFX_START;
		return begin_item(r, e);
	}
	if (r->c.p == r->c.end) {
		r->last = NBFX_DONE;
		return end_of_message(r, e);
	}
	code = *r->c.p++;
	if (nbfx_is_element(code)) {
		r->last = NBFX_START;
		return nbfx_begin_element(r, code, e);
	}
	if (code >= NBFX_FIRST_TEXT && code <= NBFX_LAST_TEXT) {
		r->last = NBFX_TEXT;
		*ret = r->depth > 0;
		return take_text(r, code, e);
	}
	if (code == NBFX_END_ELEMENT && r->depth) {
		r->last = NBFX_END;
		nbfx_end_element(r);
		return 0;
	}
	*ret = false;
	if (code == NBFX_COMMENT)
		return skip_comment(r, e);
	if (code == NBFX_ARRAY)
		return begin_array(r, e);
	return nbfx_bad(&r->c, e,
		code == NBFX_END_ELEMENT ? "an element ends that never began"
					 : "no record may stand here with the code %02X",
		code);
}

int nbfx_next(struct nbfx_reader *r, enum nbfx_event *ret, struct err *e)
{
	bool told = false;
	int k = 0;

	if ((size_t)(r->c.end - r->c.begin) > r->max)
		return err_set(
			e, -EBADMSG, NULL, 0, "binary XML: the message is over %zu bytes", r->max);
	if (r->failed)
		return err_set(e, -EBADMSG, NULL, 0, "binary XML: read on behind an error");
	while (k == 0 && !told)
		k = step(r, &told, e);
	r->failed = k < 0;
	if (k == 0)
		*ret = r->last;
	return k;
}

/* --- what callers do with elements --- */

int nbfx_read_text(struct nbfx_reader *r, struct buf *b, struct err *e)
{
	enum nbfx_event event;

	for (;;) {
		TRY(nbfx_next(r, &event, e));
		if (event == NBFX_END)
			return 0;
		if (event != NBFX_TEXT) {
			r->failed = true;
			return nbfx_bad(&r->c, e, "an element stands where text was expected");
		}
		buf_add(b, r->text.s, r->text.n);
	}
}

int nbfx_skip(struct nbfx_reader *r, struct err *e)
{
	unsigned depth = r->depth;
	enum nbfx_event event;

	while (r->depth >= depth)
		TRY(nbfx_next(r, &event, e));
	return 0;
}

int nbfx_child(struct nbfx_reader *r, bool *ret, struct err *e)
{
	enum nbfx_event event;

	do
		TRY(nbfx_next(r, &event, e));
	while (event == NBFX_TEXT && is_white(r->text));
	*ret = event == NBFX_START;
	if (event != NBFX_TEXT)
		return 0;
	r->failed = true;
	return nbfx_bad(&r->c, e, "text stands where an element was expected");
}
