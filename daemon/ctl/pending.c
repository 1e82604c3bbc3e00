/* adsyncctl pending: what the next export would send, as a table, as differences, as CSV. */
#include "csv.h"
#include "ctl.h"
#include "dry_run.h"
#include "print.h"

#include <errno.h>
#include <stdio.h>

/* Every page, one after the other; the exit code of the first that fails. */
static int each_page(const struct ctl *c, int (*page)(void *ctx, const json_t *objects), void *ctx)
{
	_cleanup_free_ char *after = NULL;
	int r;

	do {
		json_t *p = json_object(), *o;
		const char *next;

		if (c->connector)
			json_object_set_new(p, "connector", json_string(c->connector));
		if (after)
			json_object_set_new(p, "after", json_string(after));
		r = ctl_ask(c, "ListPending", p, &o);
		if (r)
			return r;
		r = page(ctx, json_object_get(o, "objects"));
		next = json_string_value(json_object_get(o, "next"));
		if (next && after && streq(next, after)) {
			struct err e;

			err_set(&e, -EPROTO, NULL, 0,
				"the list of adsyncd does not come to an end");
			r = ctl_fail(&e, CTL_ERRORS);
		}
		free(after);
		after = next ? xstrdup(next) : NULL;
		json_decref(o);
	} while (after && !r);
	return r;
}

static int gather(void *ctx, const json_t *objects)
{
	json_array_extend(ctx, (json_t *)objects);
	return 0;
}

int command_pending_list(const struct ctl *c, int argc, char **argv)
{
	static const struct column columns[] = {
		{"CONNECTOR", "connector"},
		{"OPERATION", "operation"},
		{"CLASS", "class"},
		{"STATE", "state"},
		{"OBJECT", "source_dn"},
		{"DN", "dn"},
	};
	json_t *all = json_array();
	int r = each_page(c, gather, all);

	if (!r && c->json)
		print_json(all);
	else if (!r)
		print_table(all, columns, ARRAY_SIZE(columns));
	json_decref(all);
	return r;
}

/* --- differences --- */

struct diff {
	const char *name; /* NULL: every object */
	json_t *found;    /* for --json */
	bool json, any;
};

static void print_side(char sign, const char *attribute, const json_t *v)
{
	size_t i;
	json_t *one;

	if (json_is_array(v)) {
		json_array_foreach ((json_t *)v, i, one)
			print_side(sign, attribute, one);
	} else if (v && !json_is_null(v)) {
		char *text = json_dumps(v, JSON_ENCODE_ANY);

		printf("  %c %s: %s\n", sign, attribute, text);
		free(text);
	}
}

static void print_diff(const json_t *o)
{
	const char *key;
	json_t *change, *ref;
	size_t i;

	printf("%s %s %s\n    %s\n", text_of(o, "operation"), text_of(o, "class"),
		*text_of(o, "source_dn") ? text_of(o, "source_dn") : "-", text_of(o, "dn"));
	json_object_foreach (json_object_get(o, "changes"), key, change) {
		print_side('-', key, json_object_get(change, "from"));
		print_side('+', key, json_object_get(change, "to"));
	}
	json_array_foreach (json_object_get(o, "references"), i, ref)
		printf("  %c %s: %s\n", *text_of(ref, "operation") == 'a' ? '+' : '-',
			text_of(ref, "attribute"), text_of(ref, "target"));
}

static int diff_page(void *ctx, const json_t *objects)
{
	struct diff *d = ctx;
	size_t i;
	json_t *o;

	json_array_foreach ((json_t *)objects, i, o) {
		if (d->name && strcasecmp(d->name, text_of(o, "dn")) != 0 &&
			strcasecmp(d->name, text_of(o, "source_dn")) != 0 &&
			strcasecmp(d->name, text_of(o, "anchor")) != 0)
			continue;
		d->any = true;
		if (d->json)
			json_array_append(d->found, o);
		else
			print_diff(o);
	}
	return 0;
}

int command_pending_diff(const struct ctl *c, int argc, char **argv)
{
	struct diff d = {argc ? argv[0] : NULL, NULL, c->json, false};
	int r;

	if (c->wire)
		return pending_wire(c, d.name);
	d.found = json_array();
	r = each_page(c, diff_page, &d);
	if (!r && c->json)
		print_json(d.found);
	json_decref(d.found);
	if (!r && d.name && !d.any) {
		fprintf(stderr, "adsyncctl: nothing is pending for %s\n", d.name);
		return CTL_ERRORS;
	}
	return r;
}

/* --- CSV (RFC 4180), a line for each value that changes --- */

static void put_row(const json_t *o, const char *attribute, const char *from, const char *to)
{
	static const char *const keys[] = {
		"connector", "operation", "class", "source_dn", "dn", "anchor"};

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		csv_put(stdout, text_of(o, keys[i]), false);
	csv_put(stdout, attribute, false);
	csv_put(stdout, from, false);
	csv_put(stdout, to, true);
}

/* Several values in one cell, a line each. */
static char *cell_of(const json_t *v)
{
	size_t i, n = 1;
	json_t *one;
	char *out;

	if (json_is_string(v))
		return xstrdup(json_string_value(v));
	if (!json_is_array(v))
		return v && !json_is_null(v) ? json_dumps(v, JSON_ENCODE_ANY) : xstrdup("");
	out = xcalloc(1, 1);
	json_array_foreach ((json_t *)v, i, one) {
		char *text = cell_of(one);

		out = xrealloc(out, n + strlen(text) + 2);
		n += (size_t)sprintf(out + n - 1, "%s%s", i ? "\n" : "", text);
		free(text);
	}
	return out;
}

static int csv_page(void *ctx, const json_t *objects)
{
	const char *key;
	json_t *o, *change, *ref;
	size_t i, k;

	json_array_foreach ((json_t *)objects, i, o) {
		json_t *changes = json_object_get(o, "changes");
		json_t *references = json_object_get(o, "references");

		if (!json_object_size(changes) && !json_array_size(references))
			put_row(o, "", "", "");
		json_object_foreach (changes, key, change) {
			char *from = cell_of(json_object_get(change, "from"));
			char *to = cell_of(json_object_get(change, "to"));

			put_row(o, key, from, to);
			free(from);
			free(to);
		}
		json_array_foreach (references, k, ref) {
			bool add = *text_of(ref, "operation") == 'a';

			put_row(o, text_of(ref, "attribute"), add ? "" : text_of(ref, "target"),
				add ? text_of(ref, "target") : "");
		}
	}
	return 0;
}

int command_pending_csv(const struct ctl *c, int argc, char **argv)
{
	fputs("connector,operation,class,object,dn,anchor,attribute,from,to\r\n", stdout);
	return each_page(c, csv_page, NULL);
}
