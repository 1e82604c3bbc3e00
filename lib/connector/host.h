/* What an open connector may ask of the run that it works for. */
#pragma once

#include "base/util.h"

struct dry_sink; /* dry.h */

/* What the run gives to a connector while it is open. Both functions may be NULL. */
struct connector_host {
	/*
	 * Called before each wait for the network, between two calls of the sink or the source. The
	 * step then commits what it was told, so that no transaction is open during the wait. An
	 * error of it shows in the next call of the sink or the source, and in `canceled`.
	 */
	void (*waiting)(void *ctx);
	bool (*canceled)(void *ctx); /* asked between requests, at least every second */
	void *ctx;
	/* Where the last import ended; an export may want to know. NULL: there was none. */
	const void *cursor;
	size_t cursor_len;
	/* A dry run of an export: what would be sent goes there, and nothing is. NULL: it is real.
	 */
	struct dry_sink *dry;
};
