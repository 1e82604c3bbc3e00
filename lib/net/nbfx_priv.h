/* What nbfx_read.c and nbfx_value.c share: a place in the message, and the values of text records.
 */
#pragma once

#include "net/nbfx.h"

struct nbfx_cursor {
	const unsigned char *begin, *p, *end;
};

/* Codes of records; the fields are in [MC-NBFX] 2.2. */
enum {
	NBFX_END_ELEMENT = 0x01,
	NBFX_COMMENT = 0x02,
	NBFX_ARRAY = 0x03,
	NBFX_FIRST_TEXT = 0x80,
	NBFX_START_LIST = 0xa4,
	NBFX_END_LIST = 0xa6,
	NBFX_LAST_TEXT = 0xbd,
};

/* -EBADMSG with the place. */
int nbfx_bad(const struct nbfx_cursor *c, struct err *e, const char *fmt, ...) _printf_(3, 4);
/* n bytes, which the cursor moves over. NULL: the message ends before; *e is set. */
const unsigned char *nbfx_take(struct nbfx_cursor *c, size_t n, struct err *e) _must_check_;
/* MultiByteInt31. */
int nbfx_take_number(struct nbfx_cursor *c, uint32_t *ret, struct err *e) _must_check_;
/* A string in full, as XML may hold it. */
int nbfx_take_string(struct nbfx_cursor *c, struct nbfx_text *ret, struct err *e) _must_check_;
/* A string of the dictionary by its id. */
int nbfx_take_dictionary(struct nbfx_cursor *c, struct nbfx_text *ret, struct err *e) _must_check_;
/* Text that XML may hold. */
int nbfx_check_text(const struct nbfx_cursor *c, struct nbfx_text t, struct err *e) _must_check_;
/*
 * The value of a text record behind its (even) code; no list. It lies in the message, in the
 * dictionary, or behind what `scratch` held.
 */
int nbfx_take_value(struct nbfx_cursor *c, unsigned code, struct buf *scratch,
	struct nbfx_text *ret, struct err *e) _must_check_;
/* Bytes of one value of an array of that (even) code; 0: arrays of it are not allowed. */
size_t nbfx_array_size(unsigned code);

struct nbfx_scope {
	struct nbfx_text prefix, ns;
};

struct nbfx_attribute {
	struct nbfx_name name;
	size_t at, n; /* in `held` */
};

struct nbfx_open {
	struct nbfx_name name;
	unsigned n_scopes; /* of those around it */
};

/* An array: its element is read anew for each of its values. */
struct nbfx_array {
	const unsigned char *element, *value;
	unsigned code;
	size_t size;
	uint32_t left;
};

struct nbfx_reader {
	struct nbfx_cursor c;
	size_t max; /* bytes of the message */
	struct nbfx_open open[NBFX_DEPTH_MAX];
	unsigned depth;
	struct nbfx_scope *scopes;
	unsigned n_scopes, cap_scopes;
	struct nbfx_attribute attributes[NBFX_ATTRIBUTES_MAX];
	unsigned n_attributes, first_scope; /* of the element that began */
	struct nbfx_name name;
	struct nbfx_text text;
	struct buf held; /* values that do not lie in the message */
	struct nbfx_array array;
	enum nbfx_event last;
	bool end_follows; /* the record ends its element, too */
	bool ends_array_item;
	bool had_root, failed;
};

bool nbfx_is_element(unsigned code);
/* Behind its code. The element is the reader's innermost then, and its head can be asked for. */
int nbfx_begin_element(struct nbfx_reader *r, unsigned code, struct err *e) _must_check_;
void nbfx_end_element(struct nbfx_reader *r);
