/*
 * The errors of the control interface. One table: the word that is sent, as it stands in the
 * .varlink file, and the errno that leads to it. A new one is a row here and a line there; a test
 * compares the two. The daemon and adsyncctl name an error by its enumerator.
 */
#pragma once

/* X(enum, word, errno; 0: it has none) */
#define CONTROL_ERRORS(X)                              \
	X(ALREADY_RUNNING, "AlreadyRunning", EALREADY) \
	X(NOT_RUNNING, "NotRunning", 0)                \
	X(NOT_FOUND, "NotFound", ENOENT)               \
	X(BUSY, "Busy", EBUSY)                         \
	X(FAILED, "Failed", 0) /* any other errno */   \
	X(PERMISSION_DENIED, "PermissionDenied", 0)
enum control_error {
#define X(name, word, code) CONTROL_ERROR_##name,
	CONTROL_ERRORS(X)
#undef X
		CONTROL_ERROR_COUNT /* a word that is not in the table */
};

const char *control_error_word(enum control_error c);
/* Of a word; CONTROL_ERROR_COUNT when the table does not have it. */
enum control_error control_error_find(const char *word);
/* Of a negative errno: the row that has it, or FAILED. */
enum control_error control_error_of(int code);
