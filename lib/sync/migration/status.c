/* soa status: every object of the target, or those that are named, with its place. */
#include "base/json.h"
#include "store/authority.h"
#include "store/job.h"
#include "sync/migration/everybody.h"
#include "sync/migration/questions.h"
#include "sync/view/fields.h"

#include <errno.h>

#define SHOWN_MAX 100000 /* objects in one answer */

struct status {
	struct migration *m;
	enum place filter; /* PLACE_COUNT: all */
	json_t *objects;
	json_t *counts; /* class -> place -> number */
	int64_t looked_at;
	bool more; /* there are more than are shown */
};

static void count(struct status *st, const char *class, enum place p)
{
	json_t *of = json_object_get(st->counts, class);
	json_int_t n;

	if (!of) {
		of = json_object();
		json_object_set_new(st->counts, class, of);
	}
	n = json_integer_value(json_object_get(of, place_word(p)));
	json_object_set_new(of, place_word(p), json_integer(n + 1));
}

static int take(struct status *st, const struct subject *s, struct err *e)
{
	int64_t since, skipped = 0;
	json_t *o;

	if (!s->problem)
		count(st, s->target.class, s->place);
	if (st->filter != PLACE_COUNT && (s->problem || s->place != st->filter))
		return 0;
	if (json_array_size(st->objects) >= SHOWN_MAX) {
		st->more = true;
		return 0;
	}
	TRY(authority_since(st->m->store, s->target.id, &since, e));
	if (s->target.anchor)
		TRY(skip_count(st->m->store, s->target.anchor, since, &skipped, e));
	o = subject_json(st->m, s);
	set_time(o, "since", since);
	json_object_set_new(o, "blocked_changes", json_integer(skipped));
	json_array_append_new(st->objects, o);
	return 0;
}

static int go_on(struct status *st, struct err *e)
{
	if (work_canceled(st->m->host))
		return err_set(e, -ECANCELED, NULL, 0, "stopped");
	if (++st->looked_at % 1000 == 0)
		work_progress(
			st->m->host, json_pack("{s:I}", "objects", (json_int_t)st->looked_at));
	return 0;
}

static int take_one(void *ctx, const struct subject *s, struct err *e)
{
	return take(ctx, s, e);
}

static int named(struct status *st, const json_t *p, struct err *e)
{
	struct subjects list;

	TRY(identity_parameters(st->m, p, &list, e));
	for (unsigned i = 0; i < list.n; i++) {
		TRY(go_on(st, e));
		TRY(take(st, &list.items[i], e));
	}
	return 0;
}

/* Objects of a job that is at work, or was cut short, whose outcome nobody has read yet. */
static int count_unsettled(struct migration *m, unsigned *ret, struct err *e)
{
	struct job_row *jobs;
	struct item_row *items;
	unsigned n, k;

	*ret = 0;
	TRY(job_list_open(m->store, &m->arena, &jobs, &n, e));
	for (unsigned i = 0; i < n; i++) {
		TRY(item_list_open(m->store, jobs[i].id, &m->arena, &items, &k, e));
		*ret += k;
	}
	return 0;
}

static bool names_any(const json_t *p)
{
	return json_array_size(json_object_get(p, "objects")) || json_object_get(p, "group") ||
	       json_object_get(p, "ou");
}

int migration_status(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e)
{
	const char *filter = json_string_value(json_object_get(p, "filter"));
	_cleanup_json_ json_t *objects = json_array(), *counts = json_object();
	_cleanup_migration_ struct migration m = {0};
	unsigned unsettled;
	struct status st = {&m, PLACE_COUNT, objects, counts, 0, false};

	if (filter) {
		st.filter = place_find(filter);
		if (st.filter == PLACE_COUNT)
			return err_set(e, -EINVAL, NULL, 0, "there is no state \"%.60s\"", filter);
	}
	TRY(migration_open(
		&m, cfg, json_string_value(json_object_get(p, "connector")), STORE_READ, host, e));
	TRY(names_any(p) ? named(&st, p, e) : everybody(&m, take_one, &st, e));
	TRY(count_unsettled(&m, &unsettled, e));
	*ret = json_pack("{s:O, s:O, s:b, s:i}", "counts", counts, "objects", objects, "more",
		st.more, "unsettled", (int)unsettled);
	return 0;
}
