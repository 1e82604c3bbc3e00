/* Two rows of meta. */
#include "sync/export/threshold.h"
#include "base/timefmt.h"

#include <inttypes.h>
#include <stdio.h>

static const char number_row[] = "deletion_threshold";
static const char override_row[] = "deletion_override";

int threshold_get(struct store *s, const struct config *cfg, int64_t *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const char *text = NULL;
	int r = meta_get(s, number_row, &a, &text, e);

	TRY(r);
	*ret = r == 0 && *text ? strtoll(text, NULL, 10)
	                       : setting_number(&cfg->export, "deletion_threshold");
	return 0;
}

int threshold_set(struct store *s, int64_t n, struct err *e)
{
	char text[32] = "";

	if (n >= 0)
		snprintf(text, sizeof(text), "%" PRId64, n);
	return meta_set(s, number_row, text, e);
}

int threshold_override_get(struct store *s, struct threshold_override *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const char *text = NULL;
	struct threshold_override o = {0};
	int r = meta_get(s, override_row, &a, &text, e);

	TRY(r);
	*ret = (struct threshold_override){0};
	if (r == 0 &&
		sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, &o.deletes,
			&o.references, &o.removals, &o.ends) == 4 &&
		o.ends > unix_now())
		*ret = o;
	return 0;
}

int threshold_override_set(struct store *s, const struct threshold_override *o, struct err *e)
{
	char text[128] = "";

	if (o->ends)
		snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
			o->deletes, o->references, o->removals, o->ends);
	return meta_set(s, override_row, text, e);
}
