/* Ownership of a JSON value by scope, for those who use jansson, which has json_decrefp(). */
#pragma once

#include "base/util.h"

#include <jansson.h>

#define _cleanup_json_ _cleanup_(json_decrefp)
