/* country: the codes of ISO 3166-1, which usageLocation takes. */
#pragma once

#include "base/util.h"

/* Are these n bytes the two-letter code of a country, in either case? */
bool country_exists(const char *code, size_t n);
