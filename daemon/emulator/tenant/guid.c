/* Data1 (32 bits), Data2 and Data3 (16 bits) are little-endian, Data4 is eight bytes in order. */
#include "tenant/guid.h"

#include <ctype.h>
#include <stdio.h>

void guid_write(char dst[GUID_CHARACTERS + 1], const unsigned char p[16])
{
	snprintf(dst, GUID_CHARACTERS + 1,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", p[3], p[2],
		p[1], p[0], p[5], p[4], p[7], p[6], p[8], p[9], p[10], p[11], p[12], p[13], p[14],
		p[15]);
}

static unsigned digit(char c)
{
	return isdigit((unsigned char)c) ? (unsigned)(c - '0')
	                                 : (unsigned)(tolower((unsigned char)c) - 'a') + 10;
}

bool guid_read(unsigned char ret_packet[16], const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	/* where in the packet the bytes of the text belong */
	static const unsigned char place[16] = {
		3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	unsigned n = 0;

	for (unsigned i = 0; i < GUID_CHARACTERS; i++)
		if (form[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	if (text[GUID_CHARACTERS])
		return false;
	for (unsigned i = 0; i < GUID_CHARACTERS; i++) {
		if (form[i] == '-')
			continue;
		ret_packet[place[n++]] = (unsigned char)(digit(text[i]) << 4 | digit(text[i + 1]));
		i++;
	}
	return true;
}
