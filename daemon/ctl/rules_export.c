/* adsyncctl rules export: our rules as Connect Sync's XML. */
#include "ctl.h"
#include "base/file.h"
#include "lang/import/syncrule.h"
#include "sync/run.h"

#include <stdio.h>

static int export_rule(const struct ctl *c, const struct rule *r, struct err *e)
{
	_cleanup_buf_ struct buf b = {0};
	_cleanup_free_ char *path = NULL;
	json_t *rule = json_loads(r->text, 0, NULL);
	char id[40];
	int result;

	syncrule_to_xml(rule, &b);
	syncrule_file_id(rule, id);
	json_decref(rule);
	path = xasprintf("%s/SynchronizationRule_%s.xml", c->output, id);
	result = file_write(path, 0644, buf_str(&b), b.len, e);
	return result;
}

int command_rules_export(const struct ctl *c, int argc, char **argv)
{
	_cleanup_rules_ struct rules *rules = NULL;
	const struct rule *const *all;
	struct err e = {0};
	unsigned n, i = 0;
	int r;

	if (!c->output) {
		fputs("adsyncctl: say where to with --output DIR\n", stderr);
		return CTL_USAGE;
	}
	r = ctl_load_rules(c, argc, argv, &rules, &e);
	if (r == 0)
		r = dir_make(c->output, 0755, &e);
	if (r < 0)
		return ctl_fail(&e, CTL_ERRORS);
	all = ruleset_all(rules->set, &n);
	for (i = 0; i < n && r == 0; i++)
		r = export_rule(c, all[i], &e);
	if (r < 0)
		return ctl_fail(&e, CTL_ERRORS);
	printf("%u rules written to %s\n", n, c->output);
	return 0;
}
