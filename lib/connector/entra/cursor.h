/*
 * How far an import from Graph has come: the delta link of each class, as JSON in the connector's
 * row. {"version":1,"surface":"graph","select":"...","users":"https://...", ...}; "devices":null
 * where they were left out because a role is missing; "exchange" is how the list of mailboxes came;
 * "told" has the roles that were named as missing.
 */
#pragma once

#include "connector/entra/mailbox.h"

#include <jansson.h>

struct entra_cursor {
	struct {
		bool wanted;      /* always imported, or read by rules: set before either call */
		bool left_out;    /* a role is missing */
		const char *link; /* where the next import begins; NULL: none */
	} classes[ENTRA_CLASS_COUNT];
	enum exchange_state exchange;
	const char *told; /* which roles were named as missing; NULL: none */
	json_t *json;     /* holds what was read; NULL: nothing was left */
};
void entra_cursor_done(struct entra_cursor *c);

/*
 * Reads what the last import left. False: it does not fit what is asked for now, and everything has
 * to be read; left_out and exchange are told all the same.
 */
bool entra_cursor_read(struct entra_cursor *ret, const struct connector *c, const void *data,
	size_t n) _must_check_;
/* As text; the caller frees. */
char *entra_cursor_write(const struct entra_cursor *cursor, const struct connector *c);
/* What it says, for people: connector_type.state. */
const char *entra_cursor_state(const void *data, size_t n, struct arena *a);
