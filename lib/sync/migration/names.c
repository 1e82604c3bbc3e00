/* An index of names, see names.h. */
#include "sync/migration/names.h"
#include "base/codec.h"
#include "base/text.h"
#include "store/cs_page.h"
#include "store/mv.h"

#include <errno.h>
#include <inttypes.h>

#define PAGE_IDS 500

static const char *const attributes[] = {
#define X(id, attr) attr,
	OBJECT_NAMES(X)
#undef X
};

struct names {
	struct name *all;
	size_t n, cap;
};

void names_free(struct names *x)
{
	if (!x)
		return;
	free(x->all);
	free(x);
}

static uint64_t hash_of(const char *s)
{
	_cleanup_arena_ struct arena a = {0};
	size_t len;
	const char *folded = text_fold(&a, s, strlen(s), &len);

	return hash64(folded, len);
}

static void add(struct names *x, const struct entry *en, int64_t id, bool metaverse)
{
	for (unsigned i = 0; i < NAME_COUNT; i++) {
		const char *text = entry_string(en, attr_intern(attributes[i]));

		if (!text || !*text)
			continue;
		if (x->n == x->cap) {
			x->cap = x->cap ? x->cap * 2 : 1024;
			x->all = xrealloc(x->all, x->cap * sizeof(*x->all));
		}
		x->all[x->n++] = (struct name){hash_of(text), id, (enum object_name)i, metaverse};
	}
}

static int add_target(struct store *s, int64_t target, struct names *x, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	int64_t ids[PAGE_IDS], after = 0;
	unsigned n;

	do {
		TRY(cs_page_imported_ids(s, target, after, PAGE_IDS, ids, &n, e));
		for (unsigned i = 0; i < n; i++) {
			struct cs_row row;
			struct entry en;
			int r;

			arena_reset(&a);
			after = ids[i];
			r = cs_get(s, ids[i], &a, &row, e);
			TRY(r);
			entry_init(&en, &a);
			if (r == STORE_NONE)
				continue;
			if (!image_decode(row.imported, row.imported_len, store_attr_map(s), &en))
				return err_set(e, -EUCLEAN, NULL, 0,
					"the stored image of %s is corrupt", row.dn);
			add(x, &en, row.id, false);
		}
	} while (n == PAGE_IDS);
	return 0;
}

static int add_metaverse(struct store *s, struct names *x, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct mv_row *rows;
	int64_t after = 0;
	unsigned n;

	do {
		arena_reset(&a);
		TRY(mv_page_all(s, after, PAGE_IDS, &a, &rows, &n, e));
		for (unsigned i = 0; i < n; i++) {
			struct entry en;

			after = rows[i].id;
			entry_init(&en, &a);
			if (rows[i].deleted)
				continue;
			if (!image_decode(rows[i].image, rows[i].image_len, store_attr_map(s), &en))
				return err_set(e, -EUCLEAN, NULL, 0,
					"the stored image of metaverse object %" PRId64
					" is corrupt",
					rows[i].id);
			add(x, &en, rows[i].id, true);
		}
	} while (n == PAGE_IDS);
	return 0;
}

static int by_hash(const void *pa, const void *pb)
{
	const struct name *a = pa, *b = pb;

	return a->hash < b->hash ? -1 : a->hash > b->hash;
}

int names_make(struct store *s, int64_t target, struct names **ret, struct err *e)
{
	struct names *x = xcalloc(1, sizeof(*x));
	int r = add_target(s, target, x, e);

	if (r == 0)
		r = add_metaverse(s, x, e);
	if (r < 0) {
		names_free(x);
		return r;
	}
	if (x->n)
		qsort(x->all, x->n, sizeof(*x->all), by_hash);
	*ret = x;
	return 0;
}

const struct name *names_find(const struct names *x, const char *text, size_t *ret_n)
{
	uint64_t hash = hash_of(text);
	size_t lo = 0, hi = x->n, end;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (x->all[mid].hash < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < x->n && x->all[end].hash == hash;)
		end++;
	*ret_n = end - lo;
	return x->n ? &x->all[lo] : NULL;
}

bool names_fit(const struct entry *en, enum object_name which, const char *text)
{
	const char *v = entry_string(en, attr_intern(attributes[which]));

	return v && text_casecmp(v, strlen(v), text, strlen(text)) == 0;
}

const char *names_show(const struct entry *en)
{
	for (unsigned i = NAME_COUNT; i-- > 0;) {
		const char *text = entry_string(en, attr_intern(attributes[i]));

		if (text && *text)
			return text;
	}
	return "";
}
