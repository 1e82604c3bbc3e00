/* Features by name. A new one is a row of FEATURES, at the end: databases hold their order. */
#include "tenant/feature.h"

#include "base/util.h"

#include <strings.h>

static const char *const names[] = {
#define X(id, name, on) #name,
	FEATURES(X)
#undef X
};

int feature_find(const char *name)
{
	for (unsigned i = 0; i < FEATURE_COUNT; i++)
		if (strcasecmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

const char *feature_name(enum feature f)
{
	return names[f];
}

void features_default(bool ret[FEATURE_COUNT])
{
	static const bool on[] = {
#define X(id, name, on) on,
		FEATURES(X)
#undef X
	};

	memcpy(ret, on, sizeof(on));
}
