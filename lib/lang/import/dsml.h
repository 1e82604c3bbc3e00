/*
 * dsml: the schema that Connect Sync writes of a connector (in Connectors) and of its metaverse
 * (MV.xml), in Directory Services Markup Language.
 */
#pragma once

#include "lang/import/xml.h"

#include <jansson.h>

#define DSML_ANY "*" /* the class that has every attribute of the document */

/*
 * The schema anywhere below, in the form of schema/metaverse.json without its outer object:
 * {"person": {"accountEnabled": "boolean", "proxyAddresses": "string multi"}, "*": {...}}. A new
 * reference; NULL: there is none. Attributes that a class inherits are in DSML_ANY only.
 */
json_t *dsml_classes(const struct xml_node *root) _must_check_;

/* The type of an attribute of a class, else of the document; NULL: it is not described. */
const char *dsml_type(const json_t *classes, const char *class, const char *attr);
