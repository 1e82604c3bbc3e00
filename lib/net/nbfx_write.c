/*
 * nbfx writing: names inline, values as Chars records ([MC-NBFX] 2.2.3). No dictionary and no typed
 * values: the service takes that, and nothing has to be guessed from the look of a text.
 */
#include "net/nbfx.h"

#include <assert.h>

enum {
	END_ELEMENT = 0x01,
	SHORT_ATTRIBUTE = 0x04,
	SHORT_XMLNS = 0x08,
	XMLNS = 0x09,
	PREFIX_ATTRIBUTE = 0x26,
	SHORT_ELEMENT = 0x40,
	PREFIX_ELEMENT = 0x5e,
	CHARS8 = 0x98,
	CHARS16 = 0x9a,
	CHARS32 = 0x9c,
	EMPTY = 0xa8,
};

static void put_name(struct buf *b, const char *s)
{
	size_t n = strlen(s);

	buf_add_varint(b, n);
	buf_add(b, s, n);
}

static char letter(char base, char prefix)
{
	assert(prefix >= 'a' && prefix <= 'z');
	return (char)(base + prefix - 'a');
}

void nbfx_start(struct buf *b, char prefix, const char *name)
{
	buf_addc(b, prefix ? letter(PREFIX_ELEMENT, prefix) : SHORT_ELEMENT);
	put_name(b, name);
}

void nbfx_declare(struct buf *b, char prefix, const char *ns)
{
	buf_addc(b, prefix ? XMLNS : SHORT_XMLNS);
	if (prefix)
		put_name(b, (char[]){prefix, '\0'});
	put_name(b, ns);
}

/* with_end: the record ends its element, too ([MC-NBFX] 2.2.3: the odd codes). */
static void put_text(struct buf *b, const char *s, size_t n, bool with_end)
{
	unsigned char head[5] = {CHARS8, (unsigned char)n};
	size_t n_head = 2;

	assert(n <= NBFX_MESSAGE_MAX);
	if (n == 0) {
		buf_addc(b, (char)(EMPTY + with_end));
		return;
	}
	if (n > 0xff) {
		head[0] = n > 0xffff ? CHARS32 : CHARS16;
		n_head = n > 0xffff ? 5 : 3;
		for (unsigned i = 0; i + 1 < n_head; i++)
			head[i + 1] = (unsigned char)(n >> 8 * i);
	}
	head[0] = (unsigned char)(head[0] + with_end);
	buf_add(b, head, n_head);
	buf_add(b, s, n);
}

void nbfx_put_attribute(struct buf *b, char prefix, const char *name, const char *value)
{
	buf_addc(b, prefix ? letter(PREFIX_ATTRIBUTE, prefix) : SHORT_ATTRIBUTE);
	put_name(b, name);
	put_text(b, value, strlen(value), false);
}

void nbfx_end(struct buf *b)
{
	buf_addc(b, END_ELEMENT);
}

void nbfx_end_text(struct buf *b, const char *s, size_t n)
{
	put_text(b, s, n, true);
}

void nbfx_leaf(struct buf *b, char prefix, const char *name, const char *s)
{
	nbfx_start(b, prefix, name);
	nbfx_end_text(b, s, strlen(s));
}
