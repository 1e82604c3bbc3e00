/*
 * Records to the journal, with the fields of report/record.h; to stderr in logfmt where there is no
 * journal. Everything the program says to an operator goes through here.
 */
#pragma once

#include "report/record.h"

enum log_target { LOG_TARGET_AUTO, LOG_TARGET_JOURNAL, LOG_TARGET_STDERR };

/* AUTO: the journal when its socket is there and may be written to, wherever stderr leads. */
void log_open(enum log_target t);
/* "auto", "journal", "stderr"; false: none of these. */
bool log_target_parse(const char *text, enum log_target *ret);
const char *log_target_name(void);

/* 0 when the record was delivered. */
int log_record(const struct record *r);
/* A message that is no event; priority as in syslog. */
void log_message(int priority, const char *fmt, ...) _printf_(2, 3);

/* One logfmt line with its newline; for log_record() and the tests. */
struct buf;
void log_format(const struct record *r, int64_t now, struct buf *b);
