/* Jobs that move the authority over objects, see move.h. */
#include "sync/migration/move.h"
#include "base/timefmt.h"
#include "report/fault.h"
#include "store/job.h"
#include "sync/migration/audit.h"
#include "sync/migration/backup.h"
#include "sync/outbox.h"
#include "sync/soa_apply.h"

#include <errno.h>
#include <inttypes.h>

#define CHUNK 100 /* objects that are backed up together */

static const char *const outcomes[] = {
#define X(id, word) word,
	MOVE_OUTCOMES(X)
#undef X
};

const char *move_outcome_word(enum move_outcome o)
{
	return outcomes[o];
}

struct mover {
	struct migration *m;
	struct gather *g;
	const struct move_order *order;
	struct sync sync; /* for what the steps share: the row's mask, the outbox */
	struct run_host host;
	int64_t job;
	const char *to; /* word of a place */
	unsigned total, finished, failed;
	struct arena batch;
};

static void mover_init(struct mover *v, struct migration *m, const struct move_order *order)
{
	*v = (struct mover){.m = m, .order = order};
	v->host = (struct run_host){.record = m->host->record, .ctx = m->host->ctx};
	v->sync = (struct sync){.cfg = m->cfg, .store = m->store, .host = &v->host};
	if (order->authority->authority == AUTHORITY_ALL)
		v->to = place_word(order->managed ? PLACE_CONVERTED : PLACE_ROLLED_BACK);
	else
		v->to = place_word(order->managed ? PLACE_EXCHANGE_ONLY : PLACE_SYNCED);
}

/* Where an object of a job that was cut short comes from. */
static enum place order_from(const struct move_order *order)
{
	if (order->authority->authority == AUTHORITY_ALL)
		return order->managed ? PLACE_SYNCED : PLACE_CONVERTED;
	return order->managed ? PLACE_SYNCED : PLACE_EXCHANGE_ONLY;
}

static void mover_done(struct mover *v)
{
	sync_done(&v->sync);
	arena_done(&v->batch);
}
#define _cleanup_mover_ _cleanup_(mover_done)

static const char *name_of(const struct subject *s)
{
	return s->source.dn ? s->source.dn : s->target.dn;
}

/* --- one object's end --- */

/* The row's mask, as an import would learn it. */
static int set_mask(struct mover *v, int64_t cs, struct err *e)
{
	enum authority authority = v->order->authority->authority;
	_cleanup_arena_ struct arena a = {0};
	struct cs_row row;
	int r = cs_get(v->m->store, cs, &a, &row, e);

	TRY(r);
	if (r == STORE_NONE || !!(row.blocked & authority) == v->order->managed)
		return 0;
	return soa_set(&v->sync, &row, authority, v->order->managed, e);
}

struct ending {
	int64_t job, cs;
	unsigned number;
	enum soa_item_state end;
	const char *dn, *anchor, *from, *error;
	bool silent; /* nothing has happened: no record in the journal */
};

/* In the transaction of the caller. */
static int end_item(struct mover *v, const struct ending *end, struct err *e)
{
	struct audit a = {
		.who = v->order->who,
		.uid = v->order->uid,
		.kind = v->order->kind,
		.authority = v->order->authority->word,
		.from = end->from,
		.to = v->to,
		.dn = end->dn,
		.anchor = end->anchor,
		.error = end->error,
		.job = end->job,
	};

	TRY(item_set(v->m->store, end->job, end->number, end->end, unix_now(), end->error, e));
	if (!end->error)
		TRY(set_mask(v, end->cs, e));
	return end->silent ? 0 : audit_add(v->m, &a, e);
}

static int finish(struct mover *v, struct move_item *it, enum soa_item_state state,
	enum move_outcome outcome, const char *error, struct err *e)
{
	struct ending end = {
		.job = v->job,
		.cs = it->subject.target.id,
		.number = it->number,
		.end = state,
		.dn = name_of(&it->subject),
		.anchor = it->subject.target.anchor,
		.from = place_word(it->subject.place),
		.error = error,
		.silent = state == SOA_ITEM_SAME,
	};

	TRY(end_item(v, &end, e));
	it->outcome = outcome;
	it->text = error ? arena_strdup(&v->m->arena, error) : NULL;
	v->finished++;
	v->failed += error != NULL;
	return 0;
}

/* --- steps --- */

static void fill(struct authority_item *ai, const struct subject *s)
{
	*ai = (struct authority_item){.class = s->target.class, .anchor = s->target.anchor};
}

static int get(struct mover *v, struct authority_item *items, unsigned n, struct err *e)
{
	enum conn_result r;

	e->code = 0;
	r = v->m->target->type->authority->get(
		v->m->connector, v->order->authority->authority, items, n, &v->batch, e);
	return r == CONN_OK ? 0 : migration_refused(v->m, r, e);
}

/* Who has the authority already is done; who cannot be asked has failed. */
static int look(struct mover *v, struct move_item **items, unsigned n, struct err *e)
{
	struct authority_item ai[AUTHORITY_BATCH];

	for (unsigned i = 0; i < n; i++)
		fill(&ai[i], &items[i]->subject);
	TRY(get(v, ai, n, e));
	TRY(store_begin(v->m->store, e));
	for (unsigned i = 0; i < n; i++)
		if (ai[i].result != CONN_OK)
			TRY(finish(v, items[i], SOA_ITEM_FAILED, MOVE_FAILED, ai[i].text, e));
		else if (ai[i].is == v->order->managed)
			TRY(finish(v, items[i], SOA_ITEM_SAME, MOVE_SAME, NULL, e));
	TRY(store_commit(v->m->store, e));
	return outbox_deliver(&v->sync, e);
}

/* Those that are still to be moved, to the front; their number. */
static unsigned left_of(struct move_item **items, unsigned n)
{
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++)
		if (items[i]->outcome == MOVE_NOT_BEGUN)
			items[k++] = items[i];
	return k;
}

static int keep(struct mover *v, struct move_item **items, unsigned n, struct err *e)
{
	struct backup_about about = {.job = v->job,
		.authority = v->order->authority->word,
		.to = v->to,
		.who = v->order->who,
		.kind = v->order->kind};
	const char *problems[CHUNK];
	struct subject subjects[CHUNK];

	for (unsigned i = 0; i < n; i++)
		subjects[i] = items[i]->subject;
	TRY(backup_write(v->g, subjects, n, &about, problems, e));
	fault_hit(FAULT_SOA_BACKED_UP);
	TRY(store_begin(v->m->store, e));
	for (unsigned i = 0; i < n; i++)
		if (problems[i])
			TRY(finish(v, items[i], SOA_ITEM_FAILED, MOVE_FAILED, problems[i], e));
		else
			TRY(item_set(v->m->store, v->job, items[i]->number, SOA_ITEM_KEPT,
				unix_now(), NULL, e));
	TRY(store_commit(v->m->store, e));
	return outbox_deliver(&v->sync, e);
}

static int mark(struct mover *v, struct move_item **items, unsigned n, struct err *e)
{
	TRY(store_begin(v->m->store, e));
	for (unsigned i = 0; i < n; i++)
		TRY(item_set(v->m->store, v->job, items[i]->number, SOA_ITEM_SENDING, unix_now(),
			NULL, e));
	TRY(store_commit(v->m->store, e));
	for (unsigned i = 0; i < n; i++)
		items[i]->outcome = MOVE_UNKNOWN;
	fault_hit(FAULT_SOA_MARKED);
	return 0;
}

/* What was sent and read back, to an error; NULL: it is as it was asked for. */
static const char *judge(const struct mover *v, const struct authority_item *sent,
	const struct authority_item *back, struct arena *a)
{
	if (sent->result != CONN_OK)
		return sent->text;
	if (back->result != CONN_OK)
		return arena_printf(a, "it cannot be read back: %s", back->text);
	if (back->is == v->order->managed)
		return NULL;
	return arena_printf(a, "the directory took the change, and %s is still %s",
		v->order->authority->word, back->is ? "true" : "false");
}

/* At most AUTHORITY_BATCH. */
static int move_batch(struct mover *v, struct move_item **items, unsigned n, struct err *e)
{
	const struct authority_type *t = v->m->target->type->authority;
	struct authority_item sent[AUTHORITY_BATCH], back[AUTHORITY_BATCH];
	enum conn_result r;

	arena_reset(&v->batch);
	for (unsigned i = 0; i < n; i++) {
		fill(&sent[i], &items[i]->subject);
		fill(&back[i], &items[i]->subject);
	}
	TRY(mark(v, items, n, e));
	e->code = 0;
	r = t->set(v->m->connector, v->order->authority->authority, v->order->managed, sent, n,
		&v->batch, e);
	if (r != CONN_OK)
		return migration_refused(v->m, r, e);
	fault_hit(FAULT_SOA_AFTER_SEND);
	TRY(get(v, back, n, e));
	fault_hit(FAULT_SOA_BEFORE_RECORD);
	TRY(store_begin(v->m->store, e));
	for (unsigned i = 0; i < n; i++) {
		const char *error = judge(v, &sent[i], &back[i], &v->batch);

		TRY(finish(v, items[i], error ? SOA_ITEM_FAILED : SOA_ITEM_DONE,
			error ? MOVE_FAILED : MOVE_DONE, error, e));
	}
	TRY(store_commit(v->m->store, e));
	fault_hit(FAULT_SOA_AFTER_RECORD);
	return outbox_deliver(&v->sync, e);
}

static void tell(const struct mover *v, const struct subject *last)
{
	work_progress(v->m->host, json_pack("{s:I, s:i, s:i, s:i, s:s}", "job", (json_int_t)v->job,
					  "done", (int)v->finished, "failed", (int)v->failed,
					  "total", (int)v->total, "object", name_of(last)));
}

static bool stops(const struct mover *v)
{
	return v->failed && !v->order->go_on;
}

static int go_on(const struct mover *v, struct err *e)
{
	return work_canceled(v->m->host) ? err_set(e, -ECANCELED, NULL, 0, "stopped") : 0;
}

static int move_chunk(struct mover *v, struct move_item **items, unsigned n, struct err *e)
{
	for (unsigned i = 0; i < n; i += AUTHORITY_BATCH) {
		TRY(go_on(v, e));
		arena_reset(&v->batch);
		TRY(look(v, items + i, MIN(n - i, (unsigned)AUTHORITY_BATCH), e));
	}
	n = left_of(items, n);
	if (!n || stops(v))
		return 0;
	TRY(keep(v, items, n, e));
	n = left_of(items, n);
	for (unsigned i = 0; i < n && !stops(v); i += AUTHORITY_BATCH) {
		unsigned k = MIN(n - i, (unsigned)AUTHORITY_BATCH);

		TRY(go_on(v, e));
		TRY(move_batch(v, items + i, k, e));
		tell(v, &items[i + k - 1]->subject);
	}
	return 0;
}

static int begin_job(struct mover *v, struct move_item **items, unsigned n, struct err *e)
{
	int64_t now = unix_now();
	struct job_row job = {
		.connector = v->m->target->settings.name,
		.authority = v->order->authority->authority,
		.managed = v->order->managed,
		.uid = v->m->host->uid,
		.started = now,
	};

	TRY(store_begin(v->m->store, e));
	TRY(job_add(v->m->store, &job, e));
	for (unsigned i = 0; i < n; i++) {
		const struct subject *s = &items[i]->subject;
		struct item_row row = {job.id, i + 1, s->target.id, s->target.anchor,
			s->target.class, name_of(s), SOA_ITEM_WAITING, now, NULL};

		items[i]->number = i + 1;
		TRY(item_add(v->m->store, &row, e));
	}
	v->job = job.id;
	v->total = n;
	return store_commit(v->m->store, e);
}

static int end_job(struct migration *m, int64_t job, struct err *e)
{
	TRY(store_begin(m->store, e));
	TRY(job_end(m->store, job, unix_now(), e));
	return store_commit(m->store, e);
}

int move_run(struct migration *m, struct gather *g, const struct move_order *order,
	struct move_item *items, unsigned n, int64_t *ret_job, struct err *e)
{
	struct move_item **todo = arena_alloc(&m->arena, (n + 1) * sizeof(*todo));
	_cleanup_mover_ struct mover v;
	unsigned k = 0;

	mover_init(&v, m, order);
	v.g = g;
	for (unsigned i = 0; i < n; i++)
		if (items[i].outcome == MOVE_NOT_BEGUN)
			todo[k++] = &items[i];
	TRY(begin_job(&v, todo, k, e));
	*ret_job = v.job;
	for (unsigned i = 0; i < k && !stops(&v); i += CHUNK)
		TRY(move_chunk(&v, todo + i, MIN(k - i, (unsigned)CHUNK), e));
	return end_job(m, v.job, e);
}

/* --- what a killed job has begun --- */

static int settle_batch(struct mover *v, const struct item_row *rows, unsigned n, struct err *e)
{
	struct authority_item ai[AUTHORITY_BATCH];

	arena_reset(&v->batch);
	for (unsigned i = 0; i < n; i++)
		ai[i] = (struct authority_item){.class = rows[i].class, .anchor = rows[i].anchor};
	TRY(get(v, ai, n, e));
	TRY(store_begin(v->m->store, e));
	for (unsigned i = 0; i < n; i++) {
		struct ending end = {
			.job = rows[i].job,
			.cs = rows[i].cs,
			.number = rows[i].number,
			.dn = rows[i].dn,
			.anchor = rows[i].anchor,
			.from = place_word(order_from(v->order)),
			.end = SOA_ITEM_DONE,
		};

		if (ai[i].result != CONN_OK || ai[i].is != v->order->managed) {
			end.error = ai[i].result != CONN_OK
			                    ? ai[i].text
			                    : "the job was cut short before the change was made";
			end.end = SOA_ITEM_FAILED;
		}
		TRY(end_item(v, &end, e));
	}
	TRY(store_commit(v->m->store, e));
	return outbox_deliver(&v->sync, e);
}

static int settle_job(
	struct migration *m, const struct job_row *job, unsigned *settled, struct err *e)
{
	_cleanup_free_ char *who = audit_who(job->uid);
	const struct connector_type *t = m->target->type;
	struct move_order order = {.managed = job->managed,
		.kind = job->managed ? "convert" : "rollback",
		.who = who,
		.uid = job->uid};
	_cleanup_arena_ struct arena a = {0};
	struct item_row *rows;
	unsigned n;

	for (unsigned i = 0; i < t->n_authorities; i++)
		if (t->authorities[i].authority == job->authority)
			order.authority = &t->authorities[i];
	TRY(item_list_open(m->store, job->id, &a, &rows, &n, e));
	if (n && order.authority) {
		_cleanup_mover_ struct mover v;

		mover_init(&v, m, &order);
		for (unsigned i = 0; i < n; i += AUTHORITY_BATCH)
			TRY(settle_batch(&v, rows + i, MIN(n - i, (unsigned)AUTHORITY_BATCH), e));
		*settled += n;
	}
	return end_job(m, job->id, e);
}

int move_settle(struct migration *m, enum authority authority, unsigned *ret_settled, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct job_row *jobs;
	unsigned n;

	*ret_settled = 0;
	TRY(job_list_open(m->store, &a, &jobs, &n, e));
	for (unsigned i = 0; i < n; i++)
		if (streq(jobs[i].connector, m->target->settings.name) &&
			jobs[i].authority == (unsigned)authority)
			TRY(settle_job(m, &jobs[i], ret_settled, e));
	return 0;
}
