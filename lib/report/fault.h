/*
 * Fault points: named places where a crash would be most awkward. Built with ADSYNC_FAULTS they
 * kill the process when the environment says ADSYNC_FAULT=name[:n] (at the n-th pass, from 1);
 * otherwise they are nothing. ADSYNC_FAULT_TRACE names a file that gets the name of each point that
 * was passed, once. The scenario tests walk the table, so a new point is one row.
 */
#pragma once

#define FAULT_POINTS(X)                                       \
	X(IMPORT_BEFORE_COMMIT, "import-before-commit")       \
	X(IMPORT_AFTER_COMMIT, "import-after-commit")         \
	X(IMPORT_BEFORE_OBSOLETE, "import-before-obsolete")   \
	X(INBOUND_BEFORE_COMMIT, "inbound-before-commit")     \
	X(INBOUND_AFTER_COMMIT, "inbound-after-commit")       \
	X(OUTBOUND_BEFORE_COMMIT, "outbound-before-commit")   \
	X(OUTBOUND_AFTER_COMMIT, "outbound-after-commit")     \
	X(EXPORT_BEFORE_SEND, "export-before-send")           \
	X(EXPORT_MARKED, "export-marked")                     \
	X(EXPORT_AFTER_SEND, "export-after-send")             \
	X(EXPORT_BEFORE_RECORD, "export-before-record")       \
	X(EXPORT_AFTER_RECORD, "export-after-record")         \
	X(EXPORT_LINKS_AFTER_SEND, "export-links-after-send") \
	X(EVENT_BEFORE_DELIVER, "event-before-deliver")       \
	X(EVENT_AFTER_DELIVER, "event-after-deliver")         \
	X(RUN_BEFORE_FINISH, "run-before-finish")             \
	X(SOA_BACKED_UP, "soa-backed-up")                     \
	X(SOA_MARKED, "soa-marked")                           \
	X(SOA_AFTER_SEND, "soa-after-send")                   \
	X(SOA_BEFORE_RECORD, "soa-before-record")             \
	X(SOA_AFTER_RECORD, "soa-after-record")

enum fault_point {
#define X(id, name) FAULT_##id,
	FAULT_POINTS(X)
#undef X
		FAULT_COUNT
};

#ifdef ADSYNC_FAULTS
void fault_hit(enum fault_point p);
#else
static inline void fault_hit(enum fault_point p)
{
	(void)p;
}
#endif
