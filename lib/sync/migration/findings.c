/* Findings as JSON, see findings.h; and the question of adsyncctl soa check. */
#include "sync/migration/findings.h"
#include "sync/migration/questions.h"

#include <errno.h>

static void add_code(struct findings *f, const struct readiness_row *row)
{
	if (!json_object_get(f->codes, row->code))
		json_object_set_new(f->codes, row->code,
			json_pack("{s:s, s:s, s:s}", "severity",
				readiness_severity_word(row->severity), "why", row->why, "advice",
				row->advice));
}

static void take(struct gather_sink *sink, const struct subject *s, enum readiness what,
	const char *attr, const char *text)
{
	struct findings *f = container_of(sink, struct findings, sink);
	const struct readiness_row *row = &readiness_rows[what];
	size_t object = s ? (size_t)(s - f->subjects) : 0;

	if (s)
		f->worst[object] = MIN(f->worst[object], row->severity);
	else
		f->all_blocked |= row->severity == SEVERITY_BLOCKS;
	if (json_array_size(f->list) >= FINDINGS_MAX) {
		f->full = true;
		return;
	}
	add_code(f, row);
	json_array_append_new(f->list, json_pack("{s:o, s:s, s:s?, s:s}", "object",
					       s ? json_integer((json_int_t)object) : json_null(),
					       "code", row->code, "attribute", attr, "text", text));
}

static int check_all(struct migration *m, struct gather *g, const struct subjects *of,
	struct findings *f, struct err *e)
{
	TRY(gather_common(g, of->items, of->n, &f->sink, e));
	for (unsigned i = 0; i < of->n && !f->full; i += GATHER_AT_ONCE) {
		if (i && m->host)
			work_progress(m->host, json_pack("{s:I, s:I}", "objects", (json_int_t)i,
						       "of", (json_int_t)of->n));
		TRY(gather_check(g, of->items + i, MIN(of->n - i, GATHER_AT_ONCE), &f->sink, e));
	}
	return f->full ? err_set(e, -E2BIG, NULL, 0,
				 "there are more than %d findings: check fewer objects at a time",
				 FINDINGS_MAX)
	               : 0;
}

int findings_make(struct migration *m, enum check_purpose purpose, const struct subjects *of,
	struct findings *ret, struct err *e)
{
	_cleanup_gather_ struct gather *g = NULL;

	*ret = (struct findings){.sink = {take}, .subjects = of->items, .n = of->n};
	ret->list = json_array();
	ret->codes = json_object();
	ret->worst = xcalloc((size_t)of->n + 1, sizeof(*ret->worst));
	for (unsigned i = 0; i < of->n; i++)
		ret->worst[i] = SEVERITY_COUNT;
	TRY(gather_open(m, purpose, &g, e));
	return check_all(m, g, of, ret, e);
}

void findings_done(struct findings *f)
{
	json_decref(f->list);
	json_decref(f->codes);
	free(f->worst);
	*f = (struct findings){0};
}

const char *findings_word(const struct findings *f, unsigned object)
{
	if (f->all_blocked)
		return readiness_severity_word(SEVERITY_BLOCKS);
	return f->worst[object] == SEVERITY_COUNT ? "ready"
	                                          : readiness_severity_word(f->worst[object]);
}

static enum check_purpose purpose_of(const json_t *p)
{
	if (json_is_true(json_object_get(p, "rollback")))
		return CHECK_ROLLBACK;
	return json_is_true(json_object_get(p, "exchange")) ? CHECK_EXCHANGE : CHECK_CONVERT;
}

int migration_check(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *objects = json_array(), *counts = json_object();
	_cleanup_migration_ struct migration m = {0};
	_cleanup_findings_ struct findings f = {0};
	struct subjects list;

	TRY(migration_open(
		&m, cfg, json_string_value(json_object_get(p, "connector")), STORE_READ, host, e));
	TRY(identity_parameters(&m, p, &list, e));
	TRY(findings_make(&m, purpose_of(p), &list, &f, e));
	for (unsigned i = 0; i < list.n; i++) {
		json_t *o = subject_json(&m, &list.items[i]);
		const char *word = findings_word(&f, i);

		json_object_set_new(o, "readiness", json_string(word));
		json_array_append_new(objects, o);
		json_object_set_new(counts, word,
			json_integer(json_integer_value(json_object_get(counts, word)) + 1));
	}
	*ret = json_pack("{s:O, s:O, s:O, s:O}", "objects", objects, "findings", f.list, "codes",
		f.codes, "counts", counts);
	return 0;
}
