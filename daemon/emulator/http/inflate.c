/*
 * gzip as the content coding of a request (RFC 9110 8.4.1.3, RFC 1952). Microsoft's Go SDK
 * compresses every body, and sends it again as it is only when the answer is 415.
 */
#include "http/inflate.h"

#include "base/err.h"

#include <zlib.h>

#define PART 16384 /* bytes of output at a time */

bool coding_add(const char *value, unsigned *gzip)
{
	static const char *const same[] = {"gzip", "x-gzip"}; /* RFC 9110 8.4.1.3 */

	for (const char *p = value + strspn(value, ", \t"); *p; p += strspn(p, ", \t")) {
		size_t n = strcspn(p, ", \t");
		bool found = n == 8 && strncasecmp(p, "identity", n) == 0;

		for (unsigned i = 0; i < ARRAY_SIZE(same); i++)
			if (strlen(same[i]) == n && strncasecmp(p, same[i], n) == 0) {
				found = true;
				++*gzip;
			}
		if (!found)
			return false;
		p += n;
	}
	return *gzip <= 1;
}

/* The next piece of output; INFLATED_GOOD until *ret_end. */
static enum inflated inflate_part(z_stream *z, size_t max, struct buf *out, bool *ret_end)
{
	size_t room = MIN((size_t)PART,
		max - out->len + 1); /* one byte more than max shows that there is too much */
	int r;

	buf_reserve(out, room);
	z->next_out = (unsigned char *)out->data + out->len;
	z->avail_out = (unsigned)room;
	r = inflate(z, Z_NO_FLUSH);
	out->len += room - z->avail_out;
	out->data[out->len] = '\0';
	if (out->len > max)
		return INFLATED_LARGE;
	*ret_end = r == Z_STREAM_END && !z->avail_in;
	/* a file of several members is one text (RFC 1952 2.2); anything else behind is an error
	 */
	if (r == Z_STREAM_END && z->avail_in)
		r = inflateReset(z);
	return r == Z_OK || *ret_end ? INFLATED_GOOD : INFLATED_BAD;
}

enum inflated gzip_inflate(const char *in, size_t n, size_t max, struct buf *out)
{
	z_stream z = {.next_in = (unsigned char *)in, .avail_in = (unsigned)n};
	enum inflated r = INFLATED_GOOD;
	bool end = false;

	if (n > UINT_MAX)
		return INFLATED_LARGE;
	if (inflateInit2(&z, MAX_WBITS + 16) != Z_OK) /* + 16: the header and trailer of gzip */
		abort();                              /* no memory */
	while (r == INFLATED_GOOD && !end)
		r = inflate_part(&z, max, out, &end);
	inflateEnd(&z);
	return r;
}

void gzip_deflate(const char *in, size_t n, struct buf *out)
{
	z_stream z = {0};
	char *space;
	size_t size;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
		Z_OK)
		abort(); /* no memory */
	size = deflateBound(&z, n);
	space = xmalloc(size);
	z.next_in = (unsigned char *)(uintptr_t)in;
	z.avail_in = (unsigned)n;
	z.next_out = (unsigned char *)space;
	z.avail_out = (unsigned)size;
	deflate(&z, Z_FINISH);
	buf_add(out, space, size - z.avail_out);
	deflateEnd(&z);
	free(space);
}
