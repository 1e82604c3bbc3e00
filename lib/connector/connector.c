/*
 * The connector types. A new one is a row of connector_types[]; its library and this file are all
 * that know it by name.
 */
#include "connector/connector.h"

extern const struct connector_type connector_ad;
extern const struct connector_type connector_entra;

const struct connector_type *const connector_types[] = {&connector_ad, &connector_entra, NULL};

const struct connector_type *connector_type_find(const char *name)
{
	for (unsigned i = 0; connector_types[i]; i++)
		if (streq(connector_types[i]->name, name))
			return connector_types[i];
	return NULL;
}
