/* All rules: loading of folders, order of precedence; what steps look up of them is in index.c. */
#include "lang/rule/ruleset.h"
#include "lang/expr/expr.h"
#include "lang/rule/check.h"
#include "lang/rule/load.h"
#include "lang/rule/ruleset_priv.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

static int only_json(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && n > 5 && streq(d->d_name + n - 5, ".json");
}

static int read_folder(struct ruleset *rs, const char *path, struct err *e)
{
	struct dirent **names;
	int n = scandir(path, &names, only_json, alphasort), r = 0;

	if (n < 0)
		return err_set(
			e, -errno, path, 0, "cannot read the folder of rules: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = rules_read_file(
				rs, arena_printf(&rs->arena, "%s/%s", path, names[i]->d_name), e);
		free(names[i]);
	}
	free(names);
	return r;
}

static int cmp_rules(const void *a, const void *b)
{
	const struct rule *x = *(struct rule *const *)a, *y = *(struct rule *const *)b;

	if (x->precedence != y->precedence)
		return x->precedence < y->precedence ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Of the ruleset's own: the caller's list may go. */
static const char *const *list_copy(struct ruleset *rs, const char *const *list)
{
	const char **ret;
	unsigned n = 0;

	if (!list)
		return NULL;
	while (list[n])
		n++;
	ret = arena_zalloc(&rs->arena, (n + 1) * sizeof(*ret));
	for (unsigned i = 0; i < n; i++)
		ret[i] = arena_strdup(&rs->arena, list[i]);
	return ret;
}

static struct ruleset *ruleset_new(const struct rule_schema *schemas, unsigned n_schemas)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));

	rs->schemas = arena_alloc(&rs->arena, (n_schemas + 1) * sizeof(*schemas));
	memcpy(rs->schemas, schemas, n_schemas * sizeof(*schemas));
	for (unsigned i = 0; i < n_schemas; i++) {
		rs->schemas[i].settings = list_copy(rs, schemas[i].settings);
		rs->schemas[i].settings_on = list_copy(rs, schemas[i].settings_on);
	}
	rs->n_schemas = n_schemas;
	return rs;
}

/* All rules are read: order, checks of the whole, look-ups. */
static int ruleset_finish(struct ruleset *rs, struct err *e)
{
	int r;

	if (rs->n_rules)
		qsort(rs->rules, rs->n_rules, sizeof(*rs->rules), cmp_rules);
	r = ruleset_check(rs, e);
	if (r < 0)
		return r;
	ruleset_index(rs);
	return 0;
}

int ruleset_load(const char *const *paths, unsigned n_paths, const struct rule_schema *schemas,
	unsigned n_schemas, struct ruleset **ret, struct err *e)
{
	static const struct rule_text none;

	return ruleset_load_with(paths, n_paths, &none, schemas, n_schemas, ret, e);
}

int ruleset_load_with(const char *const *paths, unsigned n_paths, const struct rule_text *made,
	const struct rule_schema *schemas, unsigned n_schemas, struct ruleset **ret, struct err *e)
{
	_cleanup_ruleset_ struct ruleset *rs = ruleset_new(schemas, n_schemas);
	struct stat st;
	int r = 0;

	assert(ret && (paths || n_paths == 0));
	for (unsigned i = 0; i < n_paths && r == 0; i++) {
		if (stat(paths[i], &st) < 0)
			return err_set(e, -errno, paths[i], 0, "cannot read the rules: %s",
				strerror(errno));
		r = S_ISDIR(st.st_mode) ? read_folder(rs, paths[i], e)
		                        : rules_read_file(rs, paths[i], e);
	}
	if (r == 0 && made->text)
		r = rules_read_made(rs, made->name, made->text, e);
	if (r == 0)
		r = ruleset_finish(rs, e);
	if (r == 0)
		*ret = steal(&rs);
	return r;
}

int ruleset_load_text(const char *name, const char *text, const struct rule_schema *schemas,
	unsigned n_schemas, struct ruleset **ret, struct err *e)
{
	_cleanup_ruleset_ struct ruleset *rs = ruleset_new(schemas, n_schemas);
	int r = rules_read_text(rs, name, text, strlen(text), e);

	if (r == 0)
		r = ruleset_finish(rs, e);
	if (r == 0)
		*ret = steal(&rs);
	return r;
}

void ruleset_free(struct ruleset *rs)
{
	if (!rs)
		return;
	for (unsigned i = 0; i < rs->n_rules; i++)
		for (unsigned k = 0; k < rs->rules[i]->n_flows; k++)
			expr_free(rs->rules[i]->flows[k].expr);
	arena_done(&rs->arena);
	free(rs);
}
