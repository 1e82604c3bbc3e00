/* The Entra connector space's attributes and the Graph properties that carry them. */
#pragma once

#include "connector/connector.h"
#include "connector/entra/form.h"

/*
 * X(enum, class, Graph collection, OData type, prefix of the anchor, role, SOA role). role: NULL:
 * always imported, and sent. Else imported where rules read it, with that application role, and
 * sent by ENTRA_SERVICE alone. SOA role: what moves the source of authority; NULL: there is none.
 */
#define ENTRA_CLASSES(X)                                                                         \
	X(USER, "user", "users", "#microsoft.graph.user", "User_", NULL, SOA_ROLE("User"))       \
	X(GROUP, "group", "groups", "#microsoft.graph.group", "Group_", NULL, SOA_ROLE("Group")) \
	X(CONTACT, "contact", "contacts", "#microsoft.graph.orgContact", "Contact_", NULL,       \
		SOA_ROLE("Contacts"))                                                            \
	X(DEVICE, "device", "devices", "#microsoft.graph.device", "Device_", "Device.Read.All",  \
		NULL)
#define SOA_ROLE(of) of "-OnPremisesSyncBehavior.ReadWrite.All"
/* X(enum, class): rules may make them, and no surface imports or sends them. */
#define ENTRA_OTHER_CLASSES(X) X(PUBLIC_FOLDER, "publicFolder")
enum entra_class {
#define X(id, ...) ENTRA_##id,
	ENTRA_CLASSES(X)
#undef X
		ENTRA_CLASS_COUNT,
	ENTRA_BEFORE_OTHERS = ENTRA_CLASS_COUNT - 1,
#define X(id, ...) ENTRA_##id,
	ENTRA_OTHER_CLASSES(X)
#undef X
		ENTRA_SCHEMA_CLASSES
};

/* What may be written, and with it what is read. */
enum entra_surface {
	ENTRA_GRAPH,           /* public Graph's share */
	ENTRA_GRAPH_LIFECYCLE, /* public Graph, with the permission for the times of leaving */
	ENTRA_SERVICE,         /* Connect Sync's own service: service/; Graph is only read */
	ENTRA_SURFACES
};

struct entra_class_info {
	const char *name, *collection, *odata_type, *anchor_prefix;
	const char *role; /* see ENTRA_CLASSES */
	const char *soa_role;
};
extern const struct entra_class_info entra_classes[ENTRA_CLASS_COUNT];

/* Does the surface send objects of the class? */
bool entra_class_sent(enum entra_class class, enum entra_surface surface);

/*
 * Where the values of an attribute stand in Graph's JSON. X(enum, reader in read.c, writer in
 * body.c); "nothing" where there is none.
 */
#define ENTRA_SHAPES(X)                                                                          \
	X(PLAIN, plain, plain)       /* "department": "Sales" */                                 \
	X(LIST, list, list)          /* "proxyAddresses": [...] */                               \
	X(FIRST, first, first)       /* "businessPhones": ["..."] */                             \
	X(NESTED, nested, nested)    /* "onPremisesExtensionAttributes": {"extension..": } */    \
	X(PHONE, phone, phones)      /* "phones": [{"type": ..., "number": ...}] */              \
	X(ADDRESS, address, address) /* "addresses": [{"street": ...}] */                        \
	X(KEYS, keys, nothing)       /* "alternativeSecurityIds": [{"key": base64 of UTF-16}] */ \
	X(ERRORS, errors, nothing)   /* "...Errors": [{"propertyCausingError", "value"}] */      \
	/* references: read as "manager@delta", written by sub-requests of their own (link.c) */ \
	X(LINK, nothing, nothing)  /* one: manager/$ref, by PUT and DELETE */                    \
	X(LINKS, nothing, nothing) /* several: POST owners/$ref, DELETE owners/{id}/$ref */      \
	X(BIND, nothing, nothing)  /* several: members@odata.bind, DELETE members/{id}/$ref */
enum entra_shape {
#define X(id, ...) SHAPE_##id,
	ENTRA_SHAPES(X)
#undef X
		ENTRA_SHAPE_COUNT
};

enum entra_where { /* bits */
	FOR_USER = 1 << ENTRA_USER,
	FOR_GROUP = 1 << ENTRA_GROUP,
	FOR_CONTACT = 1 << ENTRA_CONTACT,
	FOR_DEVICE = 1 << ENTRA_DEVICE,
	FOR_PUBLIC_FOLDER = 1 << ENTRA_PUBLIC_FOLDER,
	FOR_ALL = FOR_USER | FOR_GROUP | FOR_CONTACT,
};

struct entra_attr {
	const char *name;     /* of the connector space */
	const char *property; /* Graph */
	const char *sub; /* inside it: the nested name, the phone's type, the address's field */
	enum entra_shape shape;
	enum entra_form form; /* of one value */
	unsigned where;       /* classes that have it */
	bool shown;           /* public Graph shows it and does not write it */
	bool lifecycle;       /* on public Graph with a permission of its own, to read and write */
	bool service;         /* the surface "service" writes it, and nobody shows it */
	bool clouds;          /* the cloud's own: the surface "service" does not write it */
	unsigned flags;       /* SCHEMA_... */
	/* of the process; filled by entra_attrs() */
	unsigned id;
	char key[48]; /* the name in an answer: the property, or "manager@delta" */
};

/* Is it the name of a directory extension (extension.h)? */
static inline bool entra_is_extension(const char *name)
{
	return str_starts(name, "extension_");
}

static inline bool entra_is_link(const struct entra_attr *a)
{
	return a->shape == SHAPE_LINK || a->shape == SHAPE_LINKS || a->shape == SHAPE_BIND;
}

extern struct entra_attr entra_table[]; /* table.c */
extern const unsigned entra_table_rows;
extern const char *const entra_exchange_attrs[]; /* exchange.c: a user's; NULL-terminated */
/* The table; attributes of one property follow each other. */
const struct entra_attr *entra_attrs(unsigned *ret_n);
/* Does Graph show the row's property for objects of the class on the surface? */
bool entra_attr_used(
	const struct entra_attr *a, enum entra_class class, enum entra_surface surface);
/* The row by which an attribute of a class is shown on a surface; NULL: none. Quick. */
const struct entra_attr *entra_attr_of(
	unsigned id, enum entra_class class, enum entra_surface surface);
/* May the surface write it at all? Not of references alone: see also SCHEMA_WRITE_ONCE. */
bool entra_attr_written(
	const struct entra_attr *a, enum entra_class class, enum entra_surface surface);
/* The surface that the settings choose (entra.c); NULL: the one that has everything. */
enum entra_surface entra_surface_of(const struct settings *s);
/* What the rules are checked against; built once for each surface. */
const struct schema *entra_schema(enum entra_surface surface);
/* Which surfaces send an attribute of a class: bits 1u << enum entra_surface. */
unsigned entra_surfaces(const char *class, const char *attr);
#define ENTRA_ALL_SURFACES ((1u << ENTRA_SURFACES) - 1)
const char *entra_surfaces_text(unsigned surfaces); /* for people: "graph, service" ... */

enum entra_class entra_class_find(const char *name);     /* ENTRA_CLASS_COUNT: none */
enum entra_class entra_class_of_type(const char *odata); /* ENTRA_CLASS_COUNT: none */
/* The class that the anchor's prefix names, and the id behind it; borrowed from the anchor. */
enum entra_class entra_class_of_anchor(const char *anchor, const char **ret_id);
/* CN={HEX} of a sourceAnchor: the DN of an object in the connector space; in the arena. */
const char *entra_dn(const char *source_anchor, struct arena *a);
/* The sourceAnchor of which entra_dn() makes the DN, in the arena; NULL: there is none. */
const char *entra_source_anchor(const char *dn, struct arena *a);
