/* Sets members of JSON objects; a value that is not there becomes null. */
#pragma once

#include "base/timefmt.h"

#include <jansson.h>

static inline void set_text(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, text ? json_string(text) : json_null());
}

/* A unix time; 0: never. */
static inline void set_time(json_t *o, const char *key, int64_t t)
{
	char text[TIME_TEXT_SIZE];

	json_object_set_new(o, key, t ? json_string(time_format(t, text)) : json_null());
}
