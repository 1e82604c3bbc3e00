/* Messages of the service that are kept: without what lets somebody write to a tenant. */
#pragma once

#include "base/buf.h"

/*
 * Writes a message (n bytes as they came) with a '*' for each letter of its BearerToken, so that
 * its size and everything else stay. False: it cannot be read, or its token is not in one piece;
 * then nothing of it should be kept, and *ret is empty.
 */
bool mask_token(const void *data, size_t n, struct buf *ret) _must_check_;
