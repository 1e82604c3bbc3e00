/*
 * Write-back: the one arrow from the connector space to AD. Users that are about to be exported and
 * have no ms-DS-ConsistencyGuid get their source anchor there, before the first export: as a rule
 * their objectGUID, but of several accounts of one person each gets the one that the person has, so
 * that it is still there when the account that it came from is gone. What was written is not
 * recorded: the next import shows it, and until then a second write says that the value is there.
 */
#include "base/codec.h"
#include "report/fault.h"
#include "store/cs_page.h"
#include "sync/errors.h"
#include "sync/images.h"
#include "sync/session.h"
#include "sync/step.h"

#include <inttypes.h>
#include <stdio.h>

#define ATTRIBUTE "mS-DS-ConsistencyGuid"

struct write_step {
	struct sync *sync;
	struct sync_connector *conn;
	struct connector_host host;
	struct connector *con; /* NULL until there is something to write */
	unsigned attr;
	int64_t seen; /* rows up to this change number need not be looked at again */
	bool failed;  /* from there on they do */
	struct step_end *end;
};

/* The row of meta that says how far was looked, and by which rules. */
static char *mark_name(const struct write_step *st)
{
	return xasprintf("write_back:%" PRId64, st->conn->row.id);
}

/* By other rules everything is looked at again. */
static int mark_read(struct write_step *st, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_free_ char *name = mark_name(st);
	const char *text, *digest = st->conn->row.rules_digest;
	char *end;
	int r = meta_get(st->sync->store, name, &a, &text, e);

	TRY(r);
	if (r == STORE_NONE || !text)
		return 0;
	st->seen = strtoll(text, &end, 10);
	if (*end != ' ' || !digest || !streq(end + 1, digest))
		st->seen = 0;
	return 0;
}

static int mark_write(struct write_step *st, struct err *e)
{
	_cleanup_free_ char *name = mark_name(st), *text = NULL;
	const char *digest = st->conn->row.rules_digest;

	text = xasprintf("%" PRId64 " %s", st->seen, digest ? digest : "");
	TRY(store_begin(st->sync->store, e));
	TRY(meta_set(st->sync->store, name, text, e));
	return store_commit(st->sync->store, e);
}

/* Will the object be, or is it, in a directory that is exported to? *ret: its row there. */
static int is_exported(
	struct write_step *st, int64_t mv, struct arena *a, int64_t *ret, struct err *e)
{
	for (unsigned i = 0; i < st->sync->n_connectors; i++) {
		const struct sync_connector *c = &st->sync->connectors[i];
		struct cs_row row;
		int r = c->provisions ? cs_joined_in(st->sync->store, mv, c->row.id, a, &row, e)
		                      : STORE_NONE;

		TRY(r);
		if (r == 0 && row.want == WANT_PRESENT) {
			*ret = row.id;
			return 1;
		}
	}
	return 0;
}

/*
 * The anchor that the exported object has; the object's own GUID where that is no GUID (rules may
 * make it of another attribute).
 */
static int find_guid(struct write_step *st, const struct cs_row *row, int64_t exported,
	struct arena *a, unsigned char ret[16], struct err *e)
{
	unsigned char raw[64];
	struct cs_row target;
	struct entry wanted;
	const char *text;
	int r = cs_get(st->sync->store, exported, a, &target, e);

	TRY(r);
	text = NULL;
	if (r == 0 && target.wanted) {
		TRY(row_entry(st->sync, &target, true, a, &wanted, e));
		text = entry_string(&wanted, attr_intern("sourceAnchor"));
	}
	if (text && strlen(text) == base64_len(16) &&
		base64_decode(raw, text, strlen(text)) == 16) {
		memcpy(ret, raw, 16);
		return 1;
	}
	return guid_parse(ret, row->anchor);
}

/* 1: the row's object is to get the value in `guid`. */
static int is_due(struct write_step *st, const struct cs_row *row, struct arena *a,
	unsigned char guid[16], struct err *e)
{
	int64_t exported;
	struct entry en;
	int r;

	if (!row->mv || !row->imported || row->deleted || !row->anchor ||
		(!streq(row->class, "user") && !streq(row->class, "inetOrgPerson")))
		return 0;
	TRY(row_entry(st->sync, row, false, a, &en, e));
	if (entry_first(&en, st->attr))
		return 0;
	r = is_exported(st, row->mv, a, &exported, e);
	return r == 1 ? find_guid(st, row, exported, a, guid, e) : r;
}

static int open_connector(struct write_step *st, struct err *e)
{
	return st->con ? CONN_OK
	               : (int)st->conn->type->open(
				 &st->conn->cfg->settings, &st->host, &st->con, e);
}

static int record(struct write_step *st, const struct write_back *items, const struct cs_row *rows,
	unsigned n, struct err *e)
{
	struct sync *s = st->sync;

	TRY(store_begin(s->store, e));
	for (unsigned i = 0; i < n; i++) {
		const struct write_back_result *o = &items[i].outcome;

		if (o->result == CONN_OK || streq(o->error_type, "attribute-conflict")) {
			sync_count(s, COUNTER_EXPORT_UPDATE);
			TRY(error_clear(s->store, rows[i].id, ERROR_EXPORT, e));
			continue;
		}
		sync_count(s, COUNTER_EXPORT_FAILURE);
		TRY(object_error_named(s, rows[i].id, ERROR_EXPORT, o->error_type, o->text, e));
		st->failed = true;
	}
	return store_commit(s->store, e);
}

/* 1: the directory could not be reached; the step has its result. */
static int write_rows(struct write_step *st, struct write_back *items, const struct cs_row *rows,
	unsigned n, struct err *e)
{
	struct err we = {0};
	int r = open_connector(st, &we);

	fault_hit(FAULT_EXPORT_BEFORE_SEND);
	if (r == CONN_OK)
		r = (int)st->conn->type->write_back(st->con, items, n, &we);
	fault_hit(FAULT_EXPORT_AFTER_SEND);
	if (r == CONN_OK)
		return record(st, items, rows, n, e);
	st->end->result = stop_result((enum conn_result)r, &we, STEP_RESULT_EXPORT_WRITE);
	err_format(&we, st->end->error, sizeof(st->end->error));
	return 1;
}

static int write_page(struct write_step *st, int64_t *after, unsigned *ret_n, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct write_back *items;
	struct cs_row *rows, *due;
	unsigned n_due = 0;
	int r = 0;

	TRY(cs_page_changed(st->sync->store, st->conn->row.id, *after, PAGE, &a, &rows, ret_n, e));
	due = arena_alloc(&a, (*ret_n + 1) * sizeof(*due));
	items = arena_zalloc(&a, (*ret_n + 1) * sizeof(*items));
	for (unsigned i = 0; i < *ret_n; i++) {
		*after = rows[i].seq;
		r = is_due(st, &rows[i], &a, items[n_due].guid, e);
		TRY(r);
		if (!r)
			continue;
		items[n_due].dn = rows[i].dn;
		items[n_due].anchor = rows[i].anchor;
		due[n_due++] = rows[i];
	}
	r = n_due ? write_rows(st, items, due, n_due, e) : 0;
	if (r == 0 && !st->failed)
		st->seen = *after;
	return r;
}

static int write_all(struct write_step *st, struct err *e)
{
	int64_t after = st->seen;
	unsigned n;
	int r;

	do {
		r = write_page(st, &after, &n, e);
		if (sync_canceled(st->sync))
			return 0;
	} while (r == 0 && n == PAGE);
	return MIN(r, 0);
}

int step_write_back(struct sync *s, struct sync_connector *c, struct step_end *end, struct err *e)
{
	struct write_step st = {.sync = s,
		.conn = c,
		.host = {s->host->canceled, s->host->ctx},
		.attr = attr_intern(ATTRIBUTE),
		.end = end};
	int r = mark_read(&st, e);

	if (r == 0)
		r = write_all(&st, e);
	c->type->close(st.con);
	if (r == 0)
		r = mark_write(&st, e);
	if (r < 0) {
		store_rollback(s->store);
		return r;
	}
	if (st.failed && step_result_good(end->result)) {
		end->result = STEP_RESULT_EXPORT_ERRORS;
		snprintf(end->error, sizeof(end->error),
			"%d object(s) could not get " ATTRIBUTE ": adsyncctl errors", s->n_errors);
	}
	return 0;
}
