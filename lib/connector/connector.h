/*
 * connector: a const vtable between a directory and the import and export steps. A connector
 * emits entries and a cursor, and sends deltas; it knows nothing of the store, the metaverse or
 * the rules. A new kind of directory is a folder with a struct connector_type, a row in
 * connector_types[] and a library in CMakeLists.txt.
 *
 * An import pushes: the connector calls the sink as objects arrive, since only the directory knows
 * how many come, in which order and when a page is complete, and the step only has to keep up. An
 * export pulls: the connector asks the source for the next item when it has room for one, since
 * only the connector knows how many fit into a request and how fast the service takes them; the
 * step marks an item as sent before its first byte leaves, and learns its outcome in any order.
 */
#pragma once

#include "report/record.h"
#include "connector/authority.h"
#include "connector/export.h"
#include "connector/extension.h"
#include "connector/host.h"
#include "connector/import.h"
#include "connector/lookup.h"
#include "connector/readiness.h"
#include "connector/settings.h"
#include "model/schema.h"

/* An open one. Each type defines the struct for itself; nobody else looks inside. */
struct connector;
struct test_request; /* check.h */
struct test_sink;

struct connector_type {
	const char *name; /* "ad", "entra" */

	/* --- what the steps go by; a role (source, target) follows from the rules --- */

	/* An import keeps every attribute that it gets, also those that no rule reads. */
	bool imports_all;
	/* A partial object is enough to know that the object can be read: its import error ends. */
	bool partial_is_whole;
	/* The directory itself says when a reference ends because its target was deleted. */
	bool tells_reference_ends;
	/*
	 * What is written needs an administrator's word for each purpose: an outbound rule is in
	 * force only when it names a setting that is on.
	 */
	bool writes_by_setting;
	/* The DN of an object may be changed: EXPORT_RENAME. */
	bool can_rename;
	/*
	 * The attribute that identifies an object for as long as it lives; outbound rules may join
	 * by it alone. NULL: there is none.
	 */
	const char *identity_attr;
	/*
	 * The DN of a new object, made of the values that the rules want; in the arena. NULL: they
	 * are missing. The function is NULL where objects cannot be created.
	 */
	const char *(*target_dn)(const struct entry *wanted, struct arena *a);
	/* The part of a value of unique_attrs that must be unique. False: it need not be. */
	bool (*unique_part)(
		const char *attr, const struct value *v, const char **ret, size_t *ret_n);
	/* Reference values are anchors, and a full import may deliver them one by one. */
	bool refs_are_anchors;
	/*
	 * Otherwise: what a reference value names, in the arena; *ret_anchor NULL when it tells
	 * only the DN.
	 */
	void (*reference)(
		const char *value, struct arena *a, const char **ret_anchor, const char **ret_dn);
	/* Attributes whose values no two objects may share; NULL-terminated, NULL: none. */
	const char *const *unique_attrs;
	/*
	 * A value that stands in for `value` of such an attribute while objects exchange theirs;
	 * `key` makes it unique. In the arena. NULL: the attribute can be without a value.
	 */
	const char *(*stand_in)(
		const char *attr, const char *value, const char *key, struct arena *a);
	/*
	 * By whose imported values an object of the class is recognized that is ours and shows no
	 * DN, see sync/recognize.h; the surest first, NULL-terminated. NULL: by none.
	 */
	const char *const *(*recognized_by)(const char *class);
	/*
	 * The boolean attribute that shows that an object is mastered by us. One that does not show
	 * it is taken over: everything of it is sent. NULL: there is no such attribute.
	 */
	const char *(*mastered_attr)(const struct settings *s);
	/*
	 * The i-th form (from 0) of an anchor that an object with this id of the directory may
	 * have, in the arena; NULL: there are no more. The function is NULL where ids are anchors.
	 */
	const char *(*anchor_of)(const char *id, unsigned i, struct arena *a);
	/* Moving an authority of the table that follows; NULL: it is moved by other means. */
	const struct authority_type *authority;
	/*
	 * The boolean attribute by which an object shows that somebody else writes it, whom these
	 * settings leave it to (AUTHORITY_ON_PREMISES). NULL: none does; the function may be NULL.
	 */
	const char *(*foreign_attr)(const struct settings *s);
	/* The strongest first; none: nobody but us has one. What each blocks: sync/soa.h. */
	const struct authority_def *authorities;
	unsigned n_authorities;
	/* Brings values into the shape in which the directory keeps them. NULL: any is kept. */
	void (*settle)(const char *class, struct entry *en);
	/*
	 * Will the directory refuse one of the values to be sent (delta NULL: of all)? The name of
	 * its error; *ret_text, in the arena, says which and why. NULL: not as far as is known.
	 */
	const char *(*problem)(const struct entry *wanted, const struct delta *delta,
		struct arena *a, const char **ret_text);
	const char *const *problem_errors; /* the names that it gives; NULL-terminated */
	/* The class of groups, and the attribute that holds their members; NULL: there are none. */
	const char *group_class, *member_attr;
	const char *dn_attr; /* the attribute whose value is the DN; NULL: none */
	/* Is an attribute the directory's own business, missed in no other? NULL: none is. */
	bool (*attr_is_operational)(const char *attr);
	/* Directory extensions; NULL where the type does not give, or does not take, any. */
	const struct extension_source *extension_source;
	const struct extension_target *extension_target;
	const struct option_def *options;
	unsigned n_options;
	/* They choose the joins of the rules: one value for all connectors of the type. */
	const char *match_setting, *match_attr_setting;
	/* Checks what the table cannot; offline. */
	int (*check)(const struct settings *s, struct err *e) _must_check_;
	/* Offline: what the rules are checked against; static. settings NULL: none configured. */
	const struct schema *(*schema)(const struct settings *s);
	/* DNs of the parts with parameters of their own, in the arena, NULL-terminated. */
	char **(*partitions)(const struct settings *s, struct arena *a);
	/*
	 * Which write surfaces send an attribute of a class, a set of bits; 0: none does. NULL
	 * where there is only one surface; the two that follow are then NULL, too.
	 */
	unsigned (*surfaces)(const char *class, const char *attr);
	/* The bit of the surface that the settings choose; settings NULL: all bits. */
	unsigned (*surface)(const struct settings *s);
	/* A set that surfaces() gives, for people. */
	const char *(*surfaces_text)(unsigned surfaces);
	/*
	 * The value of a %Parameter% of rules in a partition, by its number; NULL: it has none in
	 * directories of this type; offline. names: what the last import kept (import_sink.names),
	 * NULL: nothing. The text lives in the arena or in s.
	 */
	const char *(*parameter)(const struct settings *s, const char *names, unsigned partition,
		const char *name, struct arena *a);

	/* A cursor for people: how changes are read, lines of text, in the arena. NULL: nothing. */
	const char *(*state)(const void *cursor, size_t n, struct arena *a);
	/*
	 * Of the functions below e->code is -EACCES when the directory refuses the credentials, or
	 * they cannot be used; -EPERM when they are good and a right is missing.
	 */

	/* Prepares; connects lazily. `host` outlives the connector. */
	enum conn_result (*open)(const struct settings *s, const struct connector_host *host,
		struct connector **ret, struct err *e) _must_check_;
	void (*close)(struct connector *c); /* NULL is fine */
	enum conn_result (*import)(struct connector *c, const struct import_request *req,
		struct import_sink *sink, struct import_answer *ret, struct err *e) _must_check_;
	/* Chosen objects, see lookup.h. NULL: the connector cannot. */
	enum conn_result (*lookup)(struct connector *c, const struct lookup_request *req,
		struct import_sink *sink, struct err *e) _must_check_;
	/* Settings, rights and the directory's state, each as a finding. NULL: no test. */
	enum conn_result (*test)(struct connector *c, const struct test_request *req,
		struct test_sink *sink, struct err *e) _must_check_;
	/* What to do about an import or export error of that name; NULL: nothing is known. */
	const char *(*error_advice)(const char *name);
	/* NULL: the connector cannot be a target. */
	enum conn_result (*export)(
		struct connector *c, struct export_source *source, struct err *e) _must_check_;
	/*
	 * After the last export() of a run, when something was sent: tells the directory that the
	 * export is over. What it took stays taken, whatever comes of this. NULL: nothing to tell.
	 */
	enum conn_result (*export_end)(struct connector *c, struct err *e) _must_check_;
	/*
	 * Why connector_host.dry cannot be served with these settings; NULL: it can. The function
	 * is NULL where it never can.
	 */
	const char *(*no_dry_run)(const struct settings *s);
	/* What its objects mean for a change of their authority. NULL: it is no source of them. */
	const struct readiness_facts *readiness;
	/*
	 * Tells what stands in the way of changing the authority over objects of these classes,
	 * `back` to the source or away from it: rights, what the directory forbids. NULL: nothing
	 * is known.
	 */
	enum conn_result (*authority_ready)(struct connector *c, const char *const *classes,
		unsigned n, bool back, struct readiness_sink *sink, struct err *e) _must_check_;
};

extern const struct connector_type *const connector_types[]; /* NULL-terminated */
const struct connector_type *connector_type_find(const char *name);
