/*
 * Values that a directory takes and never shows, through the export and the import of a directory
 * of this test: sent once, never believed before they were accepted, and told with what is shown.
 */
#include "../store/fixture.h"
#include "connector/connector.h"
#include "lang/rule/metaverse.h"
#include "store/connector_row.h"
#include "store/cs_link.h"
#include "store/error.h"
#include "sync/adopt.h"
#include "sync/export/target.h"
#include "sync/images.h"
#include "sync/outbound/outbound.h"
#include "sync/step.h"
#include "sync/unreadable.h"

#include <errno.h>

static const char METAVERSE[] = "{\"classes\": {\"person\": {\"title\": \"string\"}}}";
static const char RULES[] = "{\"rules\": [{\"name\": \"In\", \"precedence\": 1, "
			    "\"direction\": \"Inbound\", \"connectorType\": \"fake\", "
			    "\"sourceObjectType\": \"user\", \"targetObjectType\": \"person\", "
			    "\"linkType\": \"Provision\", "
			    "\"flows\": [{\"dest\": \"title\", \"source\": \"title\"}]}]}";

static struct schema_attr attrs[] = {
	{"title", VALUE_STRING, 0},
	{"info", VALUE_STRING, SCHEMA_UNREADABLE},
	{"notes", VALUE_STRING, SCHEMA_UNREADABLE | SCHEMA_MULTI},
	{"boss", VALUE_REFERENCE, SCHEMA_UNREADABLE},
	{"friends", VALUE_REFERENCE, SCHEMA_UNREADABLE | SCHEMA_MULTI},
	{"peers", VALUE_REFERENCE, SCHEMA_MULTI},
};
static struct schema_class classes[] = {{"user", attrs, ARRAY_SIZE(attrs)}, {"room", attrs, 1}};
static struct schema schema = {"fake", classes, 2, false};

/* How the directory answers what is sent. */
enum answer { ACCEPTS, REFUSES, REFUSES_INFO, SAYS, NEVER_ANSWERS };

/* What an import shows of the object. */
struct shown {
	bool full, gone;
	const char *title, *info; /* NULL: nothing of it; info "": it has none */
	const char *friends;      /* anchor of the one that it shows */
};

static struct {
	enum answer answer;
	struct buf sent; /* "update info=x; " */
	struct shown shown;
} fake;

static const struct schema *fake_schema(const struct settings *s)
{
	return &schema;
}

static enum conn_result fake_open(const struct settings *s, const struct connector_host *host,
	struct connector **ret, struct err *e)
{
	*ret = NULL;
	return CONN_OK;
}

static void fake_close(struct connector *c)
{
}

static void note_sent(const struct export_item *item)
{
	if (item->kind == EXPORT_LINK) {
		buf_addf(&fake.sent, "%s %s %s; ", delta_op_name(item->op),
			attr_name(item->link_attr), item->target_anchor);
		return;
	}
	buf_adds(&fake.sent, delta_op_name(item->op));
	for (unsigned i = 0; i < item->delta->n_attrs; i++) {
		const struct delta_attr *d = &item->delta->attrs[i];

		buf_addf(&fake.sent, " %s=%s", attr_name(d->id),
			d->after && d->after->count ? d->after->values[0].data : "-");
	}
	buf_adds(&fake.sent, "; ");
}

static enum conn_result fake_export(
	struct connector *c, struct export_source *source, struct err *e)
{
	unsigned info = attr_intern("info");
	struct export_item item;
	int r;

	while ((r = source->next(source, &item, e)) > 0) {
		struct export_outcome o = {.result = CONN_OK, .anchor = "u"};

		note_sent(&item);
		if (fake.answer == NEVER_ANSWERS) {
			err_set(e, -ETIMEDOUT, NULL, 0, "killed");
			return CONN_DOWN;
		}
		if (fake.answer == REFUSES || fake.answer == REFUSES_INFO)
			o = (struct export_outcome){.result = CONN_OBJECT_BAD, .text = "no"};
		if (fake.answer == REFUSES_INFO) {
			o.refused = &info;
			o.n_refused = 1;
			o.rest_sent = true;
		}
		if (fake.answer == SAYS)
			o.text = "taken without the address";
		if (source->result(source, item.id, &o, e) < 0)
			return CONN_RUN_BAD;
	}
	return r < 0 ? CONN_RUN_BAD : CONN_OK;
}

static int show(struct import_sink *sink, const char *anchor, const struct shown *s, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct ref_change change = {attr_intern("friends"), s->friends, true};
	struct entry en;
	struct import_object o = {.entry = &en, .changes = &change, .n_changes = !!s->friends};

	entry_init(&en, &a);
	en.class = "user";
	en.anchor = anchor;
	en.dn = arena_printf(&a, "CN=%s", anchor);
	if (s->title)
		entry_set(&en, attr_intern("title"), value_string(s->title));
	if (s->info && *s->info)
		entry_set(&en, attr_intern("info"), value_string(s->info));
	else if (s->info)
		entry_clear(&en, attr_intern("info"));
	return sink->object(sink, &o, e);
}

static enum conn_result fake_import(struct connector *c, const struct import_request *req,
	struct import_sink *sink, struct import_answer *ret, struct err *e)
{
	static const struct shown other = {.title = "t"};

	ret->full = fake.shown.full;
	if (!fake.shown.gone && show(sink, "u", &fake.shown, e) < 0)
		return CONN_RUN_BAD;
	if (show(sink, "a", &other, e) < 0 || show(sink, "b", &other, e) < 0)
		return CONN_RUN_BAD;
	return sink->cursor(sink, "c", 1, e) < 0 ? CONN_RUN_BAD : CONN_OK;
}

static const struct connector_type fake_type = {
	.name = "fake",
	.imports_all = true,
	.refs_are_anchors = true,
	.schema = fake_schema,
	.open = fake_open,
	.close = fake_close,
	.import = fake_import,
	.export = fake_export,
};

static const struct run_host host; /* wants to know nothing */

struct world {
	struct fixture *f;
	struct config *cfg;
	struct connector_config conn_cfg;
	struct schema *metaverse;
	struct rule_schema schemas[2];
	struct ruleset *rules;
	struct sync_connector conn;
	struct sync sync;
	int64_t row;
	struct step_end end; /* of the last step */
};

static void read_rules(struct world *w)
{
	struct fixture *f = w->f;
	json_t *root = json_loads(METAVERSE, 0, NULL);

	assert_int_equal(metaverse_schema_read("metaverse", root, &w->metaverse, &f->err), 0);
	json_decref(root);
	w->schemas[0] = (struct rule_schema){"fake", "fake", &schema};
	w->schemas[1] = (struct rule_schema){.schema = w->metaverse};
	if (ruleset_load_text("test", RULES, w->schemas, 2, &w->rules, &f->err) < 0)
		fail_msg("%s", f->err.text);
}

static void world_init(struct world *w, struct fixture *f)
{
	_cleanup_free_ char *path = xasprintf("%s/adsyncd.conf", f->dir);
	struct cs_row row = {
		.class = "user", .kind = CS_EXPORT, .dn = "CN=u", .want = WANT_PRESENT};
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs("[connector \"fake\"]\ntype = ad\nsource = ldif:/a.ldif\nbase_dn = DC=a,DC=x\n",
		file);
	fclose(file);
	*w = (struct world){.f = f};
	buf_clear(&fake.sent);
	fake.answer = ACCEPTS;
	fake.shown = (struct shown){.title = "t"};
	GOOD(config_load(path, &w->cfg, &f->err));
	read_rules(w);
	w->conn_cfg = w->cfg->connectors[0];
	w->conn_cfg.type = &fake_type;
	w->conn = (struct sync_connector){.name = "fake",
		.type = &fake_type,
		.cfg = &w->conn_cfg,
		.is_target = true,
		.is_source = true,
		.provisions = true};
	w->sync = (struct sync){.cfg = w->cfg,
		.rules = w->rules,
		.metaverse = w->metaverse,
		.store = f->store,
		.host = &host,
		.connectors = &w->conn,
		.n_connectors = 1};
	unreadable_init(&w->conn, &w->sync.arena);
	GOOD(store_begin(f->store, &f->err));
	GOOD(connector_ensure(f->store, "fake", "fake", &f->arena, &w->conn.row, &f->err));
	row.connector = w->conn.row.id;
	row_set_state(&row, EXPORT_EVENT_CHANGED);
	GOOD(cs_insert(f->store, &row, &f->err));
	w->row = row.id;
	GOOD(store_commit(f->store, &f->err));
}

static void world_done(struct world *w)
{
	sync_done(&w->sync);
	ruleset_free(w->rules);
	metaverse_schema_free(w->metaverse);
	config_free(w->cfg);
	buf_done(&fake.sent);
}

static void row_of(struct world *w, struct cs_row *ret)
{
	struct fixture *f = w->f;

	GOOD(cs_get(f->store, w->row, &f->arena, ret, &f->err));
}

static void put(struct entry *en, const char *attr, const char *value)
{
	if (value && *value)
		entry_add(en, attr_intern(attr), value_string(value));
	else if (value)
		entry_clear(en, attr_intern(attr));
}

/* What the rules want from now on; "": to be cleared. */
static void want(struct world *w, const char *title, const char *info)
{
	struct fixture *f = w->f;
	struct outbound out = {.sync = &w->sync, .conn = &w->conn};
	struct wanted wanted = {.provision = true};
	struct cs_row row;

	row_of(w, &row);
	entry_init(&wanted.entry, &f->arena);
	put(&wanted.entry, "title", title);
	put(&wanted.entry, "info", info);
	put(&wanted.entry, "notes", "");
	GOOD(store_begin(f->store, &f->err));
	GOOD(entry_image(
		&w->sync, &wanted.entry, &f->arena, &row.wanted, &row.wanted_len, &f->err));
	GOOD(outbound_set_state(&out, &row, &wanted, true, &f->err));
	GOOD(cs_update(f->store, &row, false, &f->err));
	GOOD(store_commit(f->store, &f->err));
	arena_done(&out.arena);
}

/* Exports, and says what was sent. */
static const char *export(struct world *w, enum answer answer)
{
	struct fixture *f = w->f;

	w->end = (struct step_end){.result = STEP_RESULT_SUCCESS};
	w->sync.counters = (struct counters){0};
	w->sync.n_errors = 0;
	w->sync.run++;
	buf_clear(&fake.sent);
	fake.answer = answer;
	GOOD(step_export(&w->sync, &w->conn, &w->end, &f->err));
	return buf_str(&fake.sent);
}

static void import(struct world *w, struct shown shown)
{
	struct fixture *f = w->f;

	w->end = (struct step_end){.result = STEP_RESULT_SUCCESS};
	w->sync.run++;
	fake.shown = shown;
	GOOD(step_import(&w->sync, &w->conn, shown.full, &w->end, &f->err));
}

static void is_state(struct world *w, enum export_state state)
{
	struct cs_row row;

	row_of(w, &row);
	assert_string_equal(export_state_name(row.state), export_state_name(state));
}

/* What is known of `info`; "?": in doubt, NULL: nothing. */
static void is_known(struct world *w, const char *info)
{
	struct fixture *f = w->f;
	const struct attr *at;
	struct cs_row row;
	struct entry en;

	row_of(w, &row);
	GOOD(row_entry(&w->sync, &row, false, &f->arena, &en, &f->err));
	at = entry_get(&en, attr_intern("info"));
	if (!info)
		assert_null(at);
	else
		assert_string_equal(at && at->count ? at->values[0].data : at ? "?" : "-", info);
	if (!info)
		assert_null(row.acknowledged);
}

/* Title t and info x are there, and known. */
static void settled(struct world *w, struct fixture *f)
{
	world_init(w, f);
	want(w, "t", "x");
	assert_string_equal(export(w, ACCEPTS), "add title=t info=x; ");
	is_state(w, EXPORT_STATE_EXPORTED);
	is_known(w, "x");
	import(w, (struct shown){.full = true, .title = "t"});
	is_state(w, EXPORT_STATE_CONFIRMED);
	assert_string_equal(export(w, ACCEPTS), "");
}

static void test_once(void **state)
{
	struct fixture *f = *state;
	struct world w;

	settled(&w, f);
	import(&w, (struct shown){.title = "t"});
	import(&w, (struct shown){.full = true, .title = "t"});
	assert_string_equal(export(&w, ACCEPTS), "");
	is_known(&w, "x");
	/* a change is sent alone, and waits for no import */
	want(&w, "t", "y");
	assert_string_equal(export(&w, ACCEPTS), "update info=y; ");
	is_state(&w, EXPORT_STATE_CONFIRMED);
	assert_string_equal(export(&w, ACCEPTS), "");
	/* beside what is shown it does */
	want(&w, "u", "z");
	assert_string_equal(export(&w, ACCEPTS), "update title=u info=z; ");
	is_state(&w, EXPORT_STATE_EXPORTED);
	import(&w, (struct shown){.title = "u"});
	is_state(&w, EXPORT_STATE_CONFIRMED);
	is_known(&w, "z");
	/* cleared once, then there is nothing */
	want(&w, "u", "");
	assert_string_equal(export(&w, ACCEPTS), "update info=-; ");
	is_known(&w, NULL);
	import(&w, (struct shown){.full = true, .title = "u"});
	assert_string_equal(export(&w, ACCEPTS), "");
	is_state(&w, EXPORT_STATE_CONFIRMED);
	world_done(&w);
}

/* A send without an answer: nothing is believed, whatever the rules want by then. */
static void test_doubt(void **state)
{
	static const struct {
		const char *sent, *then, *again;
		bool import;
	} cases[] = {
		{"y", "y", "update info=y; ", false},
		{"y", "x", "update info=x; ",
			false}, /* what was known before is not sure any more */
		{"y", "x", "update info=x; ", true},
		{"y", "", "update info=-; ", false},
		{"y", "", "update info=-; ", true},
		{"", "", "update info=-; ", false},
		{"", "x", "update info=x; ", true},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture *f;
		struct world w;

		assert_int_equal(fixture_up((void **)&f), 0);
		settled(&w, f);
		want(&w, "t", cases[i].sent);
		(void)export(&w, NEVER_ANSWERS);
		is_known(&w, "?");
		want(&w, "t", cases[i].then);
		if (cases[i].import)
			import(&w, (struct shown){.full = true, .title = "t"});
		if (strcmp(export(&w, ACCEPTS), cases[i].again) != 0)
			fail_msg("case %u: %s", i, buf_str(&fake.sent));
		is_state(&w, EXPORT_STATE_CONFIRMED);
		is_known(&w, *cases[i].then ? cases[i].then : NULL);
		assert_string_equal(export(&w, ACCEPTS), "");
		world_done(&w);
		fixture_down((void **)&f);
	}
	assert_non_null(*state);
}

/* The add itself was not answered, and its value is no longer wanted. */
static void test_doubt_of_an_add(void **state)
{
	struct fixture *f = *state;
	struct world w;

	world_init(&w, f);
	want(&w, "t", "x");
	(void)export(&w, NEVER_ANSWERS);
	want(&w, "t", "");
	import(&w, (struct shown){.full = true, .title = "t"}); /* it was made */
	assert_string_equal(export(&w, ACCEPTS), "update info=-; ");
	is_state(&w, EXPORT_STATE_CONFIRMED);
	world_done(&w);
}

static void test_refused(void **state)
{
	struct fixture *f = *state;
	struct world w;

	settled(&w, f);
	want(&w, "t", "y");
	assert_string_equal(export(&w, REFUSES), "update info=y; ");
	is_state(&w, EXPORT_STATE_FAILED);
	is_known(&w, "x");
	want(&w, "t", "x"); /* what is there is wanted again */
	assert_string_equal(export(&w, ACCEPTS), "");
	is_state(&w, EXPORT_STATE_CONFIRMED);
	/* only the value was refused */
	want(&w, "u", "y");
	assert_string_equal(export(&w, REFUSES_INFO), "update title=u info=y; ");
	is_state(&w, EXPORT_STATE_FAILED);
	is_known(&w, "x");
	world_done(&w);
}

static void test_gone(void **state)
{
	struct fixture *f = *state;
	struct world w;

	settled(&w, f);
	import(&w, (struct shown){.full = true, .gone = true});
	is_known(&w, NULL);
	assert_string_equal(export(&w, ACCEPTS), "add title=t info=x; ");
	world_done(&w);
}

/* An import that carries such a value is believed. */
static void test_shown_after_all(void **state)
{
	struct fixture *f = *state;
	struct world w;

	settled(&w, f);
	import(&w, (struct shown){.title = "t", .info = "edited"});
	is_known(&w, "edited");
	is_state(&w, EXPORT_STATE_PENDING);
	assert_string_equal(export(&w, ACCEPTS), "update info=x; ");
	import(&w, (struct shown){.title = "t", .info = "x"});
	is_state(&w, EXPORT_STATE_CONFIRMED);
	import(&w, (struct shown){.title = "t", .info = ""});
	is_known(&w, NULL);
	is_state(&w, EXPORT_STATE_PENDING);
	world_done(&w);
}

/* After a roll-back everything is sent, also what is to be empty: nobody knows what is there. */
static void test_roll_back(void **state)
{
	struct fixture *f = *state;
	struct cs_row row;
	struct world w;

	settled(&w, f);
	row_of(&w, &row);
	row.export_all = true;
	row_set_state(&row, EXPORT_EVENT_UNBLOCKED);
	GOOD(store_begin(f->store, &f->err));
	GOOD(cs_update(f->store, &row, false, &f->err));
	GOOD(store_commit(f->store, &f->err));
	assert_string_equal(export(&w, ACCEPTS), "update title=t info=x notes=-; ");
	is_state(&w, EXPORT_STATE_EXPORTED);
	import(&w, (struct shown){.title = "t"});
	is_state(&w, EXPORT_STATE_CONFIRMED);
	world_done(&w);
}

/* --- references --- */

static int64_t target(struct world *w, const char *anchor)
{
	struct fixture *f = w->f;
	int64_t id;

	GOOD(cs_id_by_anchor(f->store, w->conn.row.id, anchor, &id, &f->err));
	return id;
}

static void want_link(struct world *w, const char *attr, const char *anchor, bool wanted)
{
	struct fixture *f = w->f;
	struct cs_link l = {.cs = w->row, .attr = attr_intern(attr), .target = target(w, anchor)};
	int r = cs_link_get(f->store, l.cs, l.attr, l.target, &l, &f->err);

	assert_true(r == 0 || r == STORE_NONE);
	l.wanted = wanted;
	link_set_state(&l, l.imported == wanted ? EXPORT_EVENT_SETTLED : EXPORT_EVENT_CHANGED);
	GOOD(store_begin(f->store, &f->err));
	GOOD(cs_link_put(f->store, &l, false, &f->err));
	GOOD(store_commit(f->store, &f->err));
}

static void is_link(struct world *w, const char *attr, const char *anchor, bool imported,
	enum export_state state)
{
	struct fixture *f = w->f;
	struct cs_link l;

	GOOD(cs_link_get(f->store, w->row, attr_intern(attr), target(w, anchor), &l, &f->err));
	assert_int_equal(l.imported, imported);
	assert_string_equal(export_state_name(l.state), export_state_name(state));
}

static void test_references(void **state)
{
	struct fixture *f = *state;
	struct world w;

	settled(&w, f);
	want_link(&w, "friends", "a", true);
	want_link(&w, "peers", "a", true);
	assert_string_equal(export(&w, ACCEPTS), "add friends a; add peers a; ");
	is_link(&w, "friends", "a", true, EXPORT_STATE_CONFIRMED);
	is_link(&w, "peers", "a", false, EXPORT_STATE_EXPORTED);
	/* a full import that does not deliver it says nothing about it */
	import(&w, (struct shown){.full = true, .title = "t"});
	is_link(&w, "friends", "a", true, EXPORT_STATE_CONFIRMED);
	is_link(&w, "peers", "a", false, EXPORT_STATE_FAILED);
	want_link(&w, "peers", "a", false);
	assert_string_equal(export(&w, ACCEPTS), "");
	want_link(&w, "friends", "a", false);
	assert_string_equal(export(&w, ACCEPTS), "delete friends a; ");
	is_link(&w, "friends", "a", false, EXPORT_STATE_CONFIRMED);
	assert_string_equal(export(&w, ACCEPTS), "");
	world_done(&w);
}

/* One reference takes the place of another; nothing has to be said about the old one. */
static void test_single_reference(void **state)
{
	struct fixture *f = *state;
	struct world w;

	settled(&w, f);
	want_link(&w, "boss", "a", true);
	assert_string_equal(export(&w, ACCEPTS), "add boss a; ");
	want_link(&w, "boss", "a", false);
	want_link(&w, "boss", "b", true);
	assert_string_equal(export(&w, ACCEPTS), "add boss b; ");
	is_link(&w, "boss", "a", false, EXPORT_STATE_CONFIRMED);
	is_link(&w, "boss", "b", true, EXPORT_STATE_CONFIRMED);
	assert_string_equal(export(&w, ACCEPTS), "");
	world_done(&w);
}

/* Killed after the reference was sent, and the rules want it no more. */
static void test_doubtful_reference(void **state)
{
	struct fixture *f = *state;
	struct world w;

	settled(&w, f);
	want_link(&w, "friends", "a", true);
	(void)export(&w, NEVER_ANSWERS);
	is_link(&w, "friends", "a", false, EXPORT_STATE_SENDING);
	want_link(&w, "friends", "a", false);
	import(&w, (struct shown){.full = true, .title = "t"});
	assert_string_equal(export(&w, ACCEPTS), "delete friends a; ");
	is_link(&w, "friends", "a", false, EXPORT_STATE_CONFIRMED);
	world_done(&w);
}

/* --- the rest --- */

/* The row that is found in the directory keeps what is known of it. */
static void test_adopted(void **state)
{
	struct fixture *f = *state;
	struct cs_row row, made = {.class = "user", .dn = "CN=made", .want = WANT_PRESENT};
	struct world w;

	settled(&w, f);
	GOOD(store_begin(f->store, &f->err));
	row_of(&w, &row);
	made.connector = row.connector;
	GOOD(cs_insert(f->store, &made, &f->err));
	GOOD(row_adopt(&w.sync, &made, &row, &f->err));
	w.row = made.id;
	is_known(&w, "x");
	row_of(&w, &made);
	GOOD(cs_link_touch_target(f->store, made.id, &f->err));
	GOOD(row_remove(&w.sync, &made, &f->err));
	assert_int_equal(cs_get(f->store, w.row, &f->arena, &row, &f->err), STORE_NONE);
	GOOD(store_commit(f->store, &f->err));
	world_done(&w);
}

/* A yes with a remark: kept, told, and no failure; gone with the next send that has none. */
static void test_said(void **state)
{
	struct fixture *f = *state;
	struct error_row er;
	struct world w;

	settled(&w, f);
	want(&w, "t", "y");
	assert_string_equal(export(&w, SAYS), "update info=y; ");
	assert_string_equal(step_result_word(w.end.result), "completed-warnings");
	assert_int_equal(w.sync.counters.n[COUNTER_EXPORT_UPDATE], 1);
	assert_int_equal(w.sync.counters.n[COUNTER_EXPORT_WARNING], 1);
	assert_int_equal(w.sync.counters.n[COUNTER_EXPORT_FAILURE], 0);
	GOOD(error_get(f->store, w.row, ERROR_WARNING, &f->arena, &er, &f->err));
	assert_string_equal(er.text, "taken without the address");
	assert_string_equal(er.type, error_type_word(ERROR_TYPE_ACCEPTED_WITH_WARNING));
	assert_string_equal(export(&w, ACCEPTS), ""); /* nothing is sent for it */
	assert_int_equal(w.end.result, STEP_RESULT_SUCCESS);
	GOOD(error_get(f->store, w.row, ERROR_WARNING, &f->arena, &er, &f->err));
	want_link(&w, "friends", "a", true); /* says nothing about the rest */
	assert_string_equal(export(&w, ACCEPTS), "add friends a; ");
	GOOD(error_get(f->store, w.row, ERROR_WARNING, &f->arena, &er, &f->err));
	want(&w, "t", "z");
	assert_string_equal(export(&w, ACCEPTS), "update info=z; ");
	assert_int_equal(
		error_get(f->store, w.row, ERROR_WARNING, &f->arena, &er, &f->err), STORE_NONE);
	world_done(&w);
}

#define WITH(t) cmocka_unit_test_setup_teardown(t, fixture_up, fixture_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_once),
		WITH(test_doubt),
		WITH(test_doubt_of_an_add),
		WITH(test_refused),
		WITH(test_gone),
		WITH(test_shown_after_all),
		WITH(test_roll_back),
		WITH(test_references),
		WITH(test_single_reference),
		WITH(test_doubtful_reference),
		WITH(test_adopted),
		WITH(test_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
