/* GUID, SID and FILETIME of [MS-DTYP], as bytes and as text. What is none is refused, never
 * guessed. */
#include "model/dtyp.h"
#include "base/codec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define FILETIME_EPOCH INT64_C(11644473600) /* seconds from 1601 to 1970 */

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

int64_t filetime_to_unix(int64_t filetime)
{
	/* rounded down, also before 1601 */
	return (filetime - (filetime % 10000000 + 10000000) % 10000000) / 10000000 - FILETIME_EPOCH;
}

int64_t unix_to_filetime(int64_t t)
{
	return (t + FILETIME_EPOCH) * 10000000;
}

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
			ret_sid[8 + 4u * ret_sid[1] + i] = (unsigned char)(n >> 8 * i);
		ret_sid[1]++;
	}
	return 8 + 4 * (size_t)ret_sid[1];
}
