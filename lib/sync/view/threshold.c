/* The limits of exports and imports, as JSON: what is in force, for whom, and where it was set. */
#include "sync/view/show.h"
#include "base/timefmt.h"
#include "sync/export/limit.h"
#include "sync/export/staged.h"

#include <stdio.h>

/* One limit in force, and where it was set. */
static void add_limit(json_t *list, const struct connector_config *cc, const char *setting,
	const char *class, const struct own_value *v, bool set)
{
	char from[32] = "default";

	if (v->line)
		snprintf(from, sizeof(from), "line %d", v->line);
	json_array_append_new(
		list, json_pack("{s:s, s:s, s:s, s:o, s:s}", "connector", cc->settings.name,
			      "setting", setting, "class", class, "value",
			      v->word ? json_string(v->word) : json_integer(v->n), "from",
			      set ? "threshold set" : from));
}

/* Classes with a value of their own. The threshold of a class is checked beside that for all. */
static void add_classes(json_t *list, const struct config *cfg, const struct connector_config *cc,
	const char *setting)
{
	const struct schema *s = cc->type->schema(&cc->settings);
	bool beside = streq(setting, "deletion_threshold");
	struct own_value v;

	for (unsigned i = 0; i < s->n_classes; i++) {
		const char *class = s->classes[i].name;

		if (!own_value_of_class(&cfg->export, &cc->settings, setting, class, &v))
			continue;
		if (!beside)
			own_value(&cfg->export, &cc->settings, setting, class, &v);
		add_limit(list, cc, setting, class, &v, false);
	}
}

static int add_connector(json_t *list, const struct config *cfg, const struct connector_config *cc,
	struct store *s, struct err *e)
{
	static const char *const others[] = {
		"deletion_limit", "member_removal_threshold", "member_removal_limit"};
	struct own_value v;
	bool set;

	own_value(&cfg->import, &cc->settings, "obsoletion_limit", NULL, &v);
	add_limit(list, cc, "obsoletion_limit", "", &v, false);
	if (!cc->type->export)
		return 0;
	TRY(limit_threshold_get(s, cfg, cc, &v, &set, e));
	add_limit(list, cc, "deletion_threshold", "", &v, set);
	add_classes(list, cfg, cc, "deletion_threshold");
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		own_value(&cfg->export, &cc->settings, others[i], NULL, &v);
		add_limit(list, cc, others[i], "", &v, false);
		add_classes(list, cfg, cc, others[i]);
	}
	return 0;
}

json_t *show_threshold(const struct config *cfg, struct store *s, struct err *e)
{
	struct limit_override o;
	struct staged c;
	char when[TIME_TEXT_SIZE];
	struct own_value limit;
	json_t *limits;
	bool set;
	int r = 0;

	if (limit_threshold_get(s, cfg, NULL, &limit, &set, e) < 0 ||
		limit_override_sum(s, &o, e) < 0 || staged_all(s, cfg, &c, e) < 0)
		return NULL;
	limits = json_array();
	for (unsigned i = 0; r == 0 && i < cfg->n_connectors; i++)
		r = add_connector(limits, cfg, &cfg->connectors[i], s, e);
	if (r < 0) {
		json_decref(limits);
		return NULL;
	}
	return json_pack("{s:I, s:I, s:b, s:I, s:I, s:b, s:I, s:I, s:s?, s:o}", "threshold",
		(json_int_t)limit.n, "configured",
		(json_int_t)setting_number(&cfg->export, "deletion_threshold"), "enabled",
		limit.n != 0, "staged_deletes", (json_int_t)c.deletes, "groups_held",
		(json_int_t)c.held, "override", o.ends != 0, "override_deletes",
		(json_int_t)o.deletes, "override_removals", (json_int_t)o.removals, "override_ends",
		o.ends ? time_format(o.ends, when) : NULL, "limits", limits);
}
