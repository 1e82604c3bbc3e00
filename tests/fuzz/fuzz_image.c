/* Images: bytes of a damaged database are refused or decode to an entry that encodes again. */
#include "fuzz.h"
#include "model/image.h"

#include <stdlib.h>

static uint32_t no_add(struct attr_map *map, unsigned attr)
{
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct attr_map map = {.add = no_add};
	struct arena a = {0};
	struct entry en;

	for (unsigned i = 1; i < 20; i++) {
		char name[8] = {'a', (char)('a' + i), 0};

		map.from_store[i] = attr_intern(name);
		map.to_store[attr_intern(name)] = i;
	}
	entry_init(&en, &a);
	if (image_decode(data, n, &map, &en)) {
		struct buf b = {0};

		if (!image_encode(&en, &map, &b))
			abort();
		buf_done(&b);
	}
	arena_done(&a);
	return 0;
}
