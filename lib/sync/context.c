/* The context of the steps, from the configuration, the rules and the store. */
#include "sync/context.h"
#include "base/codec.h"
#include "store/connector_row.h"
#include "sync/extension.h"
#include "sync/parameters.h"
#include "sync/role.h"
#include "sync/unreadable.h"

#include <inttypes.h>

int context_init(struct sync *s, const struct config *cfg, const struct rules *rules,
	struct store *store, struct err *e)
{
	struct connector_row *rows;
	unsigned n;

	*s = (struct sync){
		.cfg = cfg,
		.rules = rules->set,
		.store = store,
		.metaverse = rules->metaverse,
		.extensions = rules->extensions,
	};
	TRY(connector_list(store, &s->arena, &rows, &n, e));
	s->connectors = arena_zalloc(&s->arena, (cfg->n_connectors + 1) * sizeof(*s->connectors));
	for (unsigned i = 0; i < cfg->n_connectors; i++) {
		struct sync_connector *c = &s->connectors[s->n_connectors++];

		c->cfg = &cfg->connectors[i];
		c->type = c->cfg->type;
		c->name = c->cfg->settings.name;
		role_set(c, rules->set);
		unreadable_init(c, &s->arena);
		c->row.name = c->name;
		for (unsigned k = 0; k < n; k++)
			if (streq(rows[k].name, c->name))
				c->row = rows[k];
		TRY(sync_parameters(s, c, e));
	}
	return 0;
}

const char *context_rules_digest(struct sync *s, const struct sync_connector *c)
{
	char digest[65];
	const unsigned *attrs;
	uint64_t sum = 0;
	unsigned n, surface;

	ruleset_digest(s->rules, c->name, digest);
	/* what an import asks for; with imports_all it does not ask for attributes */
	attrs = c->type->imports_all ? ruleset_source_attrs(s->rules, c->name, &n)
	                             : ruleset_read_attrs(s->rules, c->name, &s->arena, &n);
	for (unsigned i = 0; i < n; i++) {
		const char *name = attr_name(attrs[i]);

		sum += hash64(name, strlen(name));
	}
	sum += extensions_digest(s->extensions, c->name);
	/* another surface sends other classes and attributes of the same rules */
	if (c->type->surface) {
		surface = c->type->surface(&c->cfg->settings);
		sum += hash64(&surface, sizeof(surface));
	}
	return arena_printf(&s->arena, "%s-%016" PRIx64, digest, sum);
}
