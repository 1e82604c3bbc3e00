/* The forms of time. The calendar arithmetic counts years from March, so that leap days come last.
 */
#include "base/timefmt.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

int64_t monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t unix_now(void)
{
	return (int64_t)time(NULL);
}

void civil_from_days(int64_t days, int *y, int *m, int *d)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = (int)(yoe + era * 400 + (*m <= 2));
}

int64_t days_from_civil(int y, int m, int d)
{
	int64_t yy = y - (m <= 2), era = (yy >= 0 ? yy : yy - 399) / 400, yoe = yy - era * 400;
	int64_t doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

const char *time_format(int64_t t, char buf[TIME_TEXT_SIZE])
{
	int64_t days = t >= 0 ? t / 86400 : (t - 86399) / 86400;
	int s = (int)(t - days * 86400), y, m, d;

	civil_from_days(days, &y, &m, &d);
	snprintf(buf, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", y, m, d, s / 3600,
		s / 60 % 60, s % 60);
	return buf;
}

static bool civil_time(int y, int mo, int d, int h, int mi, int s, int64_t *ret)
{
	int back_y, back_m, back_d;

	if (y < 1 || y > 9999 || mo < 1 || mo > 12 || d < 1 || d > 31 || h < 0 || h > 23 ||
		mi < 0 || mi > 59 || s < 0 || s > 60)
		return false;
	*ret = days_from_civil(y, mo, d) * 86400;
	civil_from_days(*ret / 86400, &back_y, &back_m, &back_d);
	*ret += h * 3600 + mi * 60 + s;
	return back_m == mo && back_d == d; /* no 31st of April */
}

/* "Z", or "+02:00"; the seconds that it is before UTC. */
static bool read_offset(const char *text, int *ret)
{
	int h, m, n = 0;

	*ret = 0;
	if (streq(text, "Z"))
		return true;
	if ((*text != '+' && *text != '-') || sscanf(text + 1, "%2d:%2d%n", &h, &m, &n) != 2 ||
		n != 5 || text[6] || h < 0 || h > 14 || m < 0 || m > 59)
		return false;
	*ret = (h * 60 + m) * (*text == '+' ? 60 : -60);
	return true;
}

bool time_parse(const char *text, int64_t *ret)
{
	int y, mo, d, h, mi, s, offset, n = 0;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi, &s, &n) != 6)
		return false;
	text += n;
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9'; text++)
			;
	if (!read_offset(text, &offset) || !civil_time(y, mo, d, h, mi, s, ret))
		return false;
	*ret -= offset;
	return true;
}

bool gentime_parse(const char *text, int64_t *ret)
{
	int y, mo, d, h, mi, s, n = 0;

	if (sscanf(text, "%4d%2d%2d%2d%2d%2d%n", &y, &mo, &d, &h, &mi, &s, &n) != 6 || n != 14)
		return false;
	text += n;
	if (*text == '.' || *text == ',')
		for (text++; *text >= '0' && *text <= '9'; text++)
			;
	return streq(text, "Z") && civil_time(y, mo, d, h, mi, s, ret);
}

const char *gentime_format(int64_t t, char buf[TIME_TEXT_SIZE])
{
	int64_t days = t / 86400 - (t % 86400 < 0);
	int s = (int)(t - days * 86400), y, m, d;

	civil_from_days(days, &y, &m, &d);
	snprintf(buf, TIME_TEXT_SIZE, "%04d%02d%02d%02d%02d%02d.0Z", y, m, d, s / 3600, s / 60 % 60,
		s % 60);
	return buf;
}

bool duration_parse(const char *text, int64_t *ret)
{
	int64_t days = 0, total;
	int h, m, s, n = 0;
	char *end;

	if (sscanf(text, "%2d:%2d:%2d%n", &h, &m, &s, &n) != 3 || text[n]) {
		n = 0;
		if (sscanf(text, "%3" SCNd64 ".%2d:%2d:%2d%n", &days, &h, &m, &s, &n) != 4 ||
			text[n]) {
			if (*text < '0' || *text > '9')
				return false;
			total = strtoll(text, &end, 10);
			if (*end || total > 100 * 86400)
				return false;
			*ret = total;
			return true;
		}
	}
	if (days < 0 || days > 100 || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59)
		return false;
	*ret = days * 86400 + h * 3600 + m * 60 + s;
	return true;
}

const char *duration_format(int64_t t, char buf[TIME_TEXT_SIZE])
{
	int s = (int)(t % 86400);

	if (t >= 86400)
		snprintf(buf, TIME_TEXT_SIZE, "%d.%02d:%02d:%02d", (int)(t / 86400), s / 3600,
			s / 60 % 60, s % 60);
	else
		snprintf(buf, TIME_TEXT_SIZE, "%02d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
	return buf;
}
