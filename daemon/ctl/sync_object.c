/* adsyncctl sync object: one object through a whole cycle, and the report as text. */
#include "sync_object.h"
#include "base/file.h"
#include "print.h"
#include "report/step_result.h"

#include <stdio.h>

static const char *result_text(const json_t *o)
{
	const char *error = text_of(o, "error");

	return *error ? error : text_of(o, "result");
}

static void print_found(const json_t *list, const char *title)
{
	json_t *c, *o;
	size_t i, k;

	json_array_foreach ((json_t *)list, i, c) {
		printf("\n%s %s: %s\n", title, text_of(c, "connector"), result_text(c));
		json_array_foreach (json_object_get(c, "objects"), k, o)
			printf("  %-16s %-8s %s%s%s\n", text_of(o, "change"), text_of(o, "class"),
				text_of(o, *text_of(o, "dn") ? "dn" : "anchor"),
				*text_of(o, "error") ? ": " : "", text_of(o, "error"));
	}
}

static void print_value(const json_t *v)
{
	char *text = v ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	fputs(text && !json_is_null(v) ? text : "-", stdout);
	free(text);
}

static void print_sent(const json_t *o)
{
	const char *key;
	json_t *change, *ref;
	size_t i;

	printf("  %s %s %s%s%s\n", text_of(o, "operation"), text_of(o, "class"), text_of(o, "dn"),
		*text_of(o, "outcome") ? ": " : "", text_of(o, "outcome"));
	if (*text_of(o, "error"))
		printf("    %s\n", text_of(o, "error"));
	json_object_foreach (json_object_get(o, "changes"), key, change) {
		printf("    %-32s ", key);
		print_value(json_object_get(change, "from"));
		fputs(" -> ", stdout);
		print_value(json_object_get(change, "to"));
		puts("");
	}
	json_array_foreach (json_object_get(o, "references"), i, ref)
		printf("    %-32s %s %s\n", text_of(ref, "attribute"), text_of(ref, "operation"),
			text_of(ref, "target"));
}

static void print_exports(const json_t *list)
{
	json_t *c, *o;
	size_t i, k;

	json_array_foreach ((json_t *)list, i, c) {
		bool any = json_array_size(json_object_get(c, "objects")) > 0;
		const char *skipped = text_of(c, "skipped");

		printf("\nExport to %s: %s%s\n", text_of(c, "connector"),
			!any       ? "nothing to send"
			: *skipped ? "not done, "
				   : result_text(c),
			any ? skipped : "");
		json_array_foreach (json_object_get(c, "objects"), k, o)
			print_sent(o);
	}
}

/* "title "Pilot", c "NO"": what the flow reads. */
static void print_source(const json_t *o)
{
	const char *key, *sep = "";
	json_t *v;

	json_object_foreach ((json_t *)o, key, v) {
		printf("%s%s ", sep, key);
		print_value(v);
		sep = ", ";
	}
	puts(*sep ? "" : "-");
}

/* What is the same takes one line, what is not tells all three sides. */
static void print_compared(const json_t *a)
{
	printf("  %-10s %-32s ", text_of(a, "verdict"), text_of(a, "attribute"));
	print_value(json_object_get(a, "wanted"));
	if (streq(text_of(a, "verdict"), "same")) {
		puts("");
		return;
	}
	printf("\n  %-10s %-32s source has ", "", "");
	print_source(json_object_get(a, "source"));
	printf("  %-10s %-32s target has ", "", "");
	print_value(json_object_get(a, "found"));
	puts("");
}

static bool is_same(const json_t *a)
{
	return streq(text_of(a, "verdict"), "same");
}

/* What is empty on all sides is counted only; of an object beside, all that is the same. */
static void print_pair(const json_t *p, bool main)
{
	unsigned same = 0;
	json_t *a;
	size_t i;

	printf("\n%s %s\n  and %s in %s (%s)%s%s\n",
		main ? "Comparison of" : "Referred to:", text_of(p, "dn"), text_of(p, "target"),
		text_of(p, "connector"), text_of(p, "state"),
		*text_of(p, "authority") ? ", authority: " : "", text_of(p, "authority"));
	json_array_foreach (json_object_get(p, "attributes"), i, a) {
		if (is_same(a) && (!main || json_is_null(json_object_get(a, "wanted"))))
			same++;
		else
			print_compared(a);
	}
	if (same)
		printf("  %-10s %u %sattributes\n", "same", same, main ? "empty " : "");
	json_array_foreach (json_object_get(p, "not_synchronized"), i, a) {
		printf("  %-10s %-32s ", "no rule", text_of(a, "attribute"));
		print_value(json_object_get(a, "source"));
		puts("");
	}
}

/* The rules in scope, and what they gave. */
static void print_applied(const json_t *o, const char *title)
{
	json_t *x;
	size_t i;

	printf("%s\n", title);
	json_array_foreach (json_object_get(o, "rules"), i, x) {
		const char *reason = text_of(x, "reason");

		printf("  %-12s %s%s%s\n", *reason ? "out of scope" : "in scope",
			text_of(x, "rule"), *reason ? ": " : "", reason);
	}
	json_array_foreach (json_object_get(o, "flows"), i, x) {
		const char *verdict = text_of(x, "verdict");

		if (!json_object_get(x, "value") || streq(verdict, "lost") ||
			streq(verdict, "not sent"))
			continue;
		printf("  %-12s %-32s ", verdict, text_of(x, "attribute"));
		print_value(json_object_get(x, "value"));
		printf("  (%s)\n", text_of(x, "rule"));
	}
}

static void print_rules_of(const json_t *o)
{
	json_t *out;
	size_t i;

	printf("\nSynchronization: %s\n", text_of(o, "join"));
	if (*text_of(o, "error"))
		printf("  error: %s\n", text_of(o, "error"));
	print_applied(o, " inbound");
	json_array_foreach (json_object_get(o, "outbound"), i, out) {
		printf(" outbound to %s: ", text_of(out, "connector"));
		print_applied(out, text_of(out, "result"));
	}
}

static void print_report(const json_t *report)
{
	json_t *note, *pair, *rules = json_object_get(report, "synchronization");
	bool preview = json_is_true(json_object_get(report, "preview"));
	size_t i;

	printf("%s in %s\n", text_of(report, "dn"), text_of(report, "connector"));
	if (preview)
		puts("Preview: nothing was written.");
	print_found(json_object_get(report, "import"), "Import from");
	if (json_is_object(rules))
		print_rules_of(rules);
	print_exports(json_object_get(report, "export"));
	print_found(json_object_get(report, "confirm"), "Read back from");
	json_array_foreach (json_object_get(report, "comparison"), i, pair)
		print_pair(pair, i == 0);
	json_array_foreach (json_object_get(report, "notes"), i, note)
		printf("\nNote: %s.\n", json_string_value(note));
	printf("\nResult: %s\n", text_of(report, "result"));
}

static int write_html(const struct ctl *c, const json_t *report)
{
	_cleanup_free_ char *page = sync_object_html(report);
	struct err e = {0};

	return file_write(c->html, 0600, page, strlen(page), &e) < 0 ? ctl_fail(&e, CTL_ERRORS) : 0;
}

int command_sync_object(const struct ctl *c, int argc, char **argv)
{
	json_t *p = json_pack("{s:s, s:b}", "name", argv[0], "preview", c->preview), *o, *report;
	int r;

	if (c->everything)
		json_object_set_new(p, "everything", json_true());
	if (c->connector)
		json_object_set_new(p, "connector", json_string(c->connector));
	r = ctl_ask(c, "SyncObject", p, &o);
	if (r)
		return r;
	report = json_object_get(o, "report");
	r = c->html ? write_html(c, report) : 0;
	if (c->json)
		print_json(report);
	else if (!c->html)
		print_report(report);
	if (!r)
		r = streq(text_of(report, "result"), step_result_word(STEP_RESULT_SUCCESS))
		            ? CTL_GOOD
		            : CTL_ERRORS;
	json_decref(o);
	return r;
}
