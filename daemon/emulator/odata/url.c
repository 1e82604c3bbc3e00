/* Percent-encoding (RFC 3986). */
#include "odata/url.h"

#include "base/codec.h"
#include "base/text.h"

#include <ctype.h>

static bool decode(char *s, char plus)
{
	const char *start = s;
	char *out = s;

	for (; *s; s++) {
		if (*s == '%') {
			if (!s[1] || !s[2] || hex_decode(out, s + 1, 2) != 1 || !*out)
				return false;
			out++;
			s += 2;
		} else {
			*out++ = *s == '+' ? plus : *s;
		}
	}
	*out = '\0';
	return utf8_valid(start, (size_t)(out - start));
}

bool url_decode(char *s)
{
	return decode(s, ' ');
}

bool path_decode(char *s)
{
	return decode(s, '+');
}

void url_encode(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (isalnum((unsigned char)*s) || strchr("-._~", *s))
			buf_addc(b, *s);
		else
			buf_addf(b, "%%%02X", (unsigned char)*s);
	}
}
