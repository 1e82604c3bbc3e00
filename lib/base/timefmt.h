/*
 * timefmt: time in the forms that AD, Graph and people use. All times are UTC, seconds since 1970;
 * none of it depends on the process's time zone.
 */
#pragma once

#include "base/util.h"

/* Milliseconds of a clock that never goes back; for durations and time-outs. */
int64_t monotonic_ms(void);
/* Seconds since 1970. */
int64_t unix_now(void);

/* "2026-11-21T08:30:00Z" (RFC 3339), written in UTC and read with any offset. */
#define TIME_TEXT_SIZE 32
const char *time_format(int64_t t, char buf[TIME_TEXT_SIZE]);
bool time_parse(const char *text, int64_t *ret) _must_check_;
/* LDAP generalized time "20261121083000.0Z" (RFC 4517 3.3.13), Z forms only. */
bool gentime_parse(const char *text, int64_t *ret) _must_check_;
/* "20261121083000.0Z". */
const char *gentime_format(int64_t t, char buf[TIME_TEXT_SIZE]);

/* Days since 1970 to a date of the Gregorian calendar, and back. */
void civil_from_days(int64_t days, int *y, int *m, int *d);
int64_t days_from_civil(int y, int m, int d);

/*
 * Durations as Connect Sync writes them: [d.]HH:MM:SS, or a plain number of seconds. Seconds in
 * *ret; false when the text is neither or over 100 days.
 */
bool duration_parse(const char *text, int64_t *ret) _must_check_;
const char *duration_format(int64_t seconds, char buf[TIME_TEXT_SIZE]);
