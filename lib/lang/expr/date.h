/* Dates of the expression language: FILETIME inside, years 1 to 9999 as .NET's DateTime has them.
 */
#pragma once

#include "base/util.h"

#define DATE_TICKS INT64_C(10000000) /* FILETIME units in a second */

struct date_parts {
	int y, mo, d, h, mi, s;
	int64_t fraction; /* in FILETIME units */
};

/* The names of the invariant culture, from Sunday and from January. */
extern const char *const date_days[7];
extern const char *const date_months[12];

/* Are these seconds since 1970 within the years 1 to 9999? */
bool date_in_range(int64_t seconds);
int date_month_length(int y, int m);
/* From 0, Sunday. */
int date_weekday(const struct date_parts *p);
/* A date of a place that is so many minutes before UTC. False: there is no such date. */
bool date_to_filetime(const struct date_parts *p, int offset_minutes, int64_t *ret) _must_check_;
/*
 * Reads n bytes of text: ISO 8601, LDAP generalized time, month/day/year, and with the names of the
 * months, as .NET's DateTime.Parse does in the invariant culture. Without a zone it is UTC.
 */
bool date_parse(const char *text, size_t n, int64_t *ret) _must_check_;
