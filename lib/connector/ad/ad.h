/* The AD connector's own: settings, scope, cursor, one object under construction, the sources. */
#pragma once

#include "base/buf.h"
#include "connector/ad/cursor.h"
#include "connector/ad/schema.h"
#include "connector/connector.h"
#include "base/hashset.h"
#include "model/dtyp.h"

#include <jansson.h>

#define AD_VALUES_MAX 1000000 /* of one attribute of one object */
#define AD_EXTENSIONS_MAX 100 /* values that an object may have over all extensions */
#define AD_OUS_MAX 1000       /* include_ou and exclude_ou; each object is looked up in them */
#define AD_SOURCES_MAX 64

/* extension.c */
extern const struct extension_source ad_extension_source;

/* One line of include_ou or exclude_ou. */
struct ad_ou {
	const char *text; /* as configured: a DN or <GUID=...> */
	bool include;
	const char *guid;          /* NULL: the server gave none */
	const char *dn, *key;      /* now; NULL: an excluded one that does not exist any more */
	const char *was, *was_key; /* at the last import; NULL: as now */
};

struct connector {
	const struct settings *settings;
	const struct connector_host *host;
	char **sources;            /* NULL-terminated */
	char **bases, **base_keys; /* naming contexts; NULL-terminated */
	struct ad_ou *ous;
	unsigned n_ous;
	struct arena arena;
};

/* --- scope: scope.c --- */

void ad_scope_init(struct connector *con);
/* The number of the naming context that holds a DN: the most specific one; 0 when none does. */
unsigned ad_base_of(const struct connector *con, const char *key);
/* The most specific line that holds the object decides; `before`: as of the last import. */
bool ad_in_scope(const struct connector *con, const char *key, bool before);
/* A container was renamed or moved: are the same objects below it in scope as before? */
bool ad_move_keeps_scope(const struct connector *con, const char *old_key, const char *new_key);
/* Appends text as a value in an LDAP filter (RFC 4515). */
void ad_filter_escape(struct buf *b, const char *value);
/* The attribute names in an LDAP filter, NULL-terminated, in the arena. */
const char **ad_filter_attrs(const char *filter, struct arena *a);

/* --- one object: object.c --- */

/* What one import is about; shared by the LDAP and the LDIF source. */
struct ad_import {
	struct connector *con;
	const struct import_request *req;
	struct import_sink *sink;
	bool *wanted; /* by attribute number: the rules read it */
	unsigned n_wanted;
	bool unique; /* no object may come twice */
	/* a lookup: attributes that nobody asked for, too; any object, whatever scope and class */
	bool everything, any_scope;
	struct hashset guids, dns, pairs;
	unsigned domain; /* number of the naming context that is read */
	char **retry;    /* objects that could not be read: "domain anchor"; owned */
	unsigned n_retry;
	bool retry_lost; /* there are others: the next import reads everything */
	/* the object under construction */
	struct arena arena;
	struct entry entry;
	const char *key; /* dn_key() of its DN */
	struct value *classes;
	unsigned n_classes, cap_classes;
	unsigned char guid[16];
	char anchor[GUID_TEXT_SIZE];
	unsigned n_guids;
	struct ref_change *changes;
	unsigned n_changes, cap_changes;
	bool is_cut;         /* not all of it came: what it has not may be there */
	bool is_deleted;     /* a tombstone */
	bool is_new;         /* tells when it was created, which never changes */
	bool is_restored;    /* isDeleted was taken away */
	bool is_container;   /* an OU or the like */
	const char *problem; /* what is wrong with it */
	char problem_text[256];
};

void ad_import_init(struct ad_import *im, struct connector *con, const struct import_request *req,
	struct import_sink *sink);
void ad_import_done(struct ad_import *im);
/* Forgets which objects were delivered: the same may come once more. */
void ad_import_again(struct ad_import *im);
void ad_import_forget_retries(struct ad_import *im);

/* One object: begin, its values, close; then what it turned out to be can be looked at. */
void ad_object_begin(struct ad_import *im, const char *dn);
/* options (";range=...") must have been cut from the name */
void ad_object_value(
	struct ad_import *im, const char *name, size_t n, const char *data, size_t len);
/*
 * A line of a file: the name with its options, of which a part of the values (";range=0-1499") is a
 * problem; objectGUID and SIDs may be text.
 */
void ad_object_line(struct ad_import *im, const char *name, size_t n, const char *data, size_t len);
/* The attribute has lost all its values. */
void ad_object_clear(struct ad_import *im, const char *name, size_t n);
/* One reference of a long list was added or removed. */
void ad_object_change(
	struct ad_import *im, const char *name, size_t n, const char *target, bool add);
/* Changes of the attribute can be told one by one, or nobody asks for them. */
bool ad_holds_references(const struct ad_import *im, const char *name, size_t n);
/* Something is wrong with the object under construction; the first time counts. */
void ad_object_problem(struct ad_import *im, const char *attr, size_t n, const char *what);
/* Not all of the object came. */
void ad_object_cut(struct ad_import *im, const char *what);
void ad_object_close(struct ad_import *im);
/* It is, or may be, an object that is imported. */
bool ad_object_is_ours(const struct ad_import *im);

/* Delivers an object of ours that is in scope, or tells the sink what is wrong with it. */
int ad_object_deliver(struct ad_import *im, bool partial, struct err *e) _must_check_;
/* A whole object of a full source: closes it, delivers it if it is ours and in scope. */
int ad_object_end(struct ad_import *im, struct err *e) _must_check_;
/* Tells that an object is gone (deleted) or left the scope. */
int ad_anchor_gone(
	struct ad_import *im, const char *anchor, bool deleted, struct err *e) _must_check_;

/* A hash of the settings and attributes that decide what an import delivers, for the cursor. */
uint64_t ad_import_digest(const struct ad_import *im, bool with_source);

/* --- the names of domains: names.c --- */

struct ad_names {
	json_t *domains; /* NULL: none is known */
	char *root;      /* DN of the forest's first domain */
};
void ad_names_done(struct ad_names *n);
#define _cleanup_names_ _cleanup_(ad_names_done)
/* A domain: its naming context, DNS name (NULL: not known) and NetBIOS name. */
void ad_names_add(struct ad_names *n, const char *context, const char *dns, const char *netbios);
void ad_names_root(struct ad_names *n, const char *dn);
/* As they are kept; the caller frees. */
char *ad_names_text(const struct ad_names *n);
/* Keeps them for the rules, and tells which are guessed, when they are others than before. */
int ad_names_keep(struct ad_import *im, const struct ad_names *n, struct err *e) _must_check_;
/* "AD of DC=ad,DC=example": which NetBIOS names are guessed; NULL: none. */
const char *ad_names_guessed(const struct settings *s, const char *text, struct arena *a);
bool ad_netbios_is_guessed(const struct settings *s, const char *text, unsigned partition);
/* connector_type.parameter, .partitions */
const char *ad_parameter(const struct settings *s, const char *text, unsigned partition,
	const char *name, struct arena *a);
char **ad_partitions(const struct settings *s, struct arena *a);

/* --- the sources --- */

enum conn_result ad_import_ldap(
	struct ad_import *im, struct import_answer *ret, struct err *e) _must_check_;
enum conn_result ad_import_ldif(struct ad_import *im, const char *path, struct import_answer *ret,
	struct err *e) _must_check_;
bool ad_source_is_ldif(const struct connector *con);
/* connector_type.lookup: lookup.c */
enum conn_result ad_lookup(struct connector *c, const struct lookup_request *req,
	struct import_sink *sink, struct err *e) _must_check_;

const char *ad_error_advice(const char *name);
/* readiness.c */
extern const struct readiness_facts ad_readiness;
/* write.c */
enum conn_result ad_export(
	struct connector *c, struct export_source *source, struct err *e) _must_check_;
enum conn_result ad_test(struct connector *c, const struct test_request *req,
	struct test_sink *sink, struct err *e) _must_check_;

/* "<GUID=...>;<SID=...>;DN", or a DN: [MS-ADTS] 3.1.1.3.4.1.5. */
void ad_reference(const char *value, struct arena *a, const char **ret_anchor, const char **ret_dn);
