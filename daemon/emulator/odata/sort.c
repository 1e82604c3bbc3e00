/* Sorting objects by one property; equal ones by their age. */
#include "odata/sort.h"

#include "base/text.h"

static const struct query *sorting; /* qsort has no context of its own */

static int cmp_objects(const void *a, const void *b)
{
	const struct object *x = *(const struct object *const *)a;
	const struct object *y = *(const struct object *const *)b;
	unsigned prop = (unsigned)sorting->order_by - 1;
	size_t n, m;
	const char *s = object_prop(x, prop, &n), *t = object_prop(y, prop, &m);
	int r = s && t ? text_casecmp(s, n - 1, t, m - 1) : (s != NULL) - (t != NULL);

	if (sorting->descending)
		r = -r;
	return r ? r : (x->index > y->index) - (x->index < y->index);
}

void objects_sort(const struct object **list, size_t n, const struct query *q)
{
	sorting = q;
	if (n)
		qsort(list, n, sizeof(*list), cmp_objects);
}
