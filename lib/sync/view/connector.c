/* One connector: its settings, how changes of its directory are found, its numbers. */
#include "sync/view/show.h"
#include "store/connector_row.h"

#include <errno.h>

/* The settings in force; for a secret only where it is: a file or credential. */
static json_t *settings_json(const struct settings *s)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < s->n_defs; i++)
		if (s->values[i])
			json_object_set_new(o, s->defs[i].name, json_string(s->values[i]));
	return o;
}

static json_t *state_json(
	const struct connector_type *type, const struct connector_row *row, struct arena *a)
{
	json_t *list = json_array();
	const char *text =
		type->state && row->cursor_len ? type->state(row->cursor, row->cursor_len, a) : "";

	while (*text) {
		size_t n = strcspn(text, "\n");

		json_array_append_new(list, json_stringn(text, n));
		text += n + (text[n] == '\n');
	}
	return list;
}

static int add_row(json_t *o, const struct connector_config *c, struct store *s, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct connector_row *rows;
	json_t *all = show_connectors(s, e), *one;
	unsigned n;
	size_t i;
	int r;

	if (!all)
		return e->code;
	json_array_foreach (all, i, one)
		if (streq(json_string_value(json_object_get(one, "name")), c->settings.name))
			json_object_update(o, one);
	json_decref(all);
	r = connector_list(s, &a, &rows, &n, e);
	for (unsigned k = 0; r >= 0 && k < n; k++)
		if (streq(rows[k].name, c->settings.name))
			json_object_set_new(o, "import_state", state_json(c->type, &rows[k], &a));
	return r;
}

json_t *show_connector(const struct config *cfg, struct store *s, const char *name, struct err *e)
{
	const struct connector_config *c = config_connector(cfg, name);
	json_t *o;

	if (!c) {
		err_set(e, -ENOENT, cfg->path, 0, "there is no connector \"%s\"", name);
		return NULL;
	}
	o = json_pack("{s:s, s:s, s:o}", "name", name, "type", c->type->name, "settings",
		settings_json(&c->settings));
	if (s && add_row(o, c, s, e) < 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}
