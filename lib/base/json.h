/*
 * json: a reference to a value of libjansson that a scope owns:
 *
 *	_cleanup_json_ json_t *list = json_array();
 *	...
 *	*ret = steal(&list);
 */
#pragma once

#include "base/util.h"

#include <jansson.h>

/* json_decrefp() is libjansson's own. */
#define _cleanup_json_ _cleanup_(json_decrefp)
