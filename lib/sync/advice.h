/* What to do about an error of an object, by what the engine and its connector know of it. */
#pragma once

#include "store/error.h"

/* NULL: nothing is known. step_type: type of the connector whose step met the error. */
const char *error_advice(const struct error_row *row);
