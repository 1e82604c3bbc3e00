/*
 * metaverse: the schema of the metaverse: data, in schema/metaverse.json. A new class or attribute
 * is a line there.
 */
#pragma once

#include "base/err.h"
#include "model/schema.h"

#include <jansson.h>

/*
 * {"classes": {"person": {"displayName": "string", "proxyAddresses": "string multi", ...}}}.
 * The caller frees with metaverse_schema_free(). Errors name file and line, or class and attribute.
 */
int metaverse_schema_load(const char *path, struct schema **ret, struct err *e) _must_check_;
/* As JSON; path NULL: the one that comes with adsyncd, which needs no file. A new reference. */
int metaverse_json(const char *path, json_t **ret, struct err *e) _must_check_;
/* The same from JSON; name is for messages. */
int metaverse_schema_read(
	const char *name, const json_t *root, struct schema **ret, struct err *e) _must_check_;
/*
 * Adds attributes to a class, in the schema's own memory; those that it has already stay as they
 * are. False: there is no such class.
 */
bool metaverse_schema_add(
	struct schema *s, const char *class, const struct schema_attr *attrs, unsigned n);
void metaverse_schema_free(struct schema *s);
