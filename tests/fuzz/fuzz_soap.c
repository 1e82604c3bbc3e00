/*
 * The emulator's reader of binary XML: a tree, or one error that says where. The client's reader,
 * which shares nothing with it, takes what it takes, and counts as many elements.
 */
#include "fuzz.h"
#include "net/nbfx.h"
#include "soap/element.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned count(const struct element *o)
{
	unsigned n = 1;

	for (const struct element *k = o->first; k; k = k->next)
		n += count(k);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_nbfx_ struct nbfx_reader *r = NULL;
	_cleanup_arena_ struct arena a = {0};
	const struct element *root;
	enum nbfx_event event;
	unsigned elements = 0;
	struct err e = {0};

	if (n > 1 << 16)
		return 0;
	root = element_decode(data, n, &a, &e);
	if (!root) {
		if (!e.text[0])
			abort();
		return 0;
	}
	r = nbfx_reader_new(data, n);
	do {
		if (nbfx_next(r, &event, &e) < 0) {
			fprintf(stderr, "taken by one only: %s\n", e.text);
			abort();
		}
		elements += event == NBFX_START;
	} while (event != NBFX_DONE);
	if (elements != count(root))
		abort();
	return 0;
}
