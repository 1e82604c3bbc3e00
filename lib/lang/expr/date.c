/*
 * Dates from text. A date, a time of day and a zone follow each other; each is optional from the
 * right. What is left over, or is no such day or hour, makes the whole no date.
 */
#include "lang/expr/date.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "model/dtyp.h"

#include <ctype.h>
#include <strings.h>

#define DATE_TEXT_MAX 64

const char *const date_days[7] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
const char *const date_months[12] = {"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"};

bool date_in_range(int64_t seconds)
{
	return seconds >= INT64_C(-62135596800) && seconds < INT64_C(253402300800);
}

int date_month_length(int y, int m)
{
	static const int LENGTHS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return LENGTHS[m - 1] + (m == 2 && leap);
}

bool date_to_filetime(const struct date_parts *p, int offset_minutes, int64_t *ret)
{
	int64_t t;

	if (p->y < 1 || p->y > 9999 || p->mo < 1 || p->mo > 12 || p->d < 1 ||
		p->d > date_month_length(p->y, p->mo) || p->h < 0 || p->h > 23 || p->mi < 0 ||
		p->mi > 59 || p->s < 0 || p->s > 59)
		return false;
	t = days_from_civil(p->y, p->mo, p->d) * 86400 + p->h * 3600 + p->mi * 60 + p->s -
	    offset_minutes * 60;
	if (!date_in_range(t))
		return false;
	*ret = unix_to_filetime(t) + p->fraction;
	return true;
}

int date_weekday(const struct date_parts *p)
{
	int64_t days = days_from_civil(p->y, p->mo, p->d);

	return (int)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " ");
}

/* Digits, at least one and at most max; NULL: there are none, or more. */
static const char *read_number(const char *p, unsigned max, int *ret, unsigned *ret_digits)
{
	unsigned n = 0;

	for (*ret = 0; isdigit((unsigned char)p[n]); n++) {
		if (n == max)
			return NULL;
		*ret = *ret * 10 + (p[n] - '0');
	}
	if (ret_digits)
		*ret_digits = n;
	return n ? p + n : NULL;
}

/* Exactly n digits. */
static const char *read_digits(const char *p, unsigned n, int *ret)
{
	*ret = 0;
	for (; n; n--, p++) {
		if (!isdigit((unsigned char)*p))
			return NULL;
		*ret = *ret * 10 + (*p - '0');
	}
	return p;
}

/* ".123": digits past the seventh are below the precision. */
static const char *read_fraction(const char *p, int64_t *ret)
{
	int64_t unit = DATE_TICKS / 10;

	*ret = 0;
	if ((*p != '.' && *p != ',') || !isdigit((unsigned char)p[1]))
		return p;
	for (p++; isdigit((unsigned char)*p); p++, unit /= 10)
		*ret += (*p - '0') * unit;
	return p;
}

/* "Z", "GMT", "+02:00", "-0530", "-8" or nothing, up to the end. */
static bool read_zone(const char *p, int *ret_minutes)
{
	int hours, minutes = 0;
	unsigned digits;
	bool west;

	*ret_minutes = 0;
	p = skip_blanks(p);
	if (!*p || strcasecmp(p, "Z") == 0 || strcasecmp(p, "GMT") == 0 ||
		strcasecmp(p, "UTC") == 0)
		return true;
	if (*p != '+' && *p != '-')
		return false;
	west = *p == '-';
	p = read_number(p + 1, 4, &hours, &digits);
	if (!p)
		return false;
	if (digits > 2) {
		minutes = hours % 100;
		hours /= 100;
	} else if (*p == ':') {
		p = read_digits(p + 1, 2, &minutes);
	}
	if (!p || *p || hours > 14 || minutes > 59)
		return false;
	*ret_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
	return true;
}

/* "AM" or "PM" behind an hour from 1 to 12; p itself when there is neither, NULL: a wrong hour. */
static const char *read_half(const char *p, struct date_parts *d)
{
	const char *q = skip_blanks(p);
	bool pm = strncasecmp(q, "PM", 2) == 0;

	if (!pm && strncasecmp(q, "AM", 2) != 0)
		return p;
	if (d->h < 1 || d->h > 12)
		return NULL;
	d->h = d->h % 12 + (pm ? 12 : 0);
	return q + 2;
}

/* "16:00", "16:00:01.5", "4:00 PM", "4 PM" */
static const char *read_time(const char *p, struct date_parts *d)
{
	const char *end;

	p = read_number(p, 2, &d->h, NULL);
	if (!p)
		return NULL;
	if (*p != ':') {
		end = read_half(p, d);
		return end == p ? NULL : end; /* an hour alone is none */
	}
	p = read_number(p + 1, 2, &d->mi, NULL);
	if (p && *p == ':') {
		p = read_number(p + 1, 2, &d->s, NULL);
		if (p)
			p = read_fraction(p, &d->fraction);
	}
	return p ? read_half(p, d) : NULL;
}

/* A year of two digits lies between 1930 and 2029, as in the invariant culture. */
static bool settle_year(struct date_parts *d, unsigned digits)
{
	if (digits == 2)
		d->y += d->y < 30 ? 2000 : 1900;
	return digits == 2 || digits == 4;
}

/* "2013-01-10", "2013/1/10", "1/10/2013", "1-10-13" */
static const char *read_numeric_date(const char *p, struct date_parts *d)
{
	int v[3];
	unsigned digits[3];
	char separator = 0;

	for (unsigned i = 0; i < 3; i++) {
		if (i > 0 && *p != '-' && *p != '/')
			return NULL;
		if (i == 2 && *p != separator)
			return NULL;
		separator = *p;
		p = read_number(p + (i > 0), 4, &v[i], &digits[i]);
		if (!p)
			return NULL;
	}
	if (digits[0] == 4) {
		*d = (struct date_parts){.y = v[0], .mo = v[1], .d = v[2]};
		return digits[1] <= 2 && digits[2] <= 2 ? p : NULL;
	}
	*d = (struct date_parts){.y = v[2], .mo = v[0], .d = v[1]};
	return digits[0] <= 2 && digits[1] <= 2 && settle_year(d, digits[2]) ? p : NULL;
}

/* The number, from 1, of a name that stands here whole or by its first three letters; 0: none. */
static int read_name(const char **p, const char *const *names, int n)
{
	size_t len = 0;

	while (isalpha((unsigned char)(*p)[len]))
		len++;
	for (int i = 0; i < n; i++) {
		if (strncasecmp(*p, names[i], len) != 0 || (len != 3 && len != strlen(names[i])))
			continue;
		*p += len;
		return i + 1;
	}
	return 0;
}

/* "10 January 2013", "Jan 10, 2013", each with the day of the week before it or not */
static const char *read_named_date(const char *p, struct date_parts *d)
{
	unsigned digits;
	int day = read_name(&p, date_days, 7);

	if (day)
		p = skip_blanks(p + (*p == ','));
	*d = (struct date_parts){.mo = read_name(&p, date_months, 12)};
	p = read_number(skip_blanks(p + (*p == '-')), 2, &d->d, NULL);
	if (!p)
		return NULL;
	if (!d->mo) {
		p = skip_blanks(p);
		p += *p == '-';
		d->mo = read_name(&p, date_months, 12);
	}
	p = skip_blanks(p);
	p = read_number(skip_blanks(p + (*p == ',' || *p == '-')), 4, &d->y, &digits);
	if (!p || !d->mo || !settle_year(d, digits))
		return NULL;
	return !day || day - 1 == date_weekday(d) ? p : NULL;
}

/* LDAP generalized time (RFC 4517, 3.3.13): minutes and seconds may be left out, the zone not. */
static bool parse_generalized(const char *p, int64_t *ret)
{
	struct date_parts d = {0};
	size_t n = strspn(p, "0123456789");
	int zone;

	if (n != 10 && n != 12 && n != 14)
		return false;
	p = read_digits(p, 4, &d.y);
	p = read_digits(p, 2, &d.mo);
	p = read_digits(p, 2, &d.d);
	p = read_digits(p, 2, &d.h);
	if (n > 10)
		p = read_digits(p, 2, &d.mi);
	if (n > 12)
		p = read_fraction(read_digits(p, 2, &d.s), &d.fraction);
	return *p && read_zone(p, &zone) && date_to_filetime(&d, zone, ret);
}

static bool parse_text(const char *text, int64_t *ret)
{
	struct date_parts d;
	const char *p = read_numeric_date(text, &d);
	int zone;

	if (!p)
		p = read_named_date(text, &d);
	if (!p)
		return false;
	if (!*p)
		return date_to_filetime(&d, 0, ret);
	if (*p != 'T' && *p != 't' && *p != ' ' && *p != ',')
		return false;
	p = read_time(skip_blanks(p + 1), &d);
	return p && read_zone(p, &zone) && date_to_filetime(&d, zone, ret);
}

bool date_parse(const char *text, size_t n, int64_t *ret)
{
	char copy[DATE_TEXT_MAX];
	size_t from, len = 0;

	text_trim(text, &n, &from);
	if (n < 6 || n >= sizeof(copy) || memchr(text + from, '\0', n))
		return false;
	while (n) {
		size_t blanks = text_space_before(text + from, n), step = blanks ? blanks : 1;

		copy[len++] = blanks ? ' ' : text[from];
		from += step;
		n -= step;
	}
	copy[len] = '\0';
	return parse_generalized(copy, ret) || parse_text(copy, ret);
}
