/*
 * soa convert and soa rollback: whom they mean, whether they may, and then the job (move.h).
 *
 * The lock of a run is held from begin to end: a cycle that fell due meanwhile begins when the job
 * has ended. So no cycle sends anything of an object that has just been given away, and the rows'
 * masks are changed at once, not only by the next import.
 */
#include "base/json.h"
#include "sync/migration/audit.h"
#include "sync/migration/gather.h"
#include "sync/migration/move.h"
#include "sync/migration/questions.h"
#include "sync/run.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

struct change {
	struct migration m;
	struct move_order order;
	struct move_item *items;
	unsigned n;
	int lock;
	bool dry_run, force;
	json_t *findings;
	struct err common; /* what forbids all of it; code 0: nothing */
};

static void change_done(struct change *c)
{
	json_decref(c->findings);
	migration_done(&c->m);
	closep(&c->lock);
}
#define _cleanup_change_ _cleanup_(change_done)

static bool flag(const json_t *p, const char *key)
{
	return json_is_true(json_object_get(p, key));
}

/* --- whom --- */

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcasecmp(word, *words) == 0)
			return true;
	return false;
}

/* What a list wants of an object, in the words of plans and of other tools. NULL: this. */
static const char *wrong_mode(const struct change *c, const char *mode, struct arena *a)
{
	static const char *const to_cloud[] = {
		"convert", "cloud", "cloudmanaged", "online", "true", NULL};
	static const char *const back[] = {"rollback", "roll-back", "onprem", "on-prem",
		"onpremises", "on-premises", "false", NULL};

	if (!mode || is_one_of(mode, c->order.managed ? to_cloud : back))
		return NULL;
	if (is_one_of(mode, c->order.managed ? back : to_cloud))
		return arena_printf(a, "the list says \"%s\" of it, which is the other way", mode);
	return arena_printf(a, "the list says \"%s\" of it, which is not known", mode);
}

static bool may_have(const struct authority_def *def, const char *class)
{
	for (const char *const *c = def->classes; c && *c; c++)
		if (streq(*c, class))
			return true;
	return false;
}

/* Why nothing can be done with a subject, checks or not; NULL: it can. */
static const char *why_not(struct change *c, const struct subject *s)
{
	struct arena *a = &c->m.arena;

	if (s->problem)
		return s->problem;
	if (!s->target.anchor)
		return "the target has no id of it yet";
	if (!may_have(c->order.authority, s->target.class))
		return arena_printf(a, "an object of class \"%s\" has no %s", s->target.class,
			c->order.authority->word);
	if (s->place == PLACE_NATIVE)
		return "it was made in the cloud, and no source has it";
	if (c->order.authority->authority != AUTHORITY_ALL && s->place == PLACE_CONVERTED)
		return "all of it is managed in the cloud already, and this flag does not count";
	return wrong_mode(c, s->mode, a);
}

static int find_items(struct change *c, const json_t *p, struct err *e)
{
	json_int_t wave = json_integer_value(json_object_get(p, "wave"));
	struct subjects list;

	TRY(identity_parameters(&c->m, p, &list, e));
	c->items = arena_zalloc(&c->m.arena, (list.n + 1) * sizeof(*c->items));
	for (unsigned i = 0; i < list.n; i++) {
		struct move_item *it = &c->items[c->n];

		if (wave && list.items[i].wave != wave)
			continue;
		c->n++;
		it->subject = list.items[i];
		it->text = why_not(c, &it->subject);
		if (it->text)
			it->outcome = MOVE_REFUSED;
	}
	if (!c->n)
		return err_set(e, -EINVAL, NULL, 0, "the list has no object in wave %lld",
			(long long)wave);
	return 0;
}

static int find_authority(struct change *c, bool exchange, struct err *e)
{
	const struct connector_type *t = c->m.target->type;
	enum authority wanted = exchange ? AUTHORITY_EXCHANGE : AUTHORITY_ALL;

	for (unsigned i = 0; i < t->n_authorities; i++)
		if (t->authorities[i].authority == wanted)
			c->order.authority = &t->authorities[i];
	if (!c->order.authority || !t->authority)
		return err_set(e, -ENOTSUP, NULL, 0,
			"connector \"%s\" cannot move this source of authority",
			c->m.target->settings.name);
	return 0;
}

/* --- checks --- */

struct checks {
	struct gather_sink sink;
	struct change *c;
	/* those that are checked, and which items they are */
	struct subject *subjects;
	struct move_item **items;
	unsigned n;
};

static void hear(struct gather_sink *sink, const struct subject *s, enum readiness what,
	const char *attr, const char *text)
{
	struct checks *checks = container_of(sink, struct checks, sink);
	struct change *c = checks->c;
	const struct readiness_row *row = &readiness_rows[what];
	struct move_item *it = s ? checks->items[s - checks->subjects] : NULL;

	json_array_append_new(
		c->findings, json_pack("{s:s?, s:s?, s:s, s:s, s:s, s:s, s:s}", "object",
				     s ? s->identity : NULL, "attribute", attr, "finding",
				     row->code, "severity", readiness_severity_word(row->severity),
				     "text", text, "why", row->why, "advice", row->advice));
	if (row->severity != SEVERITY_BLOCKS)
		return;
	if (!s && !c->common.code)
		err_set(&c->common, -EPERM, NULL, 0, "%s; %s", text, row->advice);
	if (it && it->outcome == MOVE_NOT_BEGUN && !c->force) {
		it->outcome = MOVE_REFUSED;
		it->text = arena_printf(&c->m.arena, "%s%s%s (%s)", attr ? attr : "",
			attr ? ": " : "", text, row->code);
	}
}

/* Asks about those that are not refused yet, in pieces. */
static int check_all(struct change *c, struct gather *g, struct err *e)
{
	struct checks k = {{hear}, c, arena_alloc(&c->m.arena, (c->n + 1) * sizeof(*k.subjects)),
		arena_alloc(&c->m.arena, (c->n + 1) * sizeof(struct move_item *)), 0};

	for (unsigned i = 0; i < c->n; i++)
		if (c->items[i].outcome == MOVE_NOT_BEGUN) {
			k.subjects[k.n] = c->items[i].subject;
			k.items[k.n++] = &c->items[i];
		}
	TRY(gather_common(g, k.subjects, k.n, &k.sink, e));
	for (unsigned i = 0; i < k.n; i += GATHER_AT_ONCE) {
		unsigned n = MIN(k.n - i, (unsigned)GATHER_AT_ONCE);

		TRY(gather_check(g, k.subjects + i, n, &k.sink, e));
		work_progress(c->m.host,
			json_pack("{s:i, s:i}", "checked", (int)(i + n), "total", (int)k.n));
	}
	return 0;
}

/* --- the answer --- */

static unsigned count(const struct change *c, enum move_outcome outcome)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n; i++)
		n += c->items[i].outcome == outcome;
	return n;
}

static json_t *item_json(const struct change *c, const struct move_item *it)
{
	json_t *o = subject_json(&c->m, &it->subject);

	json_object_set_new(o, "result", json_string(move_outcome_word(it->outcome)));
	json_object_set_new(o, "text", it->text ? json_string(it->text) : json_null());
	return o;
}

/* stopped: why not all of it was done; NULL: it was. */
static json_t *answer(const struct change *c, int64_t job, const char *stopped, unsigned settled)
{
	json_t *list = json_array(), *o;

	for (unsigned i = 0; i < c->n; i++)
		json_array_append_new(list, item_json(c, &c->items[i]));
	o = json_pack("{s:o, s:O, s:i, s:i, s:i, s:i, s:b, s:s?, s:i}", "items", list, "findings",
		c->findings, "done", (int)count(c, MOVE_DONE), "nothing_to_do",
		(int)count(c, MOVE_SAME), "failed", (int)count(c, MOVE_FAILED), "refused",
		(int)count(c, MOVE_REFUSED), "dry_run", c->dry_run, "stopped", stopped, "settled",
		(int)settled);
	json_object_set_new(o, "job", job ? json_integer(job) : json_null());
	return o;
}

/* --- the work --- */

static int work(struct change *c, const json_t *p, struct gather *g, json_t **ret, struct err *e)
{
	json_int_t confirmed = json_integer_value(json_object_get(p, "confirmed"));
	int64_t most = setting_number(&c->m.cfg->export, "soa_confirm_above"), job = 0;
	unsigned n = count(c, MOVE_NOT_BEGUN), settled = 0;
	char text[1100];
	struct err why = {0};
	int r;

	if (c->dry_run || !n) {
		*ret = answer(c, 0, NULL, 0);
		return 0;
	}
	if (count(c, MOVE_REFUSED) && !c->order.go_on) {
		*ret = answer(c, 0,
			"nothing was begun, since some objects cannot be moved: leave them out, or "
			"let the others go on with --continue",
			0);
		return 0;
	}
	if (n > most && confirmed != (json_int_t)n) {
		*ret = json_pack("{s:i}", "confirm", (int)n);
		return 0;
	}
	TRY(move_settle(&c->m, c->order.authority->authority, &settled, e));
	r = move_run(&c->m, g, &c->order, c->items, c->n, &job, &why);
	if (r < 0)
		err_format(&why, text, sizeof(text));
	else if (count(c, MOVE_NOT_BEGUN))
		snprintf(text, sizeof(text),
			"stopped at the first failure; --continue goes on behind one");
	else
		*text = '\0';
	*ret = answer(c, job, *text ? text : NULL, settled);
	return 0;
}

static int prepare(struct change *c, const json_t *p, const struct config *cfg,
	const struct work_host *host, struct err *e)
{
	bool exchange = flag(p, "exchange");

	if (!c->dry_run)
		TRY(run_lock(cfg, &c->lock, e));
	TRY(migration_open(&c->m, cfg, json_string_value(json_object_get(p, "connector")),
		c->dry_run ? STORE_READ : STORE_WRITE, host, e));
	TRY(find_authority(c, exchange, e));
	TRY(find_items(c, p, e));
	return migration_connect(&c->m, e);
}

static int change(const struct config *cfg, const json_t *p, bool managed,
	const struct work_host *host, json_t **ret, struct err *e)
{
	_cleanup_change_ struct change c = {.lock = -1};
	_cleanup_free_ char *who = audit_who(host->uid);
	_cleanup_gather_ struct gather *g = NULL;
	bool all;

	c.dry_run = flag(p, "dry_run");
	c.force = flag(p, "force");
	c.findings = json_array();
	c.order = (struct move_order){.managed = managed,
		.go_on = flag(p, "continue"),
		.kind = managed ? "convert" : "rollback",
		.who = who,
		.uid = host->uid};
	TRY(prepare(&c, p, cfg, host, e));
	all = c.order.authority->authority == AUTHORITY_ALL;
	TRY(gather_open(&c.m,
		!managed ? CHECK_ROLLBACK
		: all    ? CHECK_CONVERT
			 : CHECK_EXCHANGE,
		&g, e));
	/* what the checks of a roll-back say is about all of an object, not about some attributes
	 */
	if (all || managed)
		TRY(check_all(&c, g, e));
	if (c.common.code && !c.force && !c.dry_run) {
		*e = c.common;
		return e->code;
	}
	return work(&c, p, g, ret, e);
}

int migration_convert(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e)
{
	return change(cfg, p, true, host, ret, e);
}

int migration_rollback(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e)
{
	return change(cfg, p, false, host, ret, e);
}
