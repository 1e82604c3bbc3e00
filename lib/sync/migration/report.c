/* soa report: what a page about a migration shows, gathered at one time. */
#include "base/timefmt.h"
#include "store/authority.h"
#include "sync/migration/everybody.h"
#include "sync/migration/findings.h"
#include "sync/migration/questions.h"
#include "sync/migration/waves.h"
#include "sync/view/fields.h"

#define DAY_LENGTH 10 /* "2026-11-25" */

struct report {
	struct migration *m;
	bool all;           /* nobody is named */
	struct subjects of; /* that the page is about */
	json_t *counts;     /* class -> place -> number, of all objects */
	json_t *converted;  /* day -> class -> number; day "": since the object is known */
};

static void count(json_t *of, const char *first, const char *second)
{
	json_t *inner = json_object_get(of, first);

	if (!inner) {
		inner = json_object();
		json_object_set_new(of, first, inner);
	}
	json_object_set_new(inner, second,
		json_integer(json_integer_value(json_object_get(inner, second)) + 1));
}

static int take(void *ctx, const struct subject *s, struct err *e)
{
	struct report *r = ctx;
	char day[TIME_TEXT_SIZE] = "";
	int64_t since;

	if (!s->target.id)
		return 0;
	count(r->counts, s->target.class, place_word(s->place));
	if (s->place == PLACE_CONVERTED) {
		TRY(authority_since(r->m->store, s->target.id, &since, e));
		if (since) {
			time_format(since, day);
			day[DAY_LENGTH] = '\0';
		}
		count(r->converted, day, s->target.class);
	}
	return r->all && waves_can_switch(s) ? subjects_add(r->m, &r->of, s, e) : 0;
}

static bool names_any(const json_t *p)
{
	return json_array_size(json_object_get(p, "objects")) || json_object_get(p, "group") ||
	       json_object_get(p, "ou");
}

/* Of those that are named, the ones that can be in a plan: the others are told by the plan. */
static int only_switchable(
	struct report *r, const struct subjects *all, struct subjects *ret, struct err *e)
{
	for (unsigned i = 0; i < all->n; i++)
		if (waves_can_switch(&all->items[i]))
			TRY(subjects_add(r->m, ret, &all->items[i], e));
	return 0;
}

/* Findings name the objects by their places in the plan. */
static void renumber(json_t *findings, const struct subjects *checked, const json_t *plan)
{
	_cleanup_json_ json_t *places = json_object();
	json_t *o;
	size_t i;

	json_array_foreach (json_object_get(plan, "objects"), i, o) {
		const char *anchor = json_string_value(json_object_get(o, "anchor"));

		if (anchor)
			json_object_set_new(places, anchor, json_integer((json_int_t)i));
	}
	json_array_foreach (findings, i, o) {
		json_t *number = json_object_get(o, "object"), *place = NULL;
		const struct subject *s;

		if (!json_is_integer(number))
			continue;
		s = &checked->items[json_integer_value(number)];
		if (s->target.anchor)
			place = json_object_get(places, s->target.anchor);
		json_object_set(o, "object", place ? place : json_null());
	}
}

static void add_readiness(json_t *plan, const struct subjects *checked, const struct findings *f)
{
	_cleanup_json_ json_t *words = json_object();
	json_t *o;
	size_t i;

	for (unsigned k = 0; k < checked->n; k++)
		if (checked->items[k].target.anchor)
			json_object_set_new(words, checked->items[k].target.anchor,
				json_string(findings_word(f, k)));
	json_array_foreach (json_object_get(plan, "objects"), i, o) {
		const char *anchor = json_string_value(json_object_get(o, "anchor"));
		json_t *word = anchor ? json_object_get(words, anchor) : NULL;

		json_object_set(o, "readiness", word ? word : json_null());
	}
}

static int make(struct report *r, const json_t *p, json_t **ret, struct err *e)
{
	json_int_t size = json_integer_value(json_object_get(p, "wave_size"));
	_cleanup_findings_ struct findings f = {0};
	_cleanup_json_ json_t *plan = NULL;
	struct subjects checked = {0};
	json_t *o;

	TRY(everybody(r->m, take, r, e));
	if (!r->all)
		TRY(identity_parameters(r->m, p, &r->of, e));
	TRY(only_switchable(r, &r->of, &checked, e));
	TRY(waves_make(r->m, &r->of, (unsigned)MIN(size, SUBJECTS_MAX), &plan, e));
	TRY(findings_make(r->m, CHECK_CONVERT, &checked, &f, e));
	add_readiness(plan, &checked, &f);
	renumber(f.list, &checked, plan);
	o = json_object();
	set_text(o, "target", r->m->target->settings.name);
	set_time(o, "time", unix_now());
	json_object_set(o, "counts", r->counts);
	json_object_set(o, "converted", r->converted);
	json_object_set(o, "plan", plan);
	json_object_set(o, "findings", f.list);
	json_object_set(o, "codes", f.codes);
	*ret = o;
	return 0;
}

int migration_report(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *counts = json_object(), *converted = json_object();
	_cleanup_migration_ struct migration m = {0};
	struct report r = {&m, !names_any(p), {0}, counts, converted};

	TRY(migration_open(
		&m, cfg, json_string_value(json_object_get(p, "connector")), STORE_READ, host, e));
	return make(&r, p, ret, e);
}
