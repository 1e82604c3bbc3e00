/* The words of EXTENSION_DATA. */
#include "connector/extension.h"

static const struct {
	const char *name;
	enum value_type type;
} data[] = {
#define X(id, word, type) {word, VALUE_##type},
	EXTENSION_DATA(X)
#undef X
};

const char *extension_data_name(enum extension_data d)
{
	return data[d].name;
}

int extension_data_find(const char *name)
{
	for (int i = 0; i < EXTENSION_DATA_COUNT; i++)
		if (streq(data[i].name, name))
			return i;
	return -1;
}

enum value_type extension_value_type(enum extension_data d)
{
	return data[d].type;
}
