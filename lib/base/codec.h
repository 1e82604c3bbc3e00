/*
 * Text forms of bytes: base64 (RFC 4648), hex; random UUIDs; a hash.
 */
#pragma once

#include "base/util.h"

/* Encoded length without NUL. */
static inline size_t base64_len(size_t n)
{
	return (n + 2) / 3 * 4;
}

/* Writes base64_len(n) characters and a NUL to dst. */
void base64_encode(char *dst, const void *src, size_t n);
/*
 * Decodes n characters (padding required, no white space) to dst, which has room for n/4*3.
 * Returns the number of bytes, or -1 when the text is no base64.
 */
ssize_t base64_decode(void *dst, const char *src, size_t n) _must_check_;

/* The value of a hex digit of either case, -1: it is none. */
int hex_digit(char c) _must_check_;
/* Upper-case hex: 2*n characters and a NUL. */
void hex_encode(char *dst, const void *src, size_t n);
/* n hex digits of either case to n/2 bytes. -1 when odd or not hex. */
ssize_t hex_decode(void *dst, const char *src, size_t n) _must_check_;

/* A random UUID as text: version 4 (RFC 9562), lower case. */
#define UUID_TEXT_SIZE 37 /* 8-4-4-4-12 and NUL */
void uuid_random(char dst[UUID_TEXT_SIZE]);

/* A fast 64-bit hash (FNV-1a, then mixed); not for untrusted collisions. */
uint64_t hash64(const void *p, size_t n);
