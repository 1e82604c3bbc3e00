/* How a connector's test tells the sink what it found; one line for each check. */
#pragma once

#include "connector/connector.h"

void finding_tell(struct test_sink *sink, const char *check, enum test_verdict v, const char *fmt,
	...) _printf_(4, 5);
