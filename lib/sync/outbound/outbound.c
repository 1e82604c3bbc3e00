/*
 * Outbound: MV --> CS.wanted. Provision or deprovision, attribute flow into the wanted image, and
 * the export state that follows from it. An object under somebody else's authority keeps its wanted
 * image up to date, so that a change in the source is noticed (event 6956), but nothing is sent.
 */
#include "sync/export/duplicate.h"
#include "sync/acknowledged.h"
#include "sync/adopt.h"
#include "sync/errors.h"
#include "sync/export/target.h"
#include "sync/images.h"
#include "sync/outbound/outbound.h"
#include "sync/recognize.h"
#include "sync/soa.h"
#include "sync/soa_apply.h"
#include "report/fault.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "store/cs_page.h"
#include "store/mv_link.h"
#include "store/wait.h"

#include <ctype.h>
#include <stdio.h>

/* Is the row one that rules did not make, in a connector where they make none? */
static bool is_original(struct sync *s, const struct cs_row *row)
{
	const struct sync_connector *c = sync_connector_by_id(s, row->connector);

	return c && row->want != WANT_PRESENT && !c->provisions;
}

int outbound_row(struct outbound *out, int64_t mv, struct arena *a, struct cs_row *ret,
	const char **ret_ad_dn, int64_t *ret_ad_cs, struct err *e)
{
	bool is_source = false;
	struct cs_row *rows;
	unsigned n;

	*ret = (struct cs_row){0};
	*ret_ad_dn = NULL;
	*ret_ad_cs = 0;
	TRY(cs_page_joined_to(out->sync->store, mv, out->conn->row.id, a, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		if (rows[i].connector == out->conn->row.id) {
			*ret = rows[i];
		} else if (!*ret_ad_dn || (!is_source && is_original(out->sync, &rows[i]))) {
			*ret_ad_dn = rows[i].dn;
			*ret_ad_cs = rows[i].id;
			is_source = is_original(out->sync, &rows[i]);
		}
	}
	return 0;
}

/* Is the class one that is never sent? Then a delete must not be staged and count in a limit. */
static bool is_outside(const struct outbound *out, const char *class)
{
	const struct schema_class *c =
		schema_class_find(out->conn->type->schema(&out->conn->cfg->settings), class);

	return c && c->never_sent;
}

/* The rules no longer manage the row, and nothing is sent about it. */
static int release(struct outbound *out, struct cs_row *row, struct err *e)
{
	TRY(outbound_note_left(out, row, e));
	TRY(outbound_links_drop(out, row, e));
	row->mv = 0;
	row->join_rule = NULL;
	row->want = WANT_NOTHING;
	row->wanted = NULL;
	row->wanted_len = 0;
	row_set_state(row, EXPORT_EVENT_DROPPED);
	row->export_all = false;
	row->delete_after = 0;
	row->links = 0;
	if (!row->imported)
		return row_remove(out->sync, row, e);
	/* an object of a class that is never sent stays: inbound rules may join it again */
	return cs_update(out->sync->store, row, is_outside(out, row->class), e);
}

/*
 * 1: the rule that provisioned it keeps it for a while (softDeleteExpiryInterval), which has not
 * ended yet. Nothing is sent meanwhile; coming back into scope ends it.
 */
static int soft_delete(struct outbound *out, struct cs_row *row, struct err *e)
{
	const struct rule *rule = row->join_rule ? ruleset_find_name(out->sync->rules,
							   out->conn->name, row->join_rule)
	                                         : NULL;

	if (!row->delete_after && rule && rule->soft_delete) {
		row->delete_after = out->now + rule->soft_delete;
		row_set_state(row, EXPORT_EVENT_DROPPED);
		TRY(cs_update(out->sync->store, row, false, e));
		return 1;
	}
	return row->delete_after > out->now;
}

/* `grace`: its rule may keep it for a while. */
static int deprovision(
	struct outbound *out, struct cs_row *row, const char *source_dn, bool grace, struct err *e)
{
	struct sync *s = out->sync;
	bool never_sent = (!row->imported && !row->anchor && row->state != EXPORT_STATE_SENDING) ||
	                  is_outside(out, row->class);
	bool managed = row->want == WANT_PRESENT;
	int kept;

	if (managed && soa_keeps_object(row)) {
		TRY(soa_event(s, out->conn, row, source_dn, DELTA_DELETE, NULL, e));
		return release(out, row, e);
	}
	if (!managed || never_sent)
		return release(out, row, e);
	kept = grace ? soft_delete(out, row, e) : 0;
	if (kept)
		return MIN(kept, 0);
	sync_count(s, COUNTER_PROVISIONED_DISCONNECT);
	TRY(outbound_links_drop(out, row, e));
	row->mv = 0;
	row->delete_after = 0;
	row->want = WANT_ABSENT;
	row_set_state(row, EXPORT_EVENT_CHANGED);
	return cs_update(s->store, row, false, e);
}

/* Called also when the wanted image is the same: the row may be newly managed. */
int outbound_set_state(
	struct outbound *out, struct cs_row *row, struct wanted *w, bool changed, struct err *e)
{
	enum export_event event = EXPORT_EVENT_CHANGED;
	struct entry imported;
	struct delta d;
	bool renamed;

	if (soa_blocks_all(row)) {
		row_set_state(row, EXPORT_EVENT_BLOCKED);
		return 0;
	}
	renamed = pending_dn(out->conn->cfg, row, &w->entry, &out->arena) != NULL;
	if (renamed)
		sync_count(out->sync, COUNTER_PROVISIONED_RENAME_FLOW);
	if (row->imported) {
		TRY(row_entry(out->sync, row, false, &out->arena, &imported, e));
		pending_delta(row_class(out->conn->cfg, row), row, &imported, &w->entry,
			changed ? 0 : PENDING_SETTLED, &out->arena, &d);
		if (d.n_attrs == 0 && !row->export_all && !renamed)
			event = EXPORT_EVENT_SETTLED;
	}
	/* what was refused is no longer wanted */
	if (event == EXPORT_EVENT_SETTLED && row->state == EXPORT_STATE_FAILED)
		TRY(error_clear(out->sync->store, row->id, ERROR_EXPORT, e));
	row_set_state(row, event);
	return 0;
}

/* An object that the directory does not show as mastered by us is taken over: all is sent. */
static int needs_takeover(struct outbound *out, const struct cs_row *row, bool *ret, struct err *e)
{
	bool mastered;

	TRY(row_is_mastered(out->sync, out->conn, row, &out->arena, &mastered, e));
	*ret = !mastered;
	return 0;
}

int outbound_tell_blocked(struct outbound *out, const struct cs_row *row, const struct wanted *w,
	const char *source_dn, struct err *e)
{
	struct entry before;
	struct delta d;

	TRY(row_entry(out->sync, row, true, &out->arena, &before, e));
	for (unsigned i = 0; i < w->n_kept; i++)
		if (!entry_get(&w->entry, w->kept[i]))
			entry_remove(&before, w->kept[i]);
	delta_full(&before, &w->entry, &out->arena, &d);
	soa_theirs(row, soa_class(out->conn->cfg, row), &d);
	if (!d.n_attrs)
		return 0;
	return soa_event(out->sync, out->conn, row, source_dn, DELTA_UPDATE,
		delta_names(&d, 20, &out->arena), e);
}

static bool is_routed(const struct wanted *w, unsigned dest)
{
	for (unsigned i = 0; i < w->n_links; i++)
		if (w->links[i].dest == dest)
			return true;
	for (unsigned i = 0; i < w->n_kept; i++)
		if (w->kept[i] == dest)
			return true;
	return false;
}

/* Other references flow than before: those without a flow become unwanted, the rest is redone. */
static int links_rerouted(
	struct outbound *out, struct cs_row *row, const struct wanted *w, struct err *e)
{
	struct cs_link *links;
	unsigned n;

	row->links = w->links_digest;
	if (out->first)
		return 0;
	TRY(cs_link_list(out->sync->store, row->id, 0, &out->arena, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		if (!links[i].wanted || is_routed(w, links[i].attr))
			continue;
		links[i].wanted = false;
		link_set_state(
			&links[i], links[i].imported ? EXPORT_EVENT_CHANGED : EXPORT_EVENT_SETTLED);
		TRY(cs_link_put(out->sync->store, &links[i], false, e));
	}
	return mv_link_touch_source(out->sync->store, row->mv, e);
}

/* The row is there: new wanted image, new state. */
static int update_row(struct outbound *out, struct cs_row *row, struct wanted *w,
	const char *source_dn, struct err *e)
{
	struct sync *s = out->sync;
	bool newly = row->want != WANT_PRESENT, same;
	const void *image;
	size_t len;
	int r = entry_image(s, &w->entry, &out->arena, &image, &len, e);

	if (r != 0)
		return r;
	if (row->delete_after) { /* back in scope: its old image does not count */
		row->delete_after = 0;
		row->wanted = NULL;
	}
	if (newly && row->imported && !soa_blocks_all(row)) {
		TRY(needs_takeover(out, row, &row->export_all, e));
		TRY(outbound_trust(out, row, w, e));
	}
	if (row->export_all)
		TRY(outbound_links_overwrite(out, row, w, e));
	same = !newly && row->wanted && row->wanted_len == len &&
	       memcmp(row->wanted, image, len) == 0;
	if (same && row->links == w->links_digest && row->join_rule &&
		streq(row->join_rule, w->rule))
		return 0;
	row->join_rule = w->rule; /* whose soft delete counts when it leaves scope */
	if (row->links != w->links_digest)
		TRY(links_rerouted(out, row, w, e));
	if (!row->wanted) {
		bitmap_set(&out->baseline, row->id);
	} else if (row->blocked && !newly && !same && out->changed) {
		TRY(outbound_tell_blocked(out, row, w, source_dn, e));
	}
	TRY(duplicate_index(s, out->conn, row, &w->entry, &out->arena, e));
	row->wanted = image;
	row->wanted_len = len;
	row->want = WANT_PRESENT;
	TRY(outbound_set_state(out, row, w, !newly && !same, e));
	sync_count(s, COUNTER_CONNECTOR_FLOW);
	TRY(cs_update(s->store, row, false, e));
	return newly && !out->first ? mv_link_touch_source(s->store, row->mv, e) : 0;
}

static int target_appeared(struct outbound *out, int64_t mv, struct err *e)
{
	if (out->first)
		return 0;
	TRY(mv_link_touch_target(out->sync->store, mv, e));
	return mv_link_touch_source(out->sync->store, mv, e);
}

static int insert_row(
	struct outbound *out, const struct mv_row *mv, struct wanted *w, struct err *e)
{
	struct cs_row row = {
		.connector = out->conn->row.id,
		.class = w->class,
		.kind = CS_EXPORT,
		.dn = w->dn,
		.want = WANT_PRESENT,
		.mv = mv->id,
		.join_rule = w->rule,
		.links = w->links_digest,
	};

	int r = entry_image(out->sync, &w->entry, &out->arena, &row.wanted, &row.wanted_len, e);

	if (r != 0)
		return r;
	row_set_state(&row, EXPORT_EVENT_CHANGED);
	TRY(cs_insert(out->sync->store, &row, e));
	row.wanted = NULL; /* there was none before */
	TRY(duplicate_index(out->sync, out->conn, &row, &w->entry, &out->arena, e));
	sync_count(out->sync, COUNTER_PROVISIONED_ADD_FLOW);
	return target_appeared(out, mv->id, e);
}

/* Deletes a released metaverse object, unless rows are still joined to it. */
static int forget(struct outbound *out, int64_t mv, struct err *e)
{
	struct cs_row *rows;
	unsigned n;

	TRY(cs_page_joined(out->sync->store, mv, &out->arena, &rows, &n, e));
	return n ? 0 : mv_delete(out->sync->store, mv, e);
}

/* A kept row of a deleted metaverse object becomes free when the object comes back as another. */
static int free_of_released(struct outbound *out, struct cs_row *row, int64_t mv, struct err *e)
{
	struct mv_row old;
	int r;

	if (!row->mv || row->mv == mv)
		return 0;
	r = mv_get(out->sync->store, row->mv, &out->arena, &old, e);
	if (r != 0 || !old.deleted)
		return MIN(r, 0);
	row->mv = 0;
	TRY(cs_set_join(out->sync->store, row->id, 0, NULL, e));
	return forget(out, old.id, e);
}

/*
 * An object has changed its class (a contact is a user now), which a directory cannot do with an
 * existing object: the row is deprovisioned, and the new object gets a row of its own. There is no
 * time of grace: both would want the same name and addresses.
 */
static int retire(struct outbound *out, struct cs_row *row, const char *source_dn, struct err *e)
{
	TRY(deprovision(out, row, source_dn, false, e));
	*row = (struct cs_row){0};
	return 0;
}

/*
 * 1: the row with the wanted DN has given it up: it is to be deleted, because its class is another,
 * or it is only a placeholder for an object that is gone.
 */
static int makes_room(struct outbound *out, struct cs_row *row, const struct wanted *w,
	const char *source_dn, struct err *e)
{
	bool other = !streq(row->class, w->class);
	int64_t id = row->id;
	int r;

	if (row->kind == CS_PLACEHOLDER ? !row->anchor : !other || row->mv)
		return 0;
	if (row->kind != CS_PLACEHOLDER && row->want == WANT_PRESENT)
		TRY(retire(out, row, source_dn, e));
	r = cs_get(out->sync->store, id, &out->arena, row, e);
	if (r != 0) /* it had never been sent and was removed */
		return r < 0 ? r : 1;
	if (row->kind != CS_PLACEHOLDER && row->want != WANT_ABSENT)
		return 0;
	TRY(cs_set_transient(out->sync->store, id, e));
	return 1;
}

static const char *identity_taken(struct outbound *out, const char *source_dn, const char *dn)
{
	return arena_printf(&out->arena, "another object already has the %s of %s (%s).",
		out->conn->type->identity_attr, source_dn, dn);
}

/* An object with the same DN is there already: joined if it is free and of the same class. */
static int join_by_dn(struct outbound *out, const struct mv_row *mv, struct wanted *w,
	struct cs_row *row, const char *source_dn, const char **ret_problem, struct err *e)
{
	int r;

	if (row->mv && row->mv != mv->id) {
		*ret_problem = identity_taken(out, source_dn, row->dn);
		return 0;
	}
	if (row->kind != CS_PLACEHOLDER && !streq(row->class, w->class)) {
		*ret_problem = arena_printf(&out->arena,
			"ObjectTypeMismatch: %s is a %s in connector \"%s\", but the rules want a "
			"%s",
			row->dn, row->class, out->conn->name, w->class);
		return 0;
	}
	row->mv = mv->id;
	row->join_rule = w->rule;
	row->class = w->class;
	TRY(wait_set(out->sync->store, row->id, NULL, 0, e));
	if (row->want == WANT_ABSENT) {
		row->wanted = NULL; /* it was to be deleted: its old image does not count */
		if (!row->acknowledged)
			TRY(acknowledged_nothing(out->sync, row, &out->arena, e));
	}
	row->want = WANT_NOTHING;
	r = update_row(out, row, w, source_dn, e);
	return r != 0 ? r : target_appeared(out, mv->id, e);
}

/*
 * An object has its former class again, before its former row was deleted: it gets that row back,
 * and the row that it had meanwhile (`was`) gives up the DN.
 */
static int take_back(struct outbound *out, const struct mv_row *mv, struct wanted *w, int64_t was,
	const char *source_dn, bool *ret_taken, struct err *e)
{
	struct store *store = out->sync->store;
	const char *problem = NULL;
	struct cs_row row;
	int64_t holder;
	int r = cs_find_aside(store, out->conn->row.id, w->dn, w->class, &out->arena, &row, e);

	if (r != 0)
		return MIN(r, 0);
	r = cs_id_by_dn(store, out->conn->row.id, w->dn, &holder, e);
	TRY(r);
	if (r == 0 && holder != was)
		return 0;
	if (r == 0)
		TRY(cs_set_transient(store, was, e));
	row.transient = false;
	*ret_taken = true;
	return join_by_dn(out, mv, w, &row, source_dn, &problem, e);
}

static int sync_error(
	struct outbound *out, int64_t cs, enum error_type type, const char *text, struct err *e)
{
	sync_count(out->sync, COUNTER_FLOW_FAILURE);
	out->in_error = true;
	if (!cs) { /* there is no row to keep it on */
		out->sync->n_errors++;
		return 0;
	}
	bitmap_set(&out->failed, cs);
	return object_error_outbound(out->sync, out->conn, cs, type, text, e);
}

/* An image that is too large is an error of its object. */
static int too_large(struct outbound *out, int64_t cs, int r, struct err *e)
{
	return r == IMAGE_TOO_LARGE
	               ? sync_error(out, cs, ERROR_TYPE_OBJECT_TOO_LARGE, IMAGE_TOO_LARGE_TEXT, e)
	               : r;
}

/* An error for which another object with the same sourceAnchor may be the reason: names both. */
static int anchor_error(struct outbound *out, const struct mv_row *mv, const char *source_dn,
	int64_t source_cs, enum error_type type, const char *problem, struct err *e)
{
	const char *text;

	TRY(anchor_named(out, mv, source_dn, problem, &text, e));
	return sync_error(out, source_cs, type, text, e);
}

/*
 * There is no row under the wanted DN: a new one, unless the directory has the object already and
 * does not show which one it is.
 */
static int make_row(struct outbound *out, const struct mv_row *mv, struct wanted *w,
	const char *source_dn, int64_t source_cs, struct err *e)
{
	const char *problem;
	struct cs_row row;
	int r = recognize_find(
		out->sync, out->conn, w->class, &w->entry, &out->arena, &row, &problem, e);

	TRY(r);
	if (problem)
		return sync_error(out, source_cs, ERROR_TYPE_AMBIGUOUS, problem, e);
	if (!r)
		return insert_row(out, mv, w, e);
	row.dn = w->dn;
	sync_count(out->sync, COUNTER_RECOGNIZED);
	return join_by_dn(out, mv, w, &row, source_dn, &problem, e);
}

/* The original's words: "SourceAnchor attribute has changed." */
static const char *identity_changed(struct outbound *out)
{
	char *text = arena_printf(
		&out->arena, "%s attribute has changed.", out->conn->type->identity_attr);

	text[0] = (char)toupper((unsigned char)text[0]);
	return text;
}

/* The directory shows no identity of the object: its row has the anchor as DN. */
static bool is_nameless(const struct outbound *out, const struct cs_row *row)
{
	return row->anchor && streq(row->dn, row->anchor) && !out->conn->type->can_rename;
}

/*
 * An inbound rule has joined or projected an object of the directory that shows no identity, and
 * an outbound rule wants it: it gets the DN that the rules give, unless another row has that.
 */
static int name_row(struct outbound *out, const struct wanted *w, struct cs_row *row,
	const char *source_dn, const char **ret_problem, struct err *e)
{
	struct cs_row found;
	int r = cs_find_dn(out->sync->store, out->conn->row.id, w->dn, &out->arena, &found, e);

	TRY(r);
	if (r != STORE_NONE && found.id == row->id)
		return 0;
	if (r != STORE_NONE) {
		r = makes_room(out, &found, w, source_dn, e);
		TRY(r);
		if (!r) {
			*ret_problem = identity_taken(out, source_dn ? source_dn : "-", w->dn);
			return 0;
		}
	}
	row->dn = w->dn;
	return cs_update(out->sync->store, row, false, e);
}

static int provision(struct outbound *out, const struct mv_row *mv, struct wanted *w,
	struct cs_row *row, const char *source_dn, int64_t source_cs, struct err *e)
{
	const char *problem = NULL;
	bool taken = false;
	struct cs_row found;
	int r, room;

	if (!w->dn)
		return sync_error(out, source_cs, ERROR_TYPE_MISSING_ANCHOR,
			arena_printf(&out->arena,
				"the outbound rules give no %s, so the object cannot be "
				"provisioned",
				out->conn->type->identity_attr),
			e);
	if (row->id && !streq(row->class, w->class)) {
		int64_t was = row->id;

		TRY(retire(out, row, source_dn, e));
		r = take_back(out, mv, w, was, source_dn, &taken, e);
		if (r != 0 || taken)
			return too_large(out, source_cs, r, e);
	}
	if (row->id && is_nameless(out, row) && !soa_blocks_all(row)) {
		TRY(name_row(out, w, row, source_dn, &problem, e));
		if (problem)
			return anchor_error(out, mv, source_dn, source_cs,
				ERROR_TYPE_DUPLICATE_ANCHOR, problem, e);
	}
	if (row->id) {
		if (text_casecmp(row->dn, strlen(row->dn), w->dn, strlen(w->dn)) != 0 &&
			row->want == WANT_PRESENT && !out->conn->type->can_rename &&
			!is_nameless(out, row))
			return anchor_error(out, mv, source_dn, source_cs, ERROR_TYPE_RULE,
				identity_changed(out), e);
		return too_large(out, source_cs, update_row(out, row, w, source_dn, e), e);
	}
	r = cs_find_dn(out->sync->store, out->conn->row.id, w->dn, &out->arena, &found, e);
	TRY(r);
	if (r == STORE_NONE)
		return too_large(out, source_cs, make_row(out, mv, w, source_dn, source_cs, e), e);
	TRY(free_of_released(out, &found, mv->id, e));
	room = makes_room(out, &found, w, source_dn, e);
	TRY(room);
	if (room)
		return too_large(out, source_cs, make_row(out, mv, w, source_dn, source_cs, e), e);
	r = join_by_dn(out, mv, w, &found, source_dn ? source_dn : "-", &problem, e);
	if (r != 0)
		return too_large(out, source_cs, r, e);
	return problem ? anchor_error(out, mv, source_dn, source_cs, ERROR_TYPE_DUPLICATE_ANCHOR,
				 problem, e)
	               : 0;
}

/* No rule wants the row any more; another object may wait for its sourceAnchor. */
static int leave(struct outbound *out, struct cs_row *row, const char *source_dn, struct err *e)
{
	struct anchor_claim claim;

	TRY(anchor_claim(out, row, &claim, e));
	if (claim.kind == ANCHOR_HELD)
		return anchor_hold(out, row, e);
	TRY(deprovision(out, row, source_dn, true, e));
	return claim.kind == ANCHOR_HEIR ? outbound_object(out, &claim.mv, e) : 0;
}

/* The object has no error: if it had one before, what was left out then is done now. */
static int object_is_good(struct outbound *out, const struct mv_row *mv, const struct wanted *w,
	const struct cs_row *row, const char *source_dn, int64_t source_cs, struct err *e)
{
	struct sync *s = out->sync;
	int mended = object_good(s, ERROR_OUTBOUND, out->conn, source_cs, e);

	TRY(mended);
	if (row->id && !mended)
		mended = object_good(s, ERROR_OUTBOUND, out->conn, row->id, e);
	TRY(mended);
	if (mended && w->provision)
		TRY(mv_link_touch_source(s->store, mv->id, e));
	if ((mended || out->missed) && row->id && row->mv == mv->id && row->want == WANT_PRESENT)
		return outbound_links_compare(out, row, w, source_dn, e);
	return 0;
}

int outbound_object(struct outbound *out, struct mv_row *mv, struct err *e)
{
	struct wanted w;
	struct cs_row row;
	const char *source_dn;
	int64_t source_cs;

	out->changed = mv->seq > out->conn->row.outbound_seq;
	out->in_error = false;
	if (!out->conn->provisions) {
		int left = outbound_attributes(out, mv, e);

		TRY(left);
		/* what rules made stays as it is where no rule exports any more */
		if (!left || out->conn->lets_go)
			return mv->deleted ? forget(out, mv->id, e) : 0;
	}
	TRY(outbound_row(out, mv->id, &out->arena, &row, &source_dn, &source_cs, e));
	if (!source_cs)
		source_cs = row.id;
	TRY(wanted_of_row(out, mv, &row, &out->arena, &w, e));
	if (w.error)
		return anchor_error(out, mv, source_dn, source_cs, ERROR_TYPE_RULE,
			arena_printf(&out->arena, "rule \"%s\": %s", w.error_rule, w.error), e);
	if (w.provision)
		TRY(provision(out, mv, &w, &row, source_dn, source_cs, e));
	else if (row.id && (mv->deleted || !row_is_inbounds(&row)))
		TRY(leave(out, &row, source_dn, e));
	out->in_error = out->in_error && w.provision; /* else the error is the heir's */
	if (!out->in_error)
		TRY(object_is_good(out, mv, &w, &row, source_dn, source_cs, e));
	return mv->deleted ? forget(out, mv->id, e) : 0;
}

int wanted_of_row(struct outbound *out, const struct mv_row *mv, const struct cs_row *row,
	struct arena *a, struct wanted *ret, struct err *e)
{
	struct wanted_source src = {.mv = mv->id,
		.class = mv->class,
		.creating = !row->imported,
		.joined = row_is_inbounds(row) ? row->class : NULL};
	struct entry entry;

	if (!mv->deleted) {
		TRY(mv_entry(out->sync, mv, a, &entry, e));
		src.entry = &entry;
	}
	return wanted_compute(out, &src, NULL, a, ret, e);
}

void outbound_init(struct outbound *out, struct sync *s, struct sync_connector *c)
{
	const struct schema *schema = c->type->schema(&c->cfg->settings);

	*out = (struct outbound){.sync = s, .conn = c, .first = c->row.outbound_seq == 0};
	out->now = unix_now();
	out->classes = xcalloc(schema->n_classes, sizeof(*out->classes));
	for (unsigned i = 0; i < schema->n_classes; i++) {
		const struct schema_class *class = &schema->classes[i];

		out->classes[i].class = class->name;
		out->n_classes = i + 1;
		for (unsigned k = 0; k < class->n_attrs; k++) {
			unsigned attr = attr_intern(class->attrs[k].name);

			if (!(class->attrs[k].flags & SCHEMA_READ_ONLY))
				bitmap_set(&out->classes[i].attrs, attr);
			if (class->attrs[k].flags & SCHEMA_NEVER_EMPTY)
				bitmap_set(&out->classes[i].never_empty, attr);
		}
	}
}

void outbound_done(struct outbound *out)
{
	arena_done(&out->arena);
	arena_done(&out->link_arena);
	buf_done(&out->link_changed);
	bitmap_done(&out->baseline);
	bitmap_done(&out->failed);
	for (unsigned i = 0; i < out->n_classes; i++) {
		bitmap_done(&out->classes[i].attrs);
		bitmap_done(&out->classes[i].never_empty);
	}
	free(out->classes);
}
