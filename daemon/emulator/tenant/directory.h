/*
 * The tenant's objects in memory. An object's properties are one block of bytes; references are
 * rows of the object that holds them. Every change gets the next change number, and each type's
 * objects hang in one list in the order of their last change, which is what a delta query walks.
 */
#pragma once

#include "tenant/property.h"

struct link {
	uint32_t target; /* index of the object */
	bool removed;    /* kept, for delta queries */
	uint64_t seq;
};

/* What Exchange keeps of a user's mailbox beside Entra's properties: see mailbox.h. */
struct mailbox {
	bool cloud_managed; /* IsExchangeCloudManaged */
	json_t *own;        /* by Set-Mailbox's names: values that are not (or no longer) Entra's */
};

struct object {
	char id[37];
	enum object_type type;
	uint32_t index;
	bool deleted;       /* soft-deleted (in deletedItems) or gone */
	bool purged;        /* gone for good; kept for delta queries */
	bool cloud_managed; /* isCloudManaged */
	uint64_t created;   /* change number of its creation */
	uint64_t seq;       /* of its last change of any kind */
	uint64_t manager_seq;
	int64_t manager;     /* index, -1: none; see object_set_manager() */
	int64_t deleted_at;  /* unix time of the soft delete */
	unsigned char roles; /* directory roles that it holds, bit per role of roles.c */
	uint32_t *holders;   /* indexes of what refers to it: groups, and whose manager it is */
	uint32_t n_holders, cap_holders;
	unsigned char *props; /* records; see record.h */
	size_t props_len;
	struct link *links; /* members */
	uint32_t n_links, cap_links;
	struct mailbox *mailbox;      /* NULL: everything as Entra has it */
	struct object *newer, *older; /* in its type's list */
	bool dirty;                   /* to be written to disk */
};

struct directory;

struct directory *directory_new(void);
void directory_free(struct directory *d);

struct object *directory_add(struct directory *d, enum object_type type, const char *id);
/* Takes back the object that was added last, when nothing has been done with it. */
void directory_drop(struct directory *d, struct object *o);
struct object *directory_get(const struct directory *d, uint32_t index);
uint32_t directory_size(const struct directory *d); /* of indexes */
/* By id; also deleted ones. */
struct object *directory_find(const struct directory *d, const char *id, size_t n);
uint64_t directory_seq(const struct directory *d);
void directory_set_seq(struct directory *d, uint64_t seq);
/* Newest object of a type. */
struct object *directory_newest(const struct directory *d, enum object_type type);
/* The object has changed: next change number, end of its list, dirty. */
uint64_t object_touch(struct directory *d, struct object *o);
/* Puts a loaded object into its list; in order of seq. */
void object_link_in(struct directory *d, struct object *o);

/* JSON text of a property, not NUL-terminated; NULL: null. */
const char *object_prop(const struct object *o, unsigned prop, size_t *ret_n);
bool object_prop_is(const struct object *o, unsigned prop, const char *json);
/* NULL json: null. False when it was so already. The caller touches the object afterwards. */
bool object_set(struct directory *d, struct object *o, unsigned prop, const char *json, size_t n);
/* Walks the records: *pos from 0. json NULL: was set once, now null. */
bool object_next(const struct object *o, size_t *pos, unsigned *ret_prop, uint64_t *ret_seq,
	const char **ret_json, size_t *ret_n);

/* Members. link_set: false when it was so already. */
struct link *object_link(const struct directory *d, const struct object *group, uint32_t target);
bool object_link_set(
	struct directory *d, struct object *group, struct object *target, bool present);
void object_link_index(struct directory *d, struct object *group, uint32_t position);
/* target NULL: none. The caller touches the object afterwards. */
void object_set_manager(struct directory *d, struct object *o, struct object *target);
/* After loading: who refers to whom. */
void directory_index_holders(struct directory *d);

/*
 * Unique keys: (kind, text folded) -> object. KEY_IMMUTABLE is per type. Kept up to date by
 * object_set(); deleted objects keep KEY_IMMUTABLE for the hard match.
 */
enum key_kind { KEY_UPN, KEY_ADDRESS, KEY_IMMUTABLE, KEY_UNIQUE_NAME, KEY_DEVICE_ID };
/* `text` is the JSON text with its quotes. */
struct object *directory_key(const struct directory *d, enum key_kind kind, enum object_type type,
	const char *text, size_t n);
void object_keys_drop(struct directory *d, struct object *o);
void object_keys_add(struct directory *d, struct object *o);
