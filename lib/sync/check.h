/* A test of one connector, for administrators who set it up. */
#pragma once

#include "connector/check.h"
#include "sync/config.h"

/*
 * Tells each finding to the sink. Negative with *e when the test could not go on: the directory
 * cannot be reached, the sign-in was refused, there is no such connector.
 */
int connector_test(const struct config *cfg, const char *name, bool (*canceled)(void *ctx),
	struct test_sink *sink, struct err *e) _must_check_;
