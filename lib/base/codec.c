/* base64, hex, GUID, SID. */
#include "base/codec.h"

#include <errno.h>

#include <inttypes.h>
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

static int hex_value(char c)
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
		int hi = hex_value(src[i]), lo = hex_value(src[i + 1]);

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

/* Appends "-" and a number; snprintf() is slow, and every object has a SID. */
static char *add_part(char *p, uint32_t v)
{
	char digits[10];
	int n = 0;

	*p++ = '-';
	do
		digits[n++] = (char)('0' + v % 10);
	while (v /= 10);
	while (n)
		*p++ = digits[--n];
	return p;
}

bool sid_format(char *dst, size_t size, const unsigned char *sid, size_t n)
{
	char text[32 + 15 * 11], *end;
	uint64_t authority = 0;

	if (n < 8 || sid[0] != 1 || sid[1] > 15 || n != 8 + 4 * (size_t)sid[1])
		return false;
	for (int i = 2; i < 8; i++)
		authority = authority << 8 | sid[i];
	end = text + snprintf(text, sizeof(text), "S-1-%" PRIu64, authority);
	for (size_t i = 8; i < n; i += 4) {
		uint32_t part = (uint32_t)sid[i] | (uint32_t)sid[i + 1] << 8 |
		                (uint32_t)sid[i + 2] << 16 | (uint32_t)sid[i + 3] << 24;

		end = add_part(end, part);
	}
	*end = '\0';
	if ((size_t)(end - text) >= size)
		return false;
	memcpy(dst, text, (size_t)(end - text) + 1);
	return true;
}

/* A number of the text with a dash before it; false: none, or over max. */
static bool sid_number(const char **text, uint64_t max, uint64_t *ret)
{
	const char *p = *text;
	char *end;

	if (*p != '-' || p[1] < '0' || p[1] > '9')
		return false;
	errno = 0;
	*ret = strtoull(p + 1, &end, 10);
	*text = end;
	return errno == 0 && *ret <= max;
}

size_t sid_parse(unsigned char ret_sid[SID_MAX], const char *text)
{
	uint64_t n;

	if (strncmp(text, "S-1", 3) != 0)
		return 0;
	text += 3;
	if (!sid_number(&text, ((uint64_t)1 << 48) - 1, &n))
		return 0;
	ret_sid[0] = 1;
	ret_sid[1] = 0;
	for (unsigned i = 0; i < 6; i++)
		ret_sid[2 + i] = (unsigned char)(n >> (40 - 8 * i));
	while (*text) {
		if (ret_sid[1] == 15 || !sid_number(&text, UINT32_MAX, &n))
			return 0;
		for (unsigned i = 0; i < 4; i++)
			ret_sid[8 + 4 * ret_sid[1] + i] = (unsigned char)(n >> 8 * i);
		ret_sid[1]++;
	}
	return 8 + 4 * (size_t)ret_sid[1];
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
