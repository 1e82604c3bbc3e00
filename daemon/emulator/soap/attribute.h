/* The attributes that the provisioning service has for each type, and which of them refer. */
#pragma once

#include "tenant/property.h"

enum reference_kind { REFERENCE_NONE, REFERENCE_ONE, REFERENCE_MANY };

struct wire_attribute {
	const char *name;
	unsigned types; /* bit per object_type */
};

extern const struct wire_attribute wire_attributes[];
extern const unsigned n_wire_attributes;

/* In any case; REFERENCE_NONE also for one that is not known. */
enum reference_kind attribute_reference(const char *name);
