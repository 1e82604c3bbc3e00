/* soa backup: what an object was before its source of authority moved, and what differs now. */
#include "base/json.h"
#include "model/entry_json.h"
#include "sync/migration/backup.h"
#include "sync/migration/gather_priv.h"
#include "sync/migration/questions.h"

#include <errno.h>

static int find(struct migration *m, const json_t *p, struct subject *ret, struct err *e)
{
	const char *name = json_string_value(json_object_get(p, "name"));

	TRY(identity_find(m, name, ret, e));
	if (ret->target.anchor)
		return 0;
	return err_set(e, -ENOENT, NULL, 0, "%s: %s", name,
		ret->problem ? ret->problem : "the target does not have it");
}

/* One row for each attribute whose values are others: {"side", "attribute", "backup", "now"}. */
static void compare(const char *side, const json_t *before, const json_t *now, json_t *rows)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)before, key, v)
		if (!json_equal(v, json_object_get(now, key)))
			json_array_append_new(
				rows, json_pack("{s:s, s:s, s:O, s:O*}", "side", side, "attribute",
					      key, "backup", v, "now", json_object_get(now, key)));
	json_object_foreach ((json_t *)now, key, v)
		if (!json_object_get(before, key))
			json_array_append_new(rows, json_pack("{s:s, s:s, s:O}", "side", side,
							    "attribute", key, "now", v));
}

static void compare_side(
	const char *side, const json_t *backup, const struct gather_live *live, json_t *rows)
{
	_cleanup_arena_ struct arena a = {0};
	const json_t *kept = json_object_get(backup, side);
	_cleanup_json_ json_t *now = live->entry ? entry_to_json(live->entry, &a) : NULL;

	if (json_is_object(kept) || now)
		compare(side, json_object_get(kept, "attributes"), now, rows);
}

static int diff(struct migration *m, const struct subject *s, const json_t *backup, json_t *rows,
	struct err *e)
{
	_cleanup_gather_ struct gather *g = NULL;
	struct gather_live source = {0}, target = {0};

	TRY(gather_open(m, CHECK_CONVERT, &g, e));
	for (unsigned i = 0; i < g->n_sources; i++)
		TRY(gather_ask_source(g, &g->sources[i], s, 1, &source, e));
	TRY(gather_ask_target(g, s, 1, true, &target, e));
	if (source.unread || target.unread)
		return err_set(e, -EIO, NULL, 0, "%s: %s", s->identity,
			source.unread ? source.unread : target.unread);
	compare_side("source", backup, &source, rows);
	compare_side("target", backup, &target, rows);
	return 0;
}

int migration_backup(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e)
{
	_cleanup_migration_ struct migration m = {0};
	_cleanup_json_ json_t *backup = NULL, *rows = NULL;
	struct subject s;

	TRY(migration_open(
		&m, cfg, json_string_value(json_object_get(p, "connector")), STORE_READ, host, e));
	TRY(find(&m, p, &s, e));
	TRY(backup_read(&m, &s, &backup, e));
	if (json_is_true(json_object_get(p, "diff"))) {
		rows = json_array();
		TRY(diff(&m, &s, backup, rows, e));
	}
	*ret = json_pack("{s:O, s:O*}", "backup", backup, "differences", rows);
	return 0;
}
