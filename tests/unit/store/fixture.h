/* A store in a folder of its own, removed afterwards. */
#pragma once

#include "../check.h"
#include "store/store.h"

#include <stdio.h>

struct fixture {
	char dir[64];
	char path[96];
	struct store *store;
	struct arena arena;
	struct err err;
};

#define GOOD(x)                                                     \
	do {                                                        \
		int _r = (x);                                       \
		if (_r < 0)                                         \
			fail_msg("%s: %d %s", #x, _r, f->err.text); \
		assert_int_equal(_r, 0);                            \
	} while (0)

static inline int fixture_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/adsyncd-test-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/adsyncd.db", f->dir);
	*state = f;
	return store_open(f->path, STORE_WRITE, &f->store, &f->err);
}

static inline int fixture_down(void **state)
{
	struct fixture *f = *state;
	char cmd[128];

	store_close(f->store);
	arena_done(&f->arena);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", f->dir);
	free(f);
	return system(cmd);
}
