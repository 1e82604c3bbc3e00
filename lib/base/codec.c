/*
 * Bytes to text and back. Decoders take exactly what the encoders write, and what the documents
 * named in codec.h allow beside it: everything else is refused, so that two texts never are one
 * value by accident.
 */
#include "base/codec.h"

#include <stdio.h>
#include <sys/random.h>

static const char B64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(char *dst, const void *src, size_t n)
{
	const unsigned char *s = src;

	for (; n >= 3; n -= 3, s += 3) {
		*dst++ = B64[s[0] >> 2];
		*dst++ = B64[(s[0] & 3) << 4 | s[1] >> 4];
		*dst++ = B64[(s[1] & 15) << 2 | s[2] >> 6];
		*dst++ = B64[s[2] & 63];
	}
	if (n) {
		*dst++ = B64[s[0] >> 2];
		*dst++ = B64[(s[0] & 3) << 4 | (n == 2 ? s[1] >> 4 : 0)];
		*dst++ = n == 2 ? B64[(s[1] & 15) << 2] : '=';
		*dst++ = '=';
	}
	*dst = '\0';
}

static int b64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ssize_t base64_decode(void *dst, const char *src, size_t n)
{
	unsigned char *d = dst;

	if (n % 4)
		return -1;
	for (size_t i = 0; i < n; i += 4) {
		bool last = i + 4 == n;
		int pad = last ? (src[i + 3] == '=') + (src[i + 2] == '=' && src[i + 3] == '=') : 0;
		int v[4];

		for (int k = 0; k < 4; k++) {
			v[k] = k >= 4 - pad ? 0 : b64_value(src[i + (size_t)k]);
			if (v[k] < 0)
				return -1;
		}
		*d++ = (unsigned char)(v[0] << 2 | v[1] >> 4);
		if (pad < 2)
			*d++ = (unsigned char)(v[1] << 4 | v[2] >> 2);
		if (pad < 1)
			*d++ = (unsigned char)(v[2] << 6 | v[3]);
	}
	return d - (unsigned char *)dst;
}

void hex_encode(char *dst, const void *src, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char *s = src;

	for (size_t i = 0; i < n; i++) {
		*dst++ = digits[s[i] >> 4];
		*dst++ = digits[s[i] & 15];
	}
	*dst = '\0';
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

ssize_t hex_decode(void *dst, const char *src, size_t n)
{
	unsigned char *d = dst;

	if (n % 2)
		return -1;
	for (size_t i = 0; i < n; i += 2) {
		int hi = hex_digit(src[i]), lo = hex_digit(src[i + 1]);

		if (hi < 0 || lo < 0)
			return -1;
		*d++ = (unsigned char)(hi << 4 | lo);
	}
	return d - (unsigned char *)dst;
}

void uuid_random(char dst[UUID_TEXT_SIZE])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		abort();
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(dst, UUID_TEXT_SIZE,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		b[15]);
}

uint64_t hash64(const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < n; i++)
		h = (h ^ s[i]) * 0x100000001b3ull;
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdull;
	return h ^ h >> 33;
}
