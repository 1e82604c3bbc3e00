/*
 * own: settings of [import] and [export] that hold for all connectors, and of which a connector, or
 * one class of objects, may have a value of its own: how much may be deleted is not the same for a
 * large tenant and for a small one, for users and for groups. In the section of the connector the
 * key is the same; for a class it is KEY.CLASS, in either place. A new such setting is a row in
 * config.c with its `own`.
 */
#pragma once

#include "connector/connector.h"

/* One value, and where it stands. */
struct own_value {
	int64_t n;        /* a share that is off is negative, another number that is off 0 */
	const char *word; /* how people write n: "off", "strict"; NULL: as a number */
	const char *key;  /* as it stands in the file: "deletion_threshold.group" */
	bool own;         /* of the connector, not of all */
	int line;         /* 0: the default */
};

/*
 * What is in force for the connector with the section `own` (NULL: for all) and for a class of its
 * objects (NULL: all of them); `all` is [import] or [export]. The first that is set: the
 * connector's for the class; the connector's; that of all connectors for the class; that of all.
 */
void own_value(const struct settings *all, const struct settings *own, const char *key,
	const char *class, struct own_value *ret);
/* Only what is set for the class: by the connector, else for all. False: nothing is. */
bool own_value_of_class(const struct settings *all, const struct settings *own, const char *key,
	const char *class, struct own_value *ret);

/* --- for the reader of the file --- */

/*
 * Sets such a key of `all` in a section: of a connector, or (type NULL, s == all) its own. 1 done,
 * in why is a warning or "". 0 the section has no such key, -EINVAL with why it cannot be (what
 * follows the key).
 */
int own_put(struct settings *s, const struct settings *all, const struct connector_type *type,
	const char *key, const char *value, int line, char *why, size_t size) _must_check_;
/* When all is read: classes that do not exist. -EINVAL. section: as people write it. */
int own_check(const struct settings *s, const struct connector_type *type, const char *section,
	struct err *e) _must_check_;
/* Values whose keys begin so, and that nobody asks for since `key` is 0, protect nothing: -EINVAL.
 */
int own_check_idle(const struct settings *all, const struct settings *own, const char *key,
	const char *begins, struct err *e) _must_check_;
void own_free(struct settings *s);
