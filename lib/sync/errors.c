/*
 * Errors of objects, kept on their rows by phase. While a step runs, the rows with an error are in
 * memory, so that objects without one cost no access to the store.
 */
#include "sync/errors.h"
#include "base/timefmt.h"
#include "connector/connector.h"

#include <inttypes.h>
#include <stdio.h>

int object_error_named(struct sync *s, int64_t cs, enum error_phase phase, const char *name,
	const char *text, struct err *e)
{
	s->n_errors++;
	bitmap_set(&s->errors, cs);
	return error_put(s->store, cs, phase, name, text, unix_now(), 0, NULL, e);
}

int object_error(struct sync *s, int64_t cs, enum error_phase phase, enum error_type type,
	const char *text, struct err *e)
{
	return object_error_named(s, cs, phase, error_type_word(type), text, e);
}

int object_error_outbound(struct sync *s, const struct sync_connector *target, int64_t cs,
	enum error_type type, const char *text, struct err *e)
{
	s->n_errors++;
	bitmap_set(&s->errors, cs);
	return error_put_outbound(
		s->store, cs, target->row.id, error_type_word(type), text, unix_now(), e);
}

static void note_error(void *ctx, int64_t cs)
{
	bitmap_set(ctx, cs);
}

int errors_load(
	struct sync *s, enum error_phase phase, const struct sync_connector *c, struct err *e)
{
	int64_t ids[PAGE];
	unsigned n;

	bitmap_clear(&s->errors);
	if (!c)
		return error_ids(s->store, phase, note_error, &s->errors, e);
	ids[0] = 0;
	do {
		TRY(error_page(s->store, c->row.id, phase, ids[0], PAGE, ids, &n, e));
		for (unsigned i = 0; i < n; i++)
			bitmap_set(&s->errors, ids[i]);
		ids[0] = n ? ids[n - 1] : 0;
	} while (n == PAGE);
	return 0;
}

int object_good(struct sync *s, enum error_phase phase, const struct sync_connector *target,
	int64_t cs, struct err *e)
{
	if (!bitmap_get(&s->errors, cs))
		return 0;
	bitmap_unset(&s->errors, cs);
	TRY(phase == ERROR_OUTBOUND ? error_clear_outbound(s->store, cs, target->row.id, e)
				    : error_clear(s->store, cs, phase, e));
	return 1;
}

int tell_errors(struct sync *s, enum error_phase phase, const struct sync_connector *c,
	struct step_end *end, struct err *e)
{
	int64_t n;

	TRY(error_count(s->store, c->row.id, phase, &n, e));
	n = MAX(n, s->n_errors);
	if (!n || !step_result_good(end->result))
		return 0;
	end->result = STEP_RESULT_SYNC_ERRORS;
	snprintf(end->error, sizeof(end->error),
		"%" PRId64 " object(s) have synchronization errors: adsyncctl errors", n);
	return 0;
}

int export_error_clear(struct sync *s, int64_t cs, struct err *e)
{
	return error_clear_but(s->store, cs, ERROR_EXPORT, ERROR_TYPE_NOT_REIMPORTED, e);
}

const char *error_advice(const struct error_row *row)
{
	const struct connector_type *type = connector_type_find(row->step_type);
	bool its_own = row->phase == ERROR_IMPORT || row->phase == ERROR_EXPORT ||
	               row->phase == ERROR_WARNING;
	const char *text =
		type && type->error_advice && its_own ? type->error_advice(row->type) : NULL;

	return text ? text : error_type_advice(error_type_find(row->type));
}
