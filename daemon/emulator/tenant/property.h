/* The tenant's properties: one row says what a property is, who has it and who may write it. */
#pragma once

#include "base/buf.h"

#include <jansson.h>

/* X(enum, collection, OData type, word); the databases of the tenants hold their numbers */
#define TYPES(X)                                                            \
	X(USER, "users", "#microsoft.graph.user", "user")                   \
	X(GROUP, "groups", "#microsoft.graph.group", "group")               \
	X(CONTACT, "contacts", "#microsoft.graph.orgContact", "orgContact") \
	X(DEVICE, "devices", "#microsoft.graph.device", "device")
enum object_type {
#define X(id, collection, odata, word) TYPE_##id,
	TYPES(X)
#undef X
		TYPE_COUNT
};

struct type_info {
	const char *collection, *odata, *word;
};
extern const struct type_info object_types[TYPE_COUNT];

/* Users and contacts: only they have a manager, and only they can be one. */
static inline bool type_has_manager(enum object_type t)
{
	return t == TYPE_USER || t == TYPE_CONTACT;
}

enum property_kind {
	KIND_STRING,
	KIND_BOOLEAN,
	KIND_STRINGS,    /* a collection of strings */
	KIND_EXTENSIONS, /* onPremisesExtensionAttributes: a PATCH merges */
	KIND_OBJECTS,    /* phones, addresses: a PATCH replaces */
	KIND_TIME,
	KIND_INTEGER, /* Int32 */
	KIND_LARGE,   /* Int64 */
	KIND_BINARY,  /* base64 */
};

/* BY_MASTER: by synchronization, and by applications once the source of authority is the cloud */
/* BY_LIFECYCLE: read and written only with a role of its own, User-LifeCycleInfo */
enum property_writer { BY_APPLICATION, BY_SYNC, BY_MASTER, BY_SERVICE, BY_LIFECYCLE };

struct property {
	const char *name;
	enum property_kind kind;
	unsigned types;      /* bit per object_type */
	unsigned by_default; /* the same: what comes without $select */
	enum property_writer writer;
	unsigned max;      /* characters of a string, 0: 256 */
	unsigned hidden;   /* types on which only the provisioning service knows it */
	bool sensitive;    /* of a user with a role: not for every application */
	bool upper;        /* kept in upper-case letters, however it came */
	unsigned advanced; /* types on which $filter needs ConsistencyLevel: eventual */
	bool many;         /* a collection of the kind */
	bool extension;    /* of the directory: the tenant's own, see extension.h */
};

/* The numbers of properties that the code names. */
enum {
	P_DISPLAY_NAME,
	P_MAIL_NICKNAME,
	P_UPN,
	P_MAIL,
	P_PROXIES,
	P_IMMUTABLE_ID,
	P_UNIQUE_NAME,
	P_ACCOUNT_ENABLED,
	P_MAIL_ENABLED,
	P_SECURITY_ENABLED,
	P_SYNC_ENABLED,
	P_LAST_SYNC,
	P_CREATED,
	P_DELETED,
	P_SID,    /* securityIdentifier: follows from the id, never stored */
	P_ERRORS, /* onPremisesProvisioningErrors */
	P_SENT_UPN,
	P_GROUP_TYPES,
	P_FIRST_OTHER,
	P_USER_TYPE = P_FIRST_OTHER + 20,
	P_DEVICE_ID = P_FIRST_OTHER + 45,
	P_SECURITY_IDS, /* alternativeSecurityIds */
	P_SYSTEM,       /* operatingSystem */
	P_SYSTEM_VERSION,
	P_TRUST_TYPE,
	P_PROFILE_TYPE,
	P_BAG = P_FIRST_OTHER +
	        56,   /* what the provisioning service keeps; Graph does not show it */
	P_UNRESOLVED, /* references of the service to what is not known yet: likewise */
};

/* Rows of the table, at most: records have one byte for the number. */
#define PROPERTIES_MAX 255
/* From here on they are the tenant's directory extensions; a row in between has no type. */
#define EXTENSIONS_FROM 128

extern const struct property *properties;
extern unsigned n_properties;

/* Puts these n rows behind the fixed ones, in place of those that were there; names are borrowed.
 */
void properties_extend(const struct property *rows, unsigned n);

/* "Edm.String", as the CSDL of Graph says it. */
const char *property_edm(const struct property *p);

/* A collection: $filter looks into it by any(), or counts it. */
bool property_is_list(const struct property *p);
/* 1 to 15 of "extensionAttribute1" in any case; 0: it is another name. */
unsigned extension_number(const char *name);

/* In any case; -1: none of the type has it, as Graph shows it. */
int property_find(enum object_type type, const char *name, size_t n);
/* The same with those that only the provisioning service knows. */
int property_find_any(enum object_type type, const char *name, size_t n);

/*
 * The canonical JSON text of a value, appended. NULL, or what is wrong with it. json null appends
 * nothing.
 */
const char *property_value(const struct property *p, const json_t *v, struct buf *b);
