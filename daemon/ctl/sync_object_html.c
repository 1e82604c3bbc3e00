/* The report of adsyncctl sync object as one HTML page: no script, and nothing from outside. */
#include "sync_object.h"
#include "html.h"
#include "print.h"

static const char style[] =
	"h1,h3{overflow-wrap:anywhere}table{table-layout:fixed}td.v{font-weight:600}\n"
	"tr.same td.v{color:#1a6b34}tr.different td.v{color:#a11414}\n"
	"tr.missing td.v{color:#a11414}tr.not-sent td.v{color:#8a5a00}\n"
	"tr.no-rule td.v{color:#5b6470}\n"
	".note{background:#fff6df;border-left:4px solid #d9a400;padding:.5em .8em;margin:.4em 0}\n";

static void add_cell(struct buf *b, const char *class, const char *text)
{
	buf_addf(b, "<td%s%s%s>", class ? " class=\"" : "", class ? class : "", class ? "\"" : "");
	html_text(b, text);
	buf_adds(b, "</td>");
}

/* One value in a line. */
static void add_values(struct buf *b, const json_t *v)
{
	const char *key;
	size_t i;
	json_t *one;

	if (json_is_array(v)) {
		json_array_foreach ((json_t *)v, i, one) {
			if (i)
				buf_adds(b, "<br>");
			add_values(b, one);
		}
	} else if (json_is_string(v)) {
		html_text(b, json_string_value(v));
	} else if (json_is_object(v) && json_object_get(v, "base64")) {
		html_text(b, text_of(v, "base64"));
	} else if (json_is_object(v)) { /* an attribute in a line */
		json_object_foreach ((json_t *)v, key, one) {
			html_text(b, key);
			buf_adds(b, ": ");
			add_values(b, one);
			buf_adds(b, "<br>");
		}
	} else if (v && !json_is_null(v)) {
		char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

		html_text(b, text ? text : "");
		free(text);
	}
}

static void add_value_cell(struct buf *b, const json_t *v)
{
	buf_adds(b, "<td>");
	add_values(b, v);
	buf_adds(b, "</td>");
}

static void add_heading(struct buf *b, const char *level, const char *before, const char *text)
{
	buf_addf(b, "<%s>", level);
	html_text(b, before);
	html_text(b, text);
	buf_addf(b, "</%s>\n", level);
}

static void add_head_row(struct buf *b, const char *const *titles, unsigned n)
{
	buf_adds(b, "<table><thead><tr>");
	for (unsigned i = 0; i < n; i++)
		buf_addf(b, "<th>%s</th>", titles[i]);
	buf_adds(b, "</tr></thead><tbody>\n");
}

static void add_table_of(struct buf *b, const json_t *rows, const char *const *titles,
	const char *const *keys, unsigned n)
{
	size_t i;
	json_t *row;

	if (!json_array_size(rows))
		return;
	add_head_row(b, titles, n);
	json_array_foreach ((json_t *)rows, i, row) {
		buf_adds(b, "<tr>");
		for (unsigned k = 0; k < n; k++)
			add_value_cell(b, json_object_get(row, keys[k]));
		buf_adds(b, "</tr>\n");
	}
	buf_adds(b, "</tbody></table>\n");
}

static void add_step(struct buf *b, const char *what, const json_t *c)
{
	const char *error = text_of(c, "error"), *skipped = text_of(c, "skipped");

	add_heading(b, "h3", what, text_of(c, "connector"));
	buf_adds(b, "<p>");
	html_text(b, *skipped ? "Not done: " : *error ? error : text_of(c, "result"));
	html_text(b, skipped);
	buf_adds(b, "</p>\n");
}

static void add_found(struct buf *b, const json_t *list, const char *what)
{
	static const char *const titles[] = {"Change", "Class", "DN", "Anchor", "Error"};
	static const char *const keys[] = {"change", "class", "dn", "anchor", "error"};
	json_t *c;
	size_t i;

	json_array_foreach ((json_t *)list, i, c) {
		add_step(b, what, c);
		add_table_of(b, json_object_get(c, "objects"), titles, keys, ARRAY_SIZE(titles));
	}
}

static void add_rules(struct buf *b, const json_t *o)
{
	static const char *const rule_titles[] = {"In scope", "Precedence", "Rule", "Why not"};
	static const char *const rule_keys[] = {"in_scope", "precedence", "rule", "reason"};
	static const char *const flow_titles[] = {"Attribute", "Verdict", "Rule", "Flow", "Value"};
	static const char *const flow_keys[] = {"attribute", "verdict", "rule", "flow", "value"};
	json_t *given = json_array(), *f;
	size_t i;

	json_array_foreach (
		json_object_get(o, "flows"), i, f) /* those that had something to give */
		if (json_object_get(f, "value"))
			json_array_append(given, f);

	add_table_of(b, json_object_get(o, "rules"), rule_titles, rule_keys, 4);
	buf_adds(b, "<p></p>");
	add_table_of(b, given, flow_titles, flow_keys, 5);
	json_decref(given);
}

static void add_synchronization(struct buf *b, const json_t *o)
{
	json_t *out;
	size_t i;

	if (!json_is_object(o))
		return;
	buf_adds(b, "<h2>Synchronization</h2>\n<p>");
	html_text(b, text_of(o, "join"));
	buf_adds(b, "</p>\n<h3>Inbound</h3>\n");
	add_rules(b, o);
	json_array_foreach (json_object_get(o, "outbound"), i, out) {
		add_heading(b, "h3", "Outbound to ", text_of(out, "connector"));
		buf_adds(b, "<p>");
		html_text(b, text_of(out, "result"));
		buf_adds(b, "</p>\n");
		add_rules(b, out);
	}
}

static void add_sent(struct buf *b, const json_t *o)
{
	static const char *const titles[] = {"Attribute", "Before", "Sent"};
	const char *key;
	json_t *v;
	size_t i;

	add_heading(b, "h3", text_of(o, "operation"), "");
	buf_adds(b, "<p>");
	html_text(b, text_of(o, "dn"));
	if (*text_of(o, "outcome")) {
		buf_adds(b, ": ");
		html_text(b, text_of(o, "outcome"));
	}
	if (*text_of(o, "error")) {
		buf_adds(b, "<br>");
		html_text(b, text_of(o, "error"));
	}
	buf_adds(b, "</p>\n");
	add_head_row(b, titles, ARRAY_SIZE(titles));
	json_object_foreach (json_object_get(o, "changes"), key, v) {
		buf_adds(b, "<tr>");
		add_cell(b, NULL, key);
		add_value_cell(b, json_object_get(v, "from"));
		add_value_cell(b, json_object_get(v, "to"));
		buf_adds(b, "</tr>\n");
	}
	json_array_foreach (json_object_get(o, "references"), i, v) {
		buf_adds(b, "<tr>");
		add_cell(b, NULL, text_of(v, "attribute"));
		add_cell(b, NULL, text_of(v, "operation"));
		add_cell(b, NULL, text_of(v, "target"));
		buf_adds(b, "</tr>\n");
	}
	buf_adds(b, "</tbody></table>\n");
}

static void add_exports(struct buf *b, const json_t *list)
{
	json_t *c, *o;
	size_t i, k;

	buf_adds(b, "<h2>Export</h2>\n");
	json_array_foreach ((json_t *)list, i, c) {
		if (!json_array_size(json_object_get(c, "objects"))) {
			add_heading(b, "h3", "Nothing to send to ", text_of(c, "connector"));
			continue;
		}
		add_step(b, "To ", c);
		json_array_foreach (json_object_get(c, "objects"), k, o)
			add_sent(b, o);
	}
}

static void add_compared(struct buf *b, const char *verdict, const char *class, const json_t *a)
{
	buf_addf(b, "<tr class=\"%s\">", class);
	add_cell(b, "v", verdict);
	add_cell(b, NULL, text_of(a, "attribute"));
	add_cell(b, NULL, text_of(a, "flow"));
	add_value_cell(b, json_object_get(a, "source"));
	add_value_cell(b, json_object_get(a, "wanted"));
	add_value_cell(b, json_object_get(a, "found"));
	buf_adds(b, "</tr>\n");
}

static void add_comparison(struct buf *b, const json_t *list)
{
	static const char *const titles[] = {
		"Verdict", "Attribute", "Comes from", "Source has", "Rules want", "Target has"};
	json_t *p, *a;
	size_t i, k;

	buf_adds(b, "<h2>Comparison, value by value</h2>\n");
	json_array_foreach ((json_t *)list, i, p) {
		add_heading(b, "h3", text_of(p, "dn"), "");
		buf_adds(b, "<p>");
		html_text(b, text_of(p, "connector"));
		buf_adds(b, ": ");
		html_text(b, text_of(p, "target"));
		buf_adds(b, ", ");
		html_text(b, text_of(p, "state"));
		if (*text_of(p, "authority")) {
			buf_adds(b, ". Authority: ");
			html_text(b, text_of(p, "authority"));
		}
		buf_adds(b, "</p>\n");
		add_head_row(b, titles, ARRAY_SIZE(titles));
		json_array_foreach (json_object_get(p, "attributes"), k, a) {
			const char *v = text_of(a, "verdict");

			add_compared(b, v, streq(v, "not sent") ? "not-sent" : v, a);
		}
		json_array_foreach (json_object_get(p, "not_synchronized"), k, a)
			add_compared(b, "no rule", "no-rule", a);
		buf_adds(b, "</tbody></table>\n");
	}
}

char *sync_object_html(const json_t *report)
{
	_cleanup_buf_ struct buf title = {0};
	struct buf b = {0};
	json_t *note;
	size_t i;

	buf_addf(&title, "adsyncd: %s", text_of(report, "dn"));
	html_begin(&b, buf_str(&title), style);
	add_heading(&b, "h1", text_of(report, "dn"), "");
	buf_adds(&b, "<p>");
	html_text(&b, text_of(report, "connector"));
	buf_adds(&b, ". Result: <b>");
	html_text(&b, text_of(report, "result"));
	buf_adds(&b, json_is_true(json_object_get(report, "preview"))
			     ? "</b>. Preview: nothing was written.</p>\n"
			     : "</b>.</p>\n");
	json_array_foreach (json_object_get(report, "notes"), i, note) {
		buf_adds(&b, "<p class=\"note\">");
		html_text(&b, json_string_value(note));
		buf_adds(&b, "</p>\n");
	}
	buf_adds(&b, "<h2>Import</h2>\n");
	add_found(&b, json_object_get(report, "import"), "From ");
	add_synchronization(&b, json_object_get(report, "synchronization"));
	add_exports(&b, json_object_get(report, "export"));
	buf_adds(&b, "<h2>Read back</h2>\n");
	add_found(&b, json_object_get(report, "confirm"), "From ");
	add_comparison(&b, json_object_get(report, "comparison"));
	html_end(&b);
	return buf_steal(&b);
}
