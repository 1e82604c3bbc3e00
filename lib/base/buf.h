/*
 * buf: a growing byte buffer, always NUL-terminated behind its length. It starts as {0}, and owns
 * its memory until buf_steal(). One that is to hold a secret starts as {.wipe = true}.
 */
#pragma once

#include "base/util.h"

struct buf {
	char *data; /* NULL until something was added */
	size_t len;
	size_t cap;
	bool wipe; /* leaves nothing behind in memory that it gives back */
};

/* Frees the memory; the buffer can be used again, and wipes no longer. */
void buf_done(struct buf *b);
#define _cleanup_buf_ _cleanup_(buf_done)

/* Sets the length to 0 and keeps the memory, overwritten if it is one that wipes. */
void buf_clear(struct buf *b);
/* Makes room for n more bytes and a NUL. */
void buf_reserve(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) _printf_(2, 3);
/* The text so far, "" when empty; owned by the buffer. */
const char *buf_str(const struct buf *b);
/* Hands the (never NULL, NUL-terminated) text over to the caller, who frees it. */
char *buf_steal(struct buf *b) _must_check_;

/* Little-endian base 128 numbers, as in images: at most 10 bytes. */
void buf_add_varint(struct buf *b, uint64_t v);
/* Reads one from [*p, end) and moves *p behind it. False: cut short or over 64 bits. */
bool varint_read(const unsigned char **p, const unsigned char *end, uint64_t *ret) _must_check_;

/* Appends s as the inside of a JSON string (without the quotes), escaped by RFC 8259. */
void buf_add_json(struct buf *b, const char *s, size_t n);
