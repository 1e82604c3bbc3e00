/*
 * The forms in which Graph writes one value: a row of the attribute table names one, and the form
 * knows the type of our value, how it is read from JSON, what does not fit it, and how it is
 * written. A new form is a row of ENTRA_FORMS and three functions in form.c.
 */
#pragma once

#include "base/buf.h"
#include "model/value.h"

#include <jansson.h>

struct arena;

/* X(enum, OData type, type of our value, name of its functions in form.c) */
#define ENTRA_FORMS(X)                                                                        \
	X(TEXT, "Edm.String", STRING, text)                                                   \
	X(BOOLEAN, "Edm.Boolean", BOOLEAN, boolean)                                           \
	X(INT32, "Edm.Int32", INTEGER, int32)                                                 \
	X(INT64, "Edm.Int64", INTEGER, int64)                                                 \
	X(BINARY, "Edm.Binary", BINARY, binary)               /* base64 */                    \
	X(TIME, "Edm.DateTimeOffset", STRING, time)           /* here: 20260801000000.0Z */   \
	X(GUID, "Edm.String", BINARY, guid)                   /* its bytes as objectGUID's */ \
	X(SID, "Edm.String", BINARY, sid)                     /* "S-1-5-21-...": its bytes */ \
	X(REFERENCE, "directoryObject", REFERENCE, reference) /* see ENTRA_SHAPES */

enum entra_form {
#define X(id, ...) FORM_##id,
	ENTRA_FORMS(X)
#undef X
		ENTRA_FORM_COUNT
};

enum value_type entra_form_type(enum entra_form f);
/* "Edm.Int32": for people and tests. */
const char *entra_form_name(enum entra_form f);

/*
 * The value of a JSON scalar that is not null; its bytes live in the arena or in the JSON. NULL, or
 * what is wrong with it; *ret is then untouched.
 */
const char *entra_form_read(
	enum entra_form f, const json_t *v, struct arena *a, struct value *ret) _must_check_;
/* What keeps our value from being written in the form; NULL: nothing does. */
const char *entra_form_problem(enum entra_form f, const struct value *v) _must_check_;
/*
 * Appends the value as JSON; v NULL: null. A value that does not fit the form is written by its own
 * type, so that the result is always JSON: ask entra_form_problem() before.
 */
void entra_form_write(enum entra_form f, const struct value *v, struct buf *b);
