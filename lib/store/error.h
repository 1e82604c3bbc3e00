/*
 * Errors on objects, kept until an operation of the same phase succeeds (upgrade/2.sql: table
 * cs_error). error_put*, error_retry and error_clear* write.
 */
#pragma once

#include "report/error_type.h"
#include "store/store.h"

/* X(enum, word) - the numbers are in the database: only append */
#define ERROR_PHASES(X)                \
	X(IMPORT, "import")            \
	X(SYNC, "synchronization")     \
	X(EXPORT, "export")            \
	X(OUTBOUND, "synchronization") \
	X(WARNING, "export") /* of an export that was accepted */
enum error_phase {
#define X(name, word) ERROR_##name,
	ERROR_PHASES(X)
#undef X
		ERROR_PHASE_COUNT
};
const char *error_phase_name(enum error_phase p);

struct error_row {
	int64_t cs;
	enum error_phase phase;
	const char *type, *text;
	enum error_type known; /* of type, on reading: ERROR_TYPE_COUNT for a connector's own */
	int64_t first, last, retry_at;
	int count;
	/* on reading: of the object, and whose step met the error (outbound: the target) */
	const char *dn, *connector, *step, *step_type;
};

/*
 * Inserts, or counts one more of the same type and keeps its `first`; sets retry_at. *ret_count may
 * be NULL. One error per object, phase and connector: the object's own, or the target of outbound.
 */
int error_put(struct store *s, int64_t cs, enum error_phase phase, const char *type,
	const char *text, int64_t now, int64_t retry_at, int *ret_count,
	struct err *e) _must_check_;
int error_put_outbound(struct store *s, int64_t cs, int64_t target, const char *type,
	const char *text, int64_t now, struct err *e) _must_check_;
int error_get(struct store *s, int64_t cs, enum error_phase phase, struct arena *a,
	struct error_row *ret, struct err *e) _must_check_;
/* The next export sends it, whatever its wait. STORE_NONE: it has no such error. */
int error_retry(struct store *s, int64_t cs, enum error_phase phase, struct err *e) _must_check_;
int error_clear(struct store *s, int64_t cs, enum error_phase phase, struct err *e) _must_check_;
/* Unless it is of that type. */
int error_clear_but(struct store *s, int64_t cs, enum error_phase phase, enum error_type type,
	struct err *e) _must_check_;
int error_clear_outbound(struct store *s, int64_t cs, int64_t target, struct err *e) _must_check_;
/* Of every phase and connector. */
int error_clear_all(struct store *s, int64_t cs, struct err *e) _must_check_;
/* Objects with errors that a connector's steps have met, cs > after in order; and how many. */
int error_page(struct store *s, int64_t connector, enum error_phase phase, int64_t after,
	unsigned limit, int64_t *ret_ids, unsigned *ret_n, struct err *e) _must_check_;
int error_count(struct store *s, int64_t connector, enum error_phase phase, int64_t *ret,
	struct err *e) _must_check_;
/* What waits to be exported again; not what an import tells (NOT_REIMPORTED). */
int error_count_export(
	struct store *s, int64_t connector, int64_t *ret, struct err *e) _must_check_;
/* Calls back for every object that has an error of the phase. */
int error_ids(struct store *s, enum error_phase phase, void (*found)(void *ctx, int64_t cs),
	void *ctx, struct err *e) _must_check_;
int error_list(struct store *s, unsigned limit, struct arena *a, struct error_row **ret,
	unsigned *ret_n, struct err *e) _must_check_;
