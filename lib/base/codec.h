/*
 * Text forms of bytes: base64 (RFC 4648), hex, and a GUID.
 */
#pragma once

#include "base/util.h"

#define GUID_TEXT_SIZE 37 /* 8-4-4-4-12 and NUL */

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

/*
 * objectGUID: 16 bytes, the first three fields little-endian ([MS-DTYP] 2.3.4.2); text in lower
 * case without braces. guid_parse accepts either case and optional braces.
 */
void guid_format(char dst[GUID_TEXT_SIZE], const unsigned char guid[16]);
bool guid_parse(unsigned char ret_guid[16], const char *text) _must_check_;
/* A random (version 4) GUID as text. */
void guid_random(char dst[GUID_TEXT_SIZE]);

/* A fast 64-bit hash (FNV-1a, then mixed); not for untrusted collisions. */
uint64_t hash64(const void *p, size_t n);
