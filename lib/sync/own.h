/*
 * own: settings of [import] and [export] that a connector, or a class of objects, may have a value
 * of its own for. Example: how much may be deleted differs between a large and a small tenant, and
 * between users and groups. In the section of the connector the key is the same; for a class it is
 * KEY.CLASS, in either section. A new such setting is a row in config.c with its `own`.
 */
#pragma once

#include "connector/connector.h"

/* One value, and where it stands. */
struct own_value {
	int64_t n;        /* off: negative for a share, 0 for another number */
	const char *word; /* how n is written: "off", "strict"; NULL: as a number */
	const char *key;  /* as it stands in the file: "deletion_threshold.group" */
	bool own;         /* set in the section of the connector */
	int line;         /* 0: the default */
};

/*
 * The value in force for the connector with the section `own` (NULL: for all connectors) and for a
 * class of its objects (NULL: for all classes); `all` is [import] or [export]. The first that is
 * set: the connector's for the class, the connector's, the class's in `all`, that in `all`.
 */
void own_value(const struct settings *all, const struct settings *own, const char *key,
	const char *class, struct own_value *ret);
/* Only what is set for the class: by the connector, else in `all`. False: not set. */
bool own_value_of_class(const struct settings *all, const struct settings *own, const char *key,
	const char *class, struct own_value *ret);

/* --- for the reader of the file --- */

/*
 * Sets a key of `all` in the section `s`: of a connector of that type, or (type NULL) in `all`
 * itself. 1: done; why has a warning or "". 0: the section has no such key. -EINVAL: why has the
 * reason, to be written after the key.
 */
int own_put(struct settings *s, const struct settings *all, const struct connector_type *type,
	const char *key, const char *value, int line, char *why, size_t size) _must_check_;
/* When all is read: -EINVAL for a class that does not exist. section: its name for messages. */
int own_check(const struct settings *s, const struct connector_type *type, const char *section,
	struct err *e) _must_check_;
/*
 * -EINVAL when `key` is 0 (off) for the connector and its section sets a key that begins with
 * `begins` to another value than "off": that would have no effect.
 */
int own_check_idle(const struct settings *all, const struct settings *own, const char *key,
	const char *begins, struct err *e) _must_check_;
void own_free(struct settings *s);
