/*
 * Import: a directory --> CS.imported. Writes rows, links and the cursor that covers them; a cursor
 * is never committed before its rows. At its end a full import treats what was not delivered as
 * deleted, unless is_doubtful() or obsolete_refused() forbids it.
 */
#include "sync/import/import.h"
#include "sync/soa.h"
#include "sync/soa_apply.h"
#include "report/fault.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "store/container.h"
#include "store/cs_page.h"
#include "store/outbox.h"
#include "sync/errors.h"
#include "sync/own.h"
#include "sync/export/limit.h"
#include "sync/export/target.h"
#include "sync/parameters.h"
#include "sync/step.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define COMMIT_EVERY 1000 /* objects; rows without their cursor are delivered again, harmlessly */

/*
 * A transaction is begun by the first call of the sink that writes, and committed before the
 * connector waits for the network, so that other programs can read and write meanwhile.
 */
static int commit(struct import_step *st, struct err *e)
{
	if (!store_in_transaction(st->sync->store))
		return 0;
	fault_hit(FAULT_IMPORT_BEFORE_COMMIT);
	TRY(store_commit(st->sync->store, e));
	fault_hit(FAULT_IMPORT_AFTER_COMMIT);
	st->uncommitted = 0;
	sync_progress(st->sync, false);
	return 0;
}

/* Each call of the sink begins with sink_read() or sink_write() and ends with sink_end(). */
static int sink_read(struct import_step *st, struct err *e)
{
	if (st->fatal)
		*e = st->error;
	return st->fatal;
}

static int sink_write(struct import_step *st, struct err *e)
{
	TRY(sink_read(st, e));
	return store_ensure_transaction(st->sync->store, e);
}

/* Keeps the first error: after it nothing is written any more, and the step ends with it. */
static int sink_end(struct import_step *st, int r, const struct err *e)
{
	if (r < 0 && !st->fatal) {
		st->fatal = r;
		st->error = *e;
	}
	return MIN(r, 0);
}

static void host_waiting(void *ctx)
{
	struct import_step *st = ctx;
	struct err e = {0};

	if (!st->fatal)
		(void)sink_end(st, commit(st, &e), &e);
}

static bool host_canceled(void *ctx)
{
	struct import_step *st = ctx;

	return st->fatal || sync_canceled(st->sync);
}

/*
 * The row of an object that could not be read, by its anchor or else its DN. A new anchor gets a
 * placeholder to keep the error on. STORE_NONE: the object cannot be identified.
 */
static int find_unread(
	struct import_step *st, const char *dn, const char *anchor, int64_t *ret, struct err *e)
{
	bool named = !st->conn->type->refs_are_anchors && utf8_valid(dn, strlen(dn));
	int64_t connector = st->conn->row.id;
	struct cs_row row;
	int r = anchor ? cs_find_anchor(st->sync->store, connector, anchor, &st->arena, &row, e)
	               : cs_find_dn(st->sync->store, connector, dn, &st->arena, &row, e);

	if (r == 0)
		*ret = row.id;
	if (r == 0 && anchor && named && !streq(dn, anchor))
		return import_rename(st, anchor, dn, e);
	if (r != STORE_NONE || !anchor)
		return r;
	return import_placeholder(st, anchor, named ? dn : anchor, ret, e);
}

/* Keeps the error on the object's row. */
static int keep_unread(struct import_step *st, const char *dn, const char *anchor, const char *type,
	const char *text, struct err *e)
{
	int64_t id;
	int found = find_unread(st, dn, anchor, &id, e);

	if (found == STORE_NONE) {
		st->sync->n_errors++;
		st->unidentified = true;
		return 0;
	}
	TRY(found);
	if (!anchor) /* another object may have that DN by now */
		st->unidentified = true;
	bitmap_set(&st->seen, id); /* it is there, only unreadable: not gone */
	bitmap_set(&st->errors, id);
	return object_error_named(st->sync, id, ERROR_IMPORT, type, text, e);
}

static int tell_bad(
	struct import_step *st, const char *dn, const char *type, const char *text, struct err *e)
{
	struct record r = {.event = EVENT_STEP_ERRORS};

	r.message = arena_printf(&st->arena, "%s could not be imported: %s", dn, text);
	record_add(&r, RECORD_CONNECTOR, st->conn->name);
	record_add(&r, RECORD_DN, dn);
	record_add(&r, RECORD_ERROR, type);
	return outbox_add(st->sync->store, &r, e);
}

static int sink_bad(struct import_sink *sink, const char *dn, const char *anchor, const char *type,
	const char *text, struct err *e)
{
	struct import_step *st = (struct import_step *)sink;
	int r = sink_write(st, e);

	arena_reset(&st->arena);
	st->discovery_errors = true;
	st->n_objects++;
	sync_count(st->sync, COUNTER_STAGE_FAILURE);
	if (r >= 0)
		r = keep_unread(st, dn, anchor, type, text, e);
	if (r >= 0)
		r = tell_bad(st, dn, type, text, e);
	return sink_end(st, r, e);
}

static int sink_object(struct import_sink *sink, const struct import_object *o, struct err *e)
{
	struct import_step *st = (struct import_step *)sink;
	int r = sink_write(st, e);

	arena_reset(&st->arena);
	st->n_objects++;
	if (r >= 0)
		r = import_object(st, o, e);
	if (r >= 0 && ++st->uncommitted >= COMMIT_EVERY)
		r = commit(st, e);
	return sink_end(st, r, e);
}

/* The event is delivered after the commit, so a kill does not lose it. */
static int tell(struct import_step *st, enum event_id event, const char *text, struct err *e)
{
	_cleanup_free_ char *message = xasprintf("Connector \"%s\": %s.", st->conn->name, text);
	struct record r = {.event = event, .message = message};

	record_add(&r, RECORD_CONNECTOR, st->conn->name);
	return outbox_add(st->sync->store, &r, e);
}

static void sink_note(struct import_sink *sink, const char *text)
{
	struct import_step *st = (struct import_step *)sink;
	struct err e = {0};
	int r = sink_write(st, &e);

	if (r >= 0)
		r = tell(st, EVENT_CONNECTOR_NOTE, text, &e);
	(void)sink_end(st, r, &e); /* the step ends with the error */
}

static int keep_class(struct import_step *st, const char *class, struct err *e)
{
	int64_t after = 0, ids[PAGE];
	unsigned n;

	do {
		TRY(cs_page_imported_class_ids(
			st->sync->store, st->conn->row.id, class, after, PAGE, ids, &n, e));
		for (unsigned i = 0; i < n; i++) {
			after = ids[i];
			bitmap_set(&st->seen, ids[i]);
		}
	} while (n == PAGE);
	return 0;
}

static int sink_keep(struct import_sink *sink, const char *class, struct err *e)
{
	struct import_step *st = (struct import_step *)sink;
	int r = sink_read(st, e);

	st->unread |= import_class_bit(st, class);
	if (r >= 0 && import_is_full(st))
		r = keep_class(st, class, e);
	return sink_end(st, r, e);
}

static int sink_names(struct import_sink *sink, const char *text, struct err *e)
{
	struct import_step *st = (struct import_step *)sink;
	int r = sink_write(st, e);

	if (r >= 0)
		r = sync_names_put(st->sync, st->conn, text, e);
	return sink_end(st, r, e);
}

static int begin_full(struct import_step *st, const char *reason, struct err *e)
{
	struct connector_row *row = &st->conn->row;

	st->answer.full = true;
	st->n_objects = 0;
	st->discovery_errors = st->unidentified = false;
	bitmap_clear(&st->seen);
	if (!st->full) {
		_cleanup_free_ char *text =
			xasprintf("the delta import became a full import: %s", reason);

		TRY(tell(st, EVENT_FULL_IMPORT, text, e));
	}
	row->import_full_running = true;
	return connector_update(st->sync->store, row, e);
}

static int sink_full(struct import_sink *sink, const char *reason, struct err *e)
{
	struct import_step *st = (struct import_step *)sink;
	int r = sink_write(st, e);

	if (r >= 0)
		r = begin_full(st, reason, e);
	return sink_end(st, r, e);
}

static int sink_known(struct import_sink *sink, const char *anchor, struct err *e)
{
	struct import_step *st = (struct import_step *)sink;
	int r = sink_read(st, e);

	if (r >= 0)
		r = cs_is_imported(st->sync->store, st->conn->row.id, anchor, e);
	return r > 0 ? r : sink_end(st, r, e);
}

static int sink_container(struct import_sink *sink, const char *anchor, const char *dn, bool sure,
	const char **ret_old, struct err *e)
{
	struct import_step *st = (struct import_step *)sink;
	int r = sink_write(st, e);

	if (r >= 0)
		r = import_container(st, anchor, dn, sure, ret_old, e);
	return r > 0 ? r : sink_end(st, r, e);
}

static int sink_container_gone(struct import_sink *sink, const char *anchor, struct err *e)
{
	struct import_step *st = (struct import_step *)sink;
	int r = sink_write(st, e);

	if (r >= 0)
		r = container_delete(st->sync->store, st->conn->row.id, anchor, e);
	return sink_end(st, r, e);
}

static int sink_containers_moved(
	struct import_sink *sink, const struct container_move *moves, unsigned n, struct err *e)
{
	struct import_step *st = (struct import_step *)sink;
	int r = sink_write(st, e);

	if (r >= 0)
		r = import_containers_moved(st, moves, n, e);
	return sink_end(st, r, e);
}

static int sink_cursor(struct import_sink *sink, const void *cursor, size_t n, struct err *e)
{
	struct import_step *st = (struct import_step *)sink;
	struct connector_row *row = &st->conn->row;
	int r = sink_write(st, e);

	row->cursor = arena_dup(&st->sync->arena, cursor, n);
	row->cursor_len = n;
	row->import_full_running = import_is_full(st);
	if (r >= 0)
		r = connector_update(st->sync->store, row, e);
	if (r >= 0)
		r = commit(st, e);
	return sink_end(st, r, e);
}

static int sink_flag(struct import_sink *sink, const char *class, unsigned attr, const char *anchor,
	struct err *e)
{
	struct import_step *st = (struct import_step *)sink;
	const struct authority_def *def = soa_find(st->conn->type, attr_name(attr));
	int r = sink_write(st, e);

	assert(def);
	if (attr != st->flag_attr) /* the list before may have been left unfinished */
		bitmap_clear(&st->flagged);
	st->flag_attr = attr;
	if (r >= 0)
		r = anchor ? import_flag(st, def->authority, anchor, e)
		           : import_flag_end(st, def->authority, class, e);
	return sink_end(st, r, e);
}

#define UNSEEN_NAMED 5 /* objects that the error names */

struct unseen {
	int64_t n, had;
	int64_t ids[UNSEEN_NAMED];
};

/* How many rows the directory had that this import did not deliver. */
static int count_unseen(struct import_step *st, struct unseen *ret, struct err *e)
{
	int64_t after = 0, ids[PAGE];
	unsigned n;

	*ret = (struct unseen){0};
	do {
		TRY(cs_page_imported_ids(
			st->sync->store, st->conn->row.id, after, PAGE, ids, &n, e));
		for (unsigned i = 0; i < n; i++) {
			after = ids[i];
			if (bitmap_get(&st->seen, ids[i]))
				continue;
			if (ret->n < UNSEEN_NAMED)
				ret->ids[ret->n] = ids[i];
			ret->n++;
		}
	} while (n == PAGE);
	return cs_count_imported(st->sync->store, st->conn->row.id, &ret->had, e);
}

static int add_names(
	struct import_step *st, const struct unseen *u, struct step_end *end, struct err *e)
{
	for (unsigned i = 0; i < MIN(u->n, (int64_t)UNSEEN_NAMED); i++) {
		size_t used = strlen(end->error);
		struct cs_row row;

		arena_reset(&st->arena);
		TRY(cs_get(st->sync->store, u->ids[i], &st->arena, &row, e));
		snprintf(end->error + used, sizeof(end->error) - used, "%s%.120s",
			i ? "; " : ". Missing, for example: ", row.dn);
	}
	return 0;
}

/* True: so many missing objects may not be treated as deleted. */
static bool obsolete_refused(
	const struct import_step *st, const struct unseen *u, struct step_end *end)
{
	struct own_value limit;

	if (u->n && st->n_objects == 0) {
		end->result = STEP_RESULT_IMPORT_READ;
		snprintf(end->error, sizeof(end->error),
			"the source returned no objects at all, but %" PRId64
			" are known. Nothing was treated as deleted. Check that the source has "
			"data, what the settings select (base_dn, filters) and what the account "
			"may read",
			u->had);
		return true;
	}
	own_value(
		&st->sync->cfg->import, &st->conn->cfg->settings, "obsoletion_limit", NULL, &limit);
	if (limit_share_exceeded(u->n, u->had, limit.n)) {
		end->result = STEP_RESULT_OBJECT_LIMIT;
		snprintf(end->error, sizeof(end->error),
			"%" PRId64 " of %" PRId64 " known objects are missing from the source, "
			"more than obsoletion_limit = %" PRId64
			" percent. Nothing was treated as deleted. If these objects really are "
			"gone, raise obsoletion_limit in %s for one cycle",
			u->n, u->had, limit.n, limit.own ? "the connector's section" : "[import]");
		return true;
	}
	return false;
}

static int obsolete_unseen(struct import_step *st, struct err *e)
{
	struct sync *s = st->sync;
	int64_t after = 0, ids[PAGE];
	unsigned n;

	do {
		TRY(cs_page_imported_ids(s->store, st->conn->row.id, after, PAGE, ids, &n, e));
		for (unsigned i = 0; i < n; i++) {
			struct cs_row row;

			after = ids[i];
			if (bitmap_get(&st->seen, ids[i]))
				continue;
			arena_reset(&st->arena);
			TRY(cs_get(s->store, ids[i], &st->arena, &row, e));
			TRY(import_gone(st, &row, e));
		}
		TRY(commit(st, e));
		TRY(store_begin(s->store, e));
	} while (n == PAGE);
	return import_links_unseen(st, e);
}

/*
 * Could an object that was not delivered be one that could not be read? Not if all of these were
 * identified and the connector reads them again.
 */
static bool is_doubtful(const struct import_step *st)
{
	return st->discovery_errors && (st->unidentified || !st->answer.retries);
}

/* Errors of objects that never could be read and are no longer there. */
static int forget_errors(struct import_step *st, struct err *e)
{
	for (int64_t id = 0; (id = bitmap_next(&st->errors, id));) {
		struct cs_row row;
		int r;

		if (bitmap_get(&st->seen, id))
			continue;
		arena_reset(&st->arena);
		r = cs_get(st->sync->store, id, &st->arena, &row, e);
		TRY(r);
		if (r == 0 && row.kind == CS_PLACEHOLDER && row.connector == st->conn->row.id)
			TRY(import_error_clear(st, id, e));
	}
	return 0;
}

/* After the last object of a full import. */
static int finish_full(struct import_step *st, struct step_end *end, struct err *e)
{
	struct unseen unseen;

	TRY(forget_errors(st, e));
	if (is_doubtful(st)) /* as Connect Sync: nothing is treated as deleted */
		return 0;
	fault_hit(FAULT_IMPORT_BEFORE_OBSOLETE);
	TRY(count_unseen(st, &unseen, e));
	if (obsolete_refused(st, &unseen, end))
		return add_names(st, &unseen, end, e);
	TRY(obsolete_unseen(st, e));
	TRY(container_delete_unseen(st->sync->store, st->conn->row.id, st->stamp, e));
	if (st->n_objects == 0)
		end->result = STEP_RESULT_NO_OBJECTS;
	return 0;
}

static void note_error(void *ctx, int64_t cs)
{
	bitmap_set(ctx, cs);
}

/* The end of a good import, in a transaction. */
static int finish(struct import_step *st, struct step_end *end, struct err *e)
{
	struct sync_connector *c = st->conn;

	if (import_is_full(st) && !st->answer.nothing)
		TRY(finish_full(st, end, e));
	if (!step_result_good(end->result)) /* everything is read again next time */
		return 0;
	if (!is_doubtful(st)) {
		c->row.import_full_running = false;
		c->row.full_import_required = false;
	}
	c->row.last_import = unix_now();
	TRY(sync_parameters_check(st->sync, c, e));
	TRY(connector_update(st->sync->store, &c->row, e));
	return c->is_target ? reimport_finish(st, end, e) : 0;
}

/* From here on a full import is needed until one has ended well. */
static int mark_full(struct import_step *st, struct err *e)
{
	if (!st->full)
		return 0;
	st->conn->row.import_full_running = true;
	TRY(store_begin(st->sync->store, e));
	TRY(connector_update(st->sync->store, &st->conn->row, e));
	return store_commit(st->sync->store, e);
}

static int import_with(
	struct import_step *st, struct connector *con, struct step_end *end, struct err *e)
{
	struct sync_connector *c = st->conn;
	struct import_request req = {
		.full = st->full,
		.cursor = c->row.cursor,
		.cursor_len = c->row.cursor_len,
		.names = c->names,
	};
	struct err ie = {0};
	enum conn_result r;

	req.attrs = ruleset_read_attrs(st->sync->rules, c->name, &st->sync->arena, &req.n_attrs);
	req.classes =
		ruleset_read_classes(st->sync->rules, c->name, &st->sync->arena, &req.n_classes);
	for (unsigned i = 0; i < req.n_attrs; i++)
		bitmap_set(&st->attrs, req.attrs[i]);
	TRY(error_ids(st->sync->store, ERROR_IMPORT, note_error, &st->errors, e));
	TRY(mark_full(st, e));
	r = c->type->import(con, &req, &st->sink, &st->answer, &ie);
	if (st->fatal) {
		*e = st->error;
		return st->fatal;
	}
	if (r != CONN_OK) {
		end->result = stop_result(r, &ie, STEP_RESULT_IMPORT_READ);
		err_format(&ie, end->error, sizeof(end->error));
		return commit(st, e);
	}
	TRY(store_ensure_transaction(st->sync->store, e));
	TRY(finish(st, end, e));
	return commit(st, e);
}

/* The result, as long as objects have import errors, also if this import met none. */
static int tell_unread(struct import_step *st, struct step_end *end, struct err *e)
{
	int64_t n = 0;

	if (!step_result_good(end->result))
		return 0;
	TRY(error_count(st->sync->store, st->conn->row.id, ERROR_IMPORT, &n, e));
	if (!n && !st->discovery_errors)
		return 0;
	end->result = STEP_RESULT_DISCOVERY_ERRORS;
	if (n && !end->error[0])
		snprintf(end->error, sizeof(end->error),
			"%" PRId64 " object(s) could not be read: adsyncctl errors", n);
	return 0;
}

int step_import(
	struct sync *s, struct sync_connector *c, bool full, struct step_end *end, struct err *e)
{
	struct import_step st = {
		.sink =
			{
				.object = sink_object,
				.bad = sink_bad,
				.cursor = sink_cursor,
				.flag = sink_flag,
				.full = sink_full,
				.note = sink_note,
				.keep = sink_keep,
				.names = sink_names,
				.known = sink_known,
				.container = sink_container,
				.container_gone = sink_container_gone,
				.containers_moved = sink_containers_moved,
			},
		.sync = s,
		.conn = c,
		.full = full || sync_needs_full_import(c),
		.stamp = s->run,
	};
	struct connector_host host = {
		.waiting = host_waiting, .canceled = host_canceled, .ctx = &st};
	struct connector *con = NULL;
	struct err ie = {0};
	enum conn_result r;
	int ret = 0;

	r = c->type->open(&c->cfg->settings, &host, &con, &ie);
	if (r != CONN_OK) {
		end->result =
			r == CONN_DOWN ? STEP_RESULT_NO_START_CONNECTION : STEP_RESULT_NO_START_MA;
		err_format(&ie, end->error, sizeof(end->error));
	} else {
		ret = import_with(&st, con, end, e);
	}
	c->type->close(con);
	if (ret < 0)
		store_rollback(s->store);
	else
		ret = tell_unread(&st, end, e);
	arena_done(&st.arena);
	buf_done(&st.old_dn);
	bitmap_done(&st.seen);
	bitmap_done(&st.flagged);
	bitmap_done(&st.attrs);
	bitmap_done(&st.errors);
	return ret;
}
