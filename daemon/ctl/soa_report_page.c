/* The page of adsyncctl soa report, see soa_report.h. */
#include "soa_report.h"
#include "base/err.h"
#include "base/json.h"
#include "html.h"
#include "print.h"

#define OBJECTS_MAX 5000 /* rows in all tables of waves together */
#define NAMED_MAX 100    /* objects that a finding names */

static const char style[] =
	"p.sub{color:#5b6470;margin-top:0}figure{margin:1em 0}figcaption{color:#5b6470}\n"
	"svg text{fill:#1b1f24;font-family:system-ui,sans-serif}\n"
	"span.w{display:inline-block;min-width:4.2em;padding:0 .5em;border-radius:3px;"
	"border:1px solid;font-size:.9em}\n"
	".blocks{color:#a11414;border-color:#a11414}.warns{color:#8a5a00;border-color:#d9a400}\n"
	".info{color:#33506e;border-color:#9aa3ad}.ready{color:#1a6b34;border-color:#3f9a5f}\n"
	"g.box rect{fill:#fff;stroke:#9aa3ad;stroke-width:1.5}\n"
	"g.blocks rect{stroke:#a11414;stroke-width:3}g.warns rect{stroke:#d9a400}"
	"g.ready rect{stroke:#3f9a5f}g.circle rect{stroke-dasharray:6 3}\n"
	"g.box text.name{font-weight:600}path.edge{fill:none;stroke:#8b949e;stroke-width:1.2}\n"
	"table.wave{table-layout:fixed}table.wave th:nth-child(1){width:19%}"
	"table.wave th:nth-child(2){width:7%}table.wave th:nth-child(3){width:27%}"
	"table.wave th:nth-child(4){width:10%}table.wave th:nth-child(5){width:18%}\n"
	"td.note{color:#5b6470}ul.plain{margin:.2em 0;padding-left:1.4em}\n";

static const char *const words[] = {"ready", "info", "warns", "blocks"};
static const char *const says[] = {"ready", "with remarks", "with warnings", "blocked"};

static json_int_t number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void add_word(struct buf *b, const char *word)
{
	buf_addf(b, "<span class=\"w %s\">%s</span>", word, word);
}

/* --- counts and progress --- */

static void add_counts(struct buf *b, const json_t *counts)
{
	static const char *const states[] = {"synced", "exchange-only", "converted",
		"awaiting-takeover", "cloud-native", "synced-elsewhere"};
	const char *class;
	json_t *of;

	buf_adds(b, "<h2>Where the objects stand</h2>\n");
	if (!json_object_size(counts)) {
		buf_adds(b, "<p>There are no objects yet.</p>\n");
		return;
	}
	soa_svg_counts(b, counts);
	buf_adds(b, "<table><thead><tr><th>Type</th>");
	for (unsigned i = 0; i < ARRAY_SIZE(states); i++)
		buf_addf(b, "<th class=\"n\">%s</th>", states[i]);
	buf_adds(b, "</tr></thead><tbody>\n");
	json_object_foreach ((json_t *)counts, class, of) {
		buf_adds(b, "<tr><td>");
		html_text(b, class);
		buf_adds(b, "</td>");
		for (unsigned i = 0; i < ARRAY_SIZE(states); i++)
			buf_addf(b, "<td class=\"n\">%lld</td>",
				(long long)number_of(of, states[i]));
		buf_adds(b, "</tr>\n");
	}
	buf_adds(b, "</tbody></table>\n");
}

static void add_progress(struct buf *b, const json_t *converted, const char *now)
{
	buf_adds(b, "<h2>Progress over time</h2>\n");
	if (!json_object_size(converted)) {
		buf_adds(b, "<p>No object has its source of authority in the cloud yet.</p>\n");
		return;
	}
	buf_adds(b, "<p>Objects whose source of authority is in the cloud now, by the day on which "
		    "a cycle first saw it there.</p>\n");
	soa_svg_progress(b, converted, now);
	if (json_object_get(converted, "")) {
		const json_t *of = json_object_get(converted, "");
		const char *class;
		json_t *n;

		buf_adds(b, "<p>Already there when they were first imported:");
		json_object_foreach ((json_t *)of, class, n) {
			buf_addf(b, " %lld ", (long long)json_integer_value(n));
			html_text(b, class);
		}
		buf_adds(b, ".</p>\n");
	}
}

/* --- waves --- */

/* The objects by their waves; in a wave the order of the plan holds. */
struct wave_row {
	long long wave;
	size_t number;
	const json_t *object;
};

static int by_wave(const void *a, const void *b)
{
	const struct wave_row *x = a, *y = b;

	if (x->wave != y->wave)
		return x->wave < y->wave ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* The codes of each object's findings, as text. */
static json_t *codes_by_object(const json_t *findings, size_t n)
{
	json_t *list = json_array(), *f;
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, json_object());
	json_array_foreach (findings, i, f) {
		json_t *number = json_object_get(f, "object");

		if (json_is_integer(number))
			json_object_set_new(
				json_array_get(list, (size_t)json_integer_value(number)),
				text_of(f, "code"), json_true());
	}
	return list;
}

static void add_object(struct buf *b, const json_t *o, const json_t *codes)
{
	const char *code, *sep = "";
	json_t *v;

	buf_adds(b, "<tr><td>");
	html_name(b, text_of(o, "name"));
	buf_adds(b, "</td><td>");
	html_text(b, text_of(o, "class"));
	buf_adds(b, "</td><td>");
	html_dn(b, text_of(o, "dn"));
	buf_adds(b, "</td><td>");
	add_word(b, soa_readiness(o));
	buf_adds(b, "</td><td>");
	json_object_foreach ((json_t *)codes, code, v) {
		buf_adds(b, sep);
		html_text(b, code);
		sep = ", ";
	}
	buf_adds(b, "</td><td class=\"note\">");
	html_text(b, text_of(o, "note"));
	buf_adds(b, "</td></tr>\n");
}

static void add_wave_head(struct buf *b, const struct wave_row *rows, size_t n)
{
	unsigned counts[ARRAY_SIZE(words)] = {0};

	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < ARRAY_SIZE(words); k++)
			counts[k] += streq(soa_readiness(rows[i].object), words[k]);
	buf_addf(b, "<h3 id=\"wave-%lld\">Wave %lld: %zu objects", rows[0].wave, rows[0].wave, n);
	for (unsigned k = 0; k < ARRAY_SIZE(words); k++)
		if (counts[k])
			buf_addf(b, ", %u %s", counts[k], says[k]);
	buf_adds(b, "</h3>\n");
}

static void add_wave(
	struct buf *b, const struct wave_row *rows, size_t n, const json_t *codes, size_t *shown)
{
	size_t here = MIN(n, OBJECTS_MAX - *shown);

	add_wave_head(b, rows, n);
	if (here)
		buf_adds(b, "<table class=\"wave\"><thead><tr><th>Name</th><th>Type</th>"
			    "<th>DN</th><th>Readiness</th><th>Findings</th><th>Note</th></tr>"
			    "</thead><tbody>\n");
	for (size_t i = 0; i < here; i++)
		add_object(b, rows[i].object, json_array_get(codes, rows[i].number));
	if (here)
		buf_adds(b, "</tbody></table>\n");
	if (here < n)
		buf_addf(b, "<p>%zu more; adsyncctl soa plan has them all.</p>\n", n - here);
	*shown += here;
}

static void add_waves(struct buf *b, const json_t *report)
{
	const json_t *objects = json_object_get(json_object_get(report, "plan"), "objects");
	size_t n = json_array_size(objects), shown = 0, to;
	struct wave_row *rows = xcalloc(n + 1, sizeof(*rows));
	_cleanup_json_ json_t *codes = codes_by_object(json_object_get(report, "findings"), n);

	buf_adds(b, "<h2>Waves</h2>\n");
	if (!n)
		buf_adds(b, "<p>There is nothing to switch.</p>\n");
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(objects, i);

		rows[i] = (struct wave_row){soa_wave_of(o), i, o};
	}
	qsort(rows, n, sizeof(*rows), by_wave);
	for (size_t from = 0; from < n; from = to) {
		for (to = from + 1; to < n && rows[to].wave == rows[from].wave;)
			to++;
		add_wave(b, rows + from, to - from, codes, &shown);
	}
	free(rows);
}

/* --- findings --- */

static void add_finding_objects(
	struct buf *b, const char *code, const json_t *findings, const json_t *objects)
{
	size_t i, n = 0;
	json_t *f;

	buf_adds(b, "<ul class=\"plain\">\n");
	json_array_foreach (findings, i, f) {
		const json_t *number = json_object_get(f, "object");
		const json_t *o =
			json_is_integer(number)
				? json_array_get(objects, (size_t)json_integer_value(number))
				: NULL;

		if (!streq(text_of(f, "code"), code) || n++ >= NAMED_MAX)
			continue;
		buf_adds(b, "<li>");
		if (o)
			html_name(b, *text_of(o, "dn") ? text_of(o, "dn") : text_of(o, "identity"));
		else
			buf_adds(b, "All objects");
		buf_adds(b, ": ");
		if (*text_of(f, "attribute")) {
			html_text(b, text_of(f, "attribute"));
			buf_adds(b, ": ");
		}
		html_name(b, text_of(f, "text"));
		buf_adds(b, "</li>\n");
	}
	buf_adds(b, "</ul>\n");
	if (n > NAMED_MAX)
		buf_addf(b, "<p>%zu more; adsyncctl soa check has them all.</p>\n", n - NAMED_MAX);
}

/* What blocks comes first. */
static void add_findings(struct buf *b, const json_t *report)
{
	static const char *const severities[] = {"blocks", "warns", "info"};
	const json_t *codes = json_object_get(report, "codes");
	const json_t *objects = json_object_get(json_object_get(report, "plan"), "objects");
	const char *code;
	json_t *o;

	buf_adds(b, "<h2>Findings</h2>\n");
	if (!json_object_size(codes))
		buf_adds(b, "<p>Nothing was found.</p>\n");
	for (unsigned i = 0; i < ARRAY_SIZE(severities); i++)
		json_object_foreach ((json_t *)codes, code, o) {
			if (!streq(text_of(o, "severity"), severities[i]))
				continue;
			buf_adds(b, "<h3>");
			add_word(b, severities[i]);
			buf_addc(b, ' ');
			html_text(b, code);
			buf_adds(b, "</h3>\n<p>Why: ");
			html_text(b, text_of(o, "why"));
			buf_adds(b, ".<br>To do: ");
			html_text(b, text_of(o, "advice"));
			buf_adds(b, ".</p>\n");
			add_finding_objects(b, code, json_object_get(report, "findings"), objects);
		}
}

static void add_left_out(struct buf *b, const json_t *left)
{
	size_t i;
	json_t *o;

	if (!json_array_size(left))
		return;
	buf_adds(b, "<h2>Left out</h2>\n<table><thead><tr><th>Object</th><th>Why</th></tr></thead>"
		    "<tbody>\n");
	json_array_foreach (left, i, o) {
		if (i == OBJECTS_MAX)
			break;
		buf_adds(b, "<tr><td>");
		html_name(b, *text_of(o, "dn") ? text_of(o, "dn") : text_of(o, "identity"));
		buf_adds(b, "</td><td>");
		html_text(b, text_of(o, "why"));
		buf_adds(b, "</td></tr>\n");
	}
	buf_adds(b, "</tbody></table>\n");
	if (json_array_size(left) > OBJECTS_MAX)
		buf_addf(b, "<p>%zu more.</p>\n", json_array_size(left) - OBJECTS_MAX);
}

void soa_report_page(struct buf *b, const json_t *report)
{
	const json_t *plan = json_object_get(report, "plan");

	html_begin(b, "Source of authority", style);
	buf_adds(b, "<h1>Source of authority</h1>\n<p class=\"sub\">");
	html_name(b, text_of(report, "target"));
	buf_adds(b, ", ");
	html_text(b, text_of(report, "time"));
	buf_addf(b, ". %zu objects to switch, %lld waves, circles of groups: %lld.</p>\n",
		json_array_size(json_object_get(plan, "objects")),
		(long long)number_of(plan, "waves"), (long long)number_of(plan, "cycles"));
	add_counts(b, json_object_get(report, "counts"));
	add_progress(b, json_object_get(report, "converted"), text_of(report, "time"));
	add_waves(b, report);
	buf_adds(b, "<h2>Groups in groups</h2>\n");
	soa_svg_nesting(b, plan);
	add_findings(b, report);
	add_left_out(b, json_object_get(plan, "left_out"));
	html_end(b);
}
