/*
 * Binary XML: a message, or one error that says where. What was read is written as this program
 * writes it, without types, and reads the same again.
 */
#include "fuzz.h"
#include "net/nbfx.h"

#include <stdio.h>
#include <stdlib.h>

/* The letters of a prefix as one letter; 0: none. Others than one letter are not written. */
static bool letter_of(struct nbfx_text prefix, char *ret)
{
	*ret = prefix.n ? prefix.s[0] : 0;
	return prefix.n == 0 || (prefix.n == 1 && *ret >= 'a' && *ret <= 'z');
}

static bool copy_start(const struct nbfx_reader *r, struct buf *b)
{
	struct nbfx_text prefix, value;
	struct nbfx_name name = *nbfx_name(r);
	char letter;

	if (!letter_of(name.prefix, &letter))
		return false;
	nbfx_start(b, letter, strndupa(name.local.s, name.local.n));
	for (unsigned i = 0; nbfx_declared_at(r, i, &prefix, &value); i++) {
		if (!letter_of(prefix, &letter))
			return false;
		nbfx_declare(b, letter, strndupa(value.s, value.n));
	}
	for (unsigned i = 0; nbfx_attribute_at(r, i, &name, &value); i++) {
		if (!letter_of(name.prefix, &letter))
			return false;
		nbfx_put_attribute(b, letter, strndupa(name.local.s, name.local.n),
			strndupa(value.s, value.n));
	}
	return true;
}

/* False: it has a prefix that the writer does not write. */
static bool copy(const uint8_t *data, size_t n, struct buf *b)
{
	_cleanup_nbfx_ struct nbfx_reader *r = nbfx_reader_new(data, n);
	_cleanup_buf_ struct buf text = {0};
	enum nbfx_event event;
	struct err e = {0};

	for (;;) {
		if (nbfx_next(r, &event, &e) < 0)
			abort();
		if (event == NBFX_DONE)
			return true;
		if (event == NBFX_TEXT)
			buf_add(&text, nbfx_text(r).s, nbfx_text(r).n);
		if (event == NBFX_START && text.len)
			return false; /* text beside elements is not written either */
		if (event == NBFX_START && !copy_start(r, b))
			return false;
		if (event == NBFX_END && text.len)
			nbfx_end_text(b, text.data, text.len);
		else if (event == NBFX_END)
			nbfx_end(b);
		if (event == NBFX_END)
			buf_clear(&text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_buf_ struct buf xml = {0}, again = {0}, message = {0};
	struct err e = {0};

	if (n > 1 << 16)
		return 0;
	if (nbfx_to_xml(data, n, &xml, &e) < 0) {
		if (!e.text[0])
			abort();
		return 0;
	}
	if (!copy(data, n, &message))
		return 0;
	if (nbfx_to_xml(message.data, message.len, &again, &e) < 0 ||
		strcmp(buf_str(&xml), buf_str(&again)) != 0) {
		fprintf(stderr, "%s\n---\n%s\n%s\n", buf_str(&xml), buf_str(&again), e.text);
		abort();
	}
	return 0;
}
