/* The pictures of the report, drawn as SVG inside of the page: see soa_report.h. */
#include "base/err.h"
#include "base/timefmt.h"
#include "html.h"
#include "print.h"
#include "soa_report.h"

#include <stdio.h>

/* The states in the order of a migration, with their colours. */
static const struct {
	const char *state, *colour;
} states[] = {
	{"synced", "#4a7fb5"},
	{"exchange-only", "#8a6fb8"},
	{"converted", "#3f9a5f"},
	{"awaiting-takeover", "#d9a400"},
	{"cloud-native", "#9aa3ad"},
	{"synced-elsewhere", "#c7ccd2"},
};

long long soa_wave_of(const json_t *object)
{
	const json_t *given = json_object_get(object, "given");

	return json_integer_value(given ? given : json_object_get(object, "wave"));
}

const char *soa_readiness(const json_t *object)
{
	static const char *const words[] = {"blocks", "warns", "info", "ready"};

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (streq(text_of(object, "readiness"), words[i]))
			return words[i];
	return "ready";
}

/* --- counts by state --- */

#define BAR_WIDTH 560

static json_int_t total_of(const json_t *of)
{
	json_int_t n = 0;
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)of, key, v)
		n += json_integer_value(v);
	return n;
}

static void bar(struct buf *b, const char *class, const json_t *of, int y)
{
	json_int_t total = total_of(of);
	double x = 110;

	buf_addf(b, "<text x=\"0\" y=\"%d\">", y + 15);
	html_short(b, class, 14);
	buf_adds(b, "</text>");
	for (unsigned i = 0; i < ARRAY_SIZE(states) && total; i++) {
		json_int_t n = json_integer_value(json_object_get(of, states[i].state));
		double width = (double)n * BAR_WIDTH / (double)total;

		if (!n)
			continue;
		buf_addf(b,
			"<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"20\" fill=\"%s\">"
			"<title>%s: %lld</title></rect>",
			x, y, width, states[i].colour, states[i].state, (long long)n);
		x += width;
	}
	buf_addf(b, "<text x=\"%d\" y=\"%d\">%lld</text>\n", 110 + BAR_WIDTH + 8, y + 15,
		(long long)total);
}

static void legend(struct buf *b, int y)
{
	for (unsigned i = 0; i < ARRAY_SIZE(states); i++)
		buf_addf(b,
			"<rect x=\"%u\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>"
			"<text x=\"%u\" y=\"%d\">%s</text>\n",
			i * 128, y, states[i].colour, i * 128 + 16, y + 11, states[i].state);
}

void soa_svg_counts(struct buf *b, const json_t *counts)
{
	int n = (int)json_object_size(counts), y = 4;
	const char *class;
	json_t *of;

	if (!n)
		return;
	buf_addf(b,
		"<figure><svg viewBox=\"0 0 780 %d\" width=\"780\" role=\"img\" "
		"aria-label=\"Objects by state\" font-size=\"12\">\n",
		n * 28 + 28);
	json_object_foreach ((json_t *)counts, class, of) {
		bar(b, class, of, y);
		y += 28;
	}
	legend(b, y + 4);
	buf_adds(b, "</svg></figure>\n");
}

/* --- progress over time --- */

#define CHART_LEFT 50
#define CHART_WIDTH 680
#define CHART_TOP 14
#define CHART_HEIGHT 170

struct day {
	int64_t number; /* days since 1970 */
	json_int_t sum; /* objects up to its end */
	const char *text;
};

static bool day_of(const char *text, int64_t *ret)
{
	int y, m, d;

	if (sscanf(text, "%4d-%2d-%2d", &y, &m, &d) != 3)
		return false;
	*ret = days_from_civil(y, m, d);
	return true;
}

static int by_day(const void *a, const void *b)
{
	const struct day *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* Sorted, with the sums; those that were there from the beginning are in each. */
static unsigned days_of(const json_t *converted, struct day *days)
{
	json_int_t sum = total_of(json_object_get(converted, ""));
	const char *text;
	unsigned n = 0;
	json_t *of;

	json_object_foreach ((json_t *)converted, text, of)
		if (day_of(text, &days[n].number)) {
			days[n].text = text;
			days[n++].sum = total_of(of);
		}
	qsort(days, n, sizeof(*days), by_day);
	for (unsigned i = 0; i < n; i++)
		days[i].sum = sum += days[i].sum;
	return n;
}

/* A step for each day, from the day before the first one to the day after the last. */
static void chart(struct buf *b, const struct day *days, unsigned n, json_int_t before, int64_t now)
{
	int64_t first = days[0].number - 1, last = MAX(days[n - 1].number, now) + 1;
	double span = (double)(last - first), top = (double)MAX(days[n - 1].sum, 1);
	int bottom = CHART_TOP + CHART_HEIGHT, right = CHART_LEFT + CHART_WIDTH;

	buf_addf(b,
		"<path stroke=\"#d7dbe0\" d=\"M%d %d H%d M%d %d H%d\"/>"
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>"
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%lld</text>\n",
		CHART_LEFT, bottom, right, CHART_LEFT, CHART_TOP, right, CHART_LEFT - 6, bottom + 4,
		CHART_LEFT - 6, CHART_TOP + 4, (long long)days[n - 1].sum);
	buf_addf(b, "<path fill=\"none\" stroke=\"#3f9a5f\" stroke-width=\"2.5\" d=\"M%d %.1f",
		CHART_LEFT, (double)bottom - (double)before * CHART_HEIGHT / top);
	for (unsigned i = 0; i < n; i++)
		buf_addf(b, " H%.1f V%.1f",
			CHART_LEFT + (double)(days[i].number - first) * CHART_WIDTH / span,
			(double)bottom - (double)days[i].sum * CHART_HEIGHT / top);
	buf_addf(b, " H%d\"/>\n", right);
	for (unsigned i = 0; i < n; i += MAX(n - 1, 1u)) /* the first and the last one */
		buf_addf(b, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.10s: %lld</text>\n",
			CHART_LEFT + (double)(days[i].number - first) * CHART_WIDTH / span,
			bottom + 18, days[i].text, (long long)days[i].sum);
}

void soa_svg_progress(struct buf *b, const json_t *converted, const char *now)
{
	struct day *days = xcalloc(json_object_size(converted) + 1, sizeof(*days));
	unsigned n = days_of(converted, days);
	int64_t today = 0;

	if (n && day_of(now, &today)) {
		buf_adds(b, "<figure><svg viewBox=\"0 0 780 214\" width=\"780\" role=\"img\" "
			    "aria-label=\"Progress over time\" font-size=\"12\">\n");
		chart(b, days, n, total_of(json_object_get(converted, "")), today);
		buf_adds(b, "</svg></figure>\n");
	}
	free(days);
}
