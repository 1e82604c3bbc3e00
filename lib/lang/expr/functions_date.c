/*
 * Functions on dates: FILETIME inside, so that nothing of a directory's precision is lost. All are
 * UTC. A specifier of FormatDateTime is a case in add_specifier(); reading is in date.c.
 */
#include "lang/expr/date.h"
#include "lang/expr/functions_priv.h"
#include "base/buf.h"
#include "base/timefmt.h"
#include "model/dtyp.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

bool term_to_date(const struct term *t, int64_t *ret)
{
	if (t->type == TERM_DATE) {
		*ret = t->num;
		return true;
	}
	return t->type == TERM_STRING && date_parse(t->data, t->len, ret);
}

EAGER(f_isdate)
{
	int64_t t;

	return term_boolean(term_to_date(&args[0], &t));
}

EAGER(f_cdate)
{
	int64_t t;

	return term_to_date(&args[0], &t) ? term_date(t)
	                                  : term_error(rs, "CDate: the text is no date");
}

/* DateTime.FromFileTimeUtc refuses the same numbers; accountExpires has such for "never". */
EAGER(f_datefromnum)
{
	int64_t v;

	if (!term_to_number(&args[0], &v) || v < 0 || !date_in_range(filetime_to_unix(v)))
		return term_error(rs, "DateFromNum: the number is no FILETIME up to the year 9999");
	return term_date(v);
}

EAGER(f_numfromdate)
{
	int64_t t;

	if (!term_to_date(&args[0], &t))
		return term_error(rs, "NumFromDate: a date was expected");
	return term_number(t);
}

EAGER(f_now)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return term_date(unix_to_filetime(ts.tv_sec) + ts.tv_nsec / 100);
}

static void split(int64_t filetime, struct date_parts *p)
{
	int64_t t = filetime_to_unix(filetime);
	int64_t days = t >= 0 ? t / 86400 : (t - 86399) / 86400, rest = t - days * 86400;

	civil_from_days(days, &p->y, &p->mo, &p->d);
	p->h = (int)(rest / 3600);
	p->mi = (int)(rest / 60 % 60);
	p->s = (int)(rest % 60);
	p->fraction = filetime - unix_to_filetime(t);
}

static bool add_months(int64_t *filetime, int64_t months)
{
	struct date_parts p;
	int64_t m0;

	split(*filetime, &p);
	m0 = (int64_t)p.y * 12 + (p.mo - 1) + months;
	if (m0 < 12 || m0 >= 10000 * 12)
		return false;
	p.y = (int)(m0 / 12);
	p.mo = (int)(m0 % 12) + 1;
	p.d = MIN(p.d, date_month_length(p.y, p.mo));
	return date_to_filetime(&p, 0, filetime);
}

EAGER(f_dateadd)
{
	static const struct {
		const char *name;
		int64_t seconds, months;
	} UNITS[] = {
		{"yyyy", 0, 12},
		{"q", 0, 3},
		{"m", 0, 1},
		{"y", 86400, 0},
		{"d", 86400, 0},
		{"w", 86400, 0},
		{"ww", 7 * 86400, 0},
		{"h", 3600, 0},
		{"n", 60, 0},
		{"s", 1, 0},
	};
	size_t len;
	const char *unit = term_to_text(&args[0], rs->ev->arena, &len);
	int64_t count, t, seconds;

	if (!term_to_number(&args[1], &count) || count > INT64_C(400000000000) ||
		count < INT64_C(-400000000000))
		return term_error(rs, "DateAdd: the count is no number, or too large");
	if (!term_to_date(&args[2], &t))
		return term_error(rs, "DateAdd: a date was expected");
	for (unsigned i = 0; i < ARRAY_SIZE(UNITS); i++) {
		if (!streq(UNITS[i].name, unit))
			continue;
		if (UNITS[i].months)
			return add_months(&t, count * UNITS[i].months)
			               ? term_date(t)
			               : term_error(rs, "DateAdd: the date is out of range");
		seconds = count * UNITS[i].seconds;
		if (!date_in_range(filetime_to_unix(t) + seconds))
			return term_error(rs, "DateAdd: the date is out of range");
		return term_date(t + seconds * DATE_TICKS);
	}
	return term_error(rs, "DateAdd: there is no interval \"%s\"", unit);
}

/* --- FormatDateTime: https://learn.microsoft.com/dotnet/standard/base-types/ --- */

/* Standard formats of the invariant culture, by their letter. */
static const struct {
	char letter;
	const char *format;
} STANDARD[] = {
	{'d', "MM/dd/yyyy"},
	{'D', "dddd, dd MMMM yyyy"},
	{'f', "dddd, dd MMMM yyyy HH:mm"},
	{'F', "dddd, dd MMMM yyyy HH:mm:ss"},
	{'g', "MM/dd/yyyy HH:mm"},
	{'G', "MM/dd/yyyy HH:mm:ss"},
	{'m', "MMMM dd"},
	{'M', "MMMM dd"},
	{'o', "yyyy-MM-ddTHH:mm:ss.fffffffK"},
	{'O', "yyyy-MM-ddTHH:mm:ss.fffffffK"},
	{'r', "ddd, dd MMM yyyy HH:mm:ss 'GMT'"},
	{'R', "ddd, dd MMM yyyy HH:mm:ss 'GMT'"},
	{'s', "yyyy-MM-ddTHH:mm:ss"},
	{'t', "HH:mm"},
	{'T', "HH:mm:ss"},
	{'u', "yyyy-MM-dd HH:mm:ss'Z'"},
	{'U', "dddd, dd MMMM yyyy HH:mm:ss"},
	{'y', "yyyy MMMM"},
	{'Y', "yyyy MMMM"},
};

static void add_name(struct buf *b, const char *name, int run)
{
	buf_add(b, name, run == 3 ? 3 : strlen(name));
}

static void add_fraction(struct buf *b, const struct date_parts *p, int run, bool trim)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%07" PRId64, p->fraction);
	if (trim)
		while (run > 0 && digits[run - 1] == '0')
			run--;
	buf_add(b, digits, (size_t)run);
	if (trim && run == 0 && b->len && b->data[b->len - 1] == '.')
		b->data[--b->len] = '\0'; /* ".FFF" leaves nothing of a whole second */
}

/* 0 to 9999; rules format a date for every user, and printf is slow. */
static void add_digits(struct buf *b, int v, int width)
{
	char digits[4];
	int n = 0;

	for (; v || n == 0; v /= 10)
		digits[n++] = (char)('0' + v % 10);
	for (; width > n; width--)
		buf_addc(b, '0');
	while (n)
		buf_addc(b, digits[--n]);
}

static void add_number(struct buf *b, int v, int run)
{
	add_digits(b, v, run == 1 ? 1 : 2);
}

static void add_year(struct buf *b, int y, int run)
{
	if (run <= 2)
		add_number(b, y % 100, run);
	else
		add_digits(b, y, run);
}

/* One specifier of a custom format, repeated `run` times. False: it is none. */
static bool add_specifier(struct buf *b, const struct date_parts *p, char c, int run)
{
	static const char *const ZONES[] = {"+0", "+00", "+00:00"};

	switch (c) {
	case 'd':
		if (run > 2)
			add_name(b, date_days[date_weekday(p)], run);
		else
			add_number(b, p->d, run);
		return true;
	case 'M':
		if (run > 2)
			add_name(b, date_months[p->mo - 1], run);
		else
			add_number(b, p->mo, run);
		return true;
	case 'y':
		add_year(b, p->y, run);
		return true;
	case 'H':
		add_number(b, p->h, run);
		return true;
	case 'h':
		add_number(b, p->h % 12 ? p->h % 12 : 12, run);
		return true;
	case 'm':
		add_number(b, p->mi, run);
		return true;
	case 's':
		add_number(b, p->s, run);
		return true;
	case 'f':
	case 'F':
		add_fraction(b, p, run, c == 'F');
		return true;
	case 't':
		buf_add(b, p->h < 12 ? "AM" : "PM", run > 1 ? 2 : 1);
		return true;
	case 'z':
		buf_adds(b, ZONES[MIN(run, 3) - 1]);
		return true;
	case 'K':
		for (int i = 0; i < run; i++)
			buf_addc(b, 'Z');
		return true;
	case 'g':
		buf_adds(b, "A.D.");
		return true;
	}
	return false;
}

static struct term format_custom(struct run_state *rs, const struct date_parts *p, const char *fmt)
{
	_cleanup_buf_ struct buf b = {0};

	while (*fmt) {
		const char *end;
		int run = 1;

		if (*fmt == '\'' || *fmt == '"') {
			end = strchr(fmt + 1, *fmt);
			if (!end)
				return term_error(rs, "FormatDateTime: a quotation is not closed");
			buf_add(&b, fmt + 1, (size_t)(end - fmt - 1));
			fmt = end + 1;
			continue;
		}
		if (*fmt == '\\' || *fmt == '%') {
			fmt++;
			if (!*fmt || (fmt[-1] == '%' && !add_specifier(&b, p, *fmt, 1)))
				return term_error(rs, "FormatDateTime: the format is not valid");
			if (fmt[-1] == '\\')
				buf_addc(&b, *fmt);
			fmt++;
			continue;
		}
		while (run < 64 && fmt[run] == fmt[0])
			run++;
		if (run > 7 && (*fmt == 'f' || *fmt == 'F'))
			return term_error(rs, "FormatDateTime: over seven digits of a second");
		if (!add_specifier(&b, p, *fmt, run))
			buf_add(&b, fmt, (size_t)run);
		fmt += run;
	}
	return term_own(rs, buf_str(&b), b.len);
}

EAGER(f_formatdatetime)
{
	size_t len;
	const char *fmt = term_to_text(&args[1], rs->ev->arena, &len);
	struct date_parts p;
	int64_t t;

	if (!term_to_date(&args[0], &t))
		return term_error(rs, "FormatDateTime: a date was expected");
	split(t, &p);
	if (len == 0)
		fmt = "G";
	if (strlen(fmt) != 1)
		return format_custom(rs, &p, fmt);
	for (unsigned i = 0; i < ARRAY_SIZE(STANDARD); i++)
		if (STANDARD[i].letter == *fmt)
			return format_custom(rs, &p, STANDARD[i].format);
	return term_error(rs, "FormatDateTime: there is no format \"%s\"", fmt);
}
