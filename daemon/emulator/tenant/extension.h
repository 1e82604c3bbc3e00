/*
 * Directory extensions: properties that applications define for users, groups and devices of the
 * tenant (learn.microsoft.com/graph/api/resources/extensionproperty). A definition is a row behind
 * the fixed ones of the property table, so that everything that works with properties works with
 * it: the table is the emulator's that has called extensions_use() last.
 */
#pragma once

#include "tenant/change.h"
#include "tenant/tenant.h"

#define EXTENSIONS_MAX (PROPERTIES_MAX - EXTENSIONS_FROM)
#define EXTENSION_VALUES_MAX 100 /* on one object, of all applications */

/* X(enum, dataType, kind); the databases of the tenants hold their numbers */
#define DATA_TYPES(X)                                \
	X(BINARY, "Binary", KIND_BINARY)             \
	X(BOOLEAN, "Boolean", KIND_BOOLEAN)          \
	X(DATE_TIME, "DateTime", KIND_TIME)          \
	X(INTEGER, "Integer", KIND_INTEGER)          \
	X(LARGE_INTEGER, "LargeInteger", KIND_LARGE) \
	X(STRING, "String", KIND_STRING)
enum data_type {
#define X(id, name, kind) DATA_TYPE_##id,
	DATA_TYPES(X)
#undef X
		DATA_TYPE_COUNT
};

/* X(enum, targetObjects, bit of the object types); as above */
#define TARGETS(X)                                      \
	X(USER, "User", 1u << TYPE_USER)                \
	X(GROUP, "Group", 1u << TYPE_GROUP)             \
	X(ADMINISTRATIVE_UNIT, "AdministrativeUnit", 0) \
	X(APPLICATION, "Application", 0)                \
	X(DEVICE, "Device", 1u << TYPE_DEVICE)          \
	X(ORGANIZATION, "Organization", 0)
enum target {
#define X(id, name, types) TARGET_##id,
	TARGETS(X)
#undef X
		TARGET_COUNT
};
#define TARGETS_ALL ((1u << TARGET_COUNT) - 1)

struct extension {
	char id[37];
	char *name; /* extension_APPID_NAME */
	char *app_id;
	enum data_type type;
	unsigned targets; /* bit per target */
	bool many;        /* isMultiValued */
	bool synced;      /* isSyncedFromOnPremises */
	bool gone;        /* deleted: its number stays taken, its values are seen no more */
};

struct extensions {
	struct extension *items;
	unsigned n, n_changes;
};

/* One more, for the caller to fill, who calls extensions_use() then; there must be room. */
struct extension *extensions_add(struct extensions *xs);
/* The property table gets these definitions. */
void extensions_use(const struct extensions *xs);
void extensions_done(struct extensions *xs);
/* By its name in any case; NULL: none that is not gone. */
struct extension *extension_named(const struct extensions *xs, const char *name);
bool extension_name_good(const char *name);
const char *data_type_name(enum data_type t);
const char *target_name(enum target t);
/* How many extension values the object (NULL: a new one) will have; each of a collection counts. */
unsigned extension_values(const struct object *o, const struct change *c);

/* The application "Tenant Schema Extension App", which owns what is synchronized: its appId. */
void schema_app_id(const struct tenant *t, char ret[static 37]);
/* The id of an application's object, which is not its appId. */
void application_object_id(const struct tenant *t, const char *app_id, char ret[static 37]);
