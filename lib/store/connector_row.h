/*
 * Connectors that are, or were, configured (store.sql: table connector). connector_ensure and
 * connector_update write.
 */
#pragma once

#include "store/store.h"

struct connector_row {
	int64_t id;
	const char *name, *type;
	const void *cursor; /* NULL: none */
	size_t cursor_len;
	int64_t inbound_seq, link_seq, outbound_seq;
	const char *rules_digest; /* NULL before the first full sync */
	bool full_import_required, full_sync_required, import_full_running;
	int64_t last_import; /* 0: never */
};

/* The row of a configured connector; made when it is new. Another type: -EINVAL. */
int connector_ensure(struct store *s, const char *name, const char *type, struct arena *a,
	struct connector_row *ret, struct err *e) _must_check_;
/* All, in order of creation. */
int connector_list(struct store *s, struct arena *a, struct connector_row **ret, unsigned *ret_n,
	struct err *e) _must_check_;
/* Writes every column but name and type. */
int connector_update(struct store *s, const struct connector_row *row, struct err *e) _must_check_;
