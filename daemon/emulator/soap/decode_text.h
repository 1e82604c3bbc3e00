/*
 * The bytes of a message, and what its text records say. Reading behind the end, or what cannot be,
 * leaves `wrong` set; everything read from then on is 0 or NULL.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

struct octets {
	const unsigned char *begin, *p, *end;
	const char *wrong; /* NULL: nothing is */
	size_t wrong_at;
};

/* The first thing that is wrong stays. */
void octets_fail(struct octets *o, const char *wrong);
unsigned octets_byte(struct octets *o);
/* n bytes; p NULL when there are fewer. */
struct octets octets_part(struct octets *o, size_t n);
/* MultiByteInt31. */
uint32_t octets_number(struct octets *o);
/* Bytes with their number (MultiByteInt31) in front. */
struct octets octets_sized(struct octets *o);
/* A word of the dictionary by its id; NULL: none. */
const char *octets_word(struct octets *o);
/* A part as text that XML may hold, in the arena; NULL: it is none. */
const char *octets_text(struct octets *o, const struct octets *part, struct arena *a);

/* Appends what a text record says, behind its even code; lists are the caller's. */
void text_of(struct octets *o, unsigned code, struct buf *b);
/* Bytes of a value in an array of that even code; 0: there are no arrays of it. */
size_t text_array_size(unsigned code);
