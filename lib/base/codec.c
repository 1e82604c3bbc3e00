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

/* where byte i of the text form lies in the stored form */
static const unsigned char GUID_ORDER[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

void guid_format(char dst[GUID_TEXT_SIZE], const unsigned char guid[16])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++) {
		unsigned char b = guid[GUID_ORDER[i]];

		if (i == 4 || i == 6 || i == 8 || i == 10)
			*dst++ = '-';
		*dst++ = digits[b >> 4];
		*dst++ = digits[b & 15];
	}
	*dst = '\0';
}

bool guid_parse(unsigned char ret_guid[16], const char *text)
{
	size_t len = strlen(text);
	unsigned char g[16];

	if (len == 38 && text[0] == '{' && text[37] == '}')
		text++;
	else if (len != 36)
		return false;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			if (*text++ != '-')
				return false;
		if (hex_decode(&g[GUID_ORDER[i]], text, 2) != 1)
			return false;
		text += 2;
	}
	memcpy(ret_guid, g, 16);
	return true;
}

void guid_random(char dst[GUID_TEXT_SIZE])
{
	unsigned char g[16];

	if (getrandom(g, sizeof(g), 0) != (ssize_t)sizeof(g))
		abort();
	g[7] = (g[7] & 0x0f) | 0x40;
	g[8] = (g[8] & 0x3f) | 0x80;
	guid_format(dst, g);
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
