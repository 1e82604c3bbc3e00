/*
 * How fast binary XML is written and read, in MB/s of processor time: a body of objects as an
 * export sends them, again and again. Prints "WRITE READ".
 */
#include "net/nbfx.h"

#include <stdio.h>
#include <time.h>

#define OBJECTS 30
#define PROPERTIES 20
#define ROUNDS 2000

static void write_object(struct buf *b, unsigned i)
{
	char key[32], value[64];

	nbfx_start(b, 'b', "AzureADSyncObject");
	nbfx_start(b, 'b', "PropertyValues");
	for (unsigned k = 0; k < PROPERTIES; k++) {
		snprintf(key, sizeof(key), "extensionAttribute%u", k);
		snprintf(value, sizeof(value), "value %u of object %u", k, i);
		nbfx_start(b, 'c', "KeyValueOfstringanyType");
		nbfx_leaf(b, 'c', "Key", key);
		nbfx_start(b, 'c', "Value");
		nbfx_put_attribute(b, 'i', "type", "d:string");
		nbfx_end_text(b, value, strlen(value));
		nbfx_end(b);
	}
	nbfx_end(b);
	nbfx_leaf(b, 'b', "SyncObjectType", "User");
	nbfx_leaf(b, 'b', "SyncOperation", "Set");
	nbfx_end(b);
}

static void write_message(struct buf *b)
{
	buf_clear(b);
	nbfx_start(b, 0, "m");
	nbfx_declare(b, 'b', "urn:b");
	nbfx_declare(b, 'c', "urn:c");
	nbfx_declare(b, 'd', "urn:d");
	nbfx_declare(b, 'i', "urn:i");
	for (unsigned i = 0; i < OBJECTS; i++)
		write_object(b, i);
	nbfx_end(b);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t read_message(const struct buf *b)
{
	_cleanup_nbfx_ struct nbfx_reader *r = nbfx_reader_new(b->data, b->len);
	enum nbfx_event event;
	struct err e = {0};
	size_t n = 0;

	do {
		if (nbfx_next(r, &event, &e) < 0)
			return 0;
		n += event == NBFX_TEXT ? nbfx_text(r).n : 0;
	} while (event != NBFX_DONE);
	return n;
}

int main(void)
{
	_cleanup_buf_ struct buf b = {0};
	double begin = seconds(), middle;
	size_t n = 0, text = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		write_message(&b);
		n += b.len;
	}
	middle = seconds();
	for (unsigned i = 0; i < ROUNDS; i++)
		text += read_message(&b);
	if (!text)
		return 1;
	printf("%.0f %.0f\n", (double)n / 1e6 / (middle - begin),
		(double)n / 1e6 / (seconds() - middle));
	return 0;
}
