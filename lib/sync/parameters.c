/*
 * The values of %Parameters%: the connector's name, and what its type knows. They are read before
 * the steps, and again when an import learns the directory's names. After a change the connector's
 * next sync is full.
 */
#include "sync/parameters.h"
#include "base/codec.h"
#include "model/dn.h"

#include <inttypes.h>

static const char *parameter_of(
	struct sync *s, const struct sync_connector *c, unsigned partition, const char *name)
{
	if (streq(name, "Connector.ID"))
		return c->name;
	return c->type->parameter
	               ? c->type->parameter(&c->cfg->settings, c->names, partition, name, &s->arena)
	               : NULL;
}

int sync_parameters(struct sync *s, struct sync_connector *c, struct err *e)
{
	const char *key = arena_printf(&s->arena, "names.%" PRId64, c->row.id);
	char **dns = c->type->partitions ? c->type->partitions(&c->cfg->settings, &s->arena) : NULL;
	unsigned n = 0;

	c->names = NULL;
	TRY(c->row.id ? meta_get(s->store, key, &s->arena, &c->names, e) : 0);
	while (dns && dns[n])
		n++;
	c->n_partitions = MAX(n, 1u);
	c->partition_keys = arena_zalloc(&s->arena, c->n_partitions * sizeof(char *));
	c->parameters = arena_zalloc(&s->arena, c->n_partitions * sizeof(*c->parameters));
	for (unsigned k = 0; k < c->n_partitions; k++) {
		if (k < n)
			c->partition_keys[k] = dn_key(&s->arena, dns[k]);
		for (unsigned i = 0; rule_parameters[i]; i++)
			c->parameters[k][i] = parameter_of(s, c, k, rule_parameters[i]);
	}
	return 0;
}

int sync_names_put(struct sync *s, struct sync_connector *c, const char *names, struct err *e)
{
	const char *key = arena_printf(&s->arena, "names.%" PRId64, c->row.id);

	TRY(meta_set(s->store, key, names, e));
	return sync_parameters(s, c, e);
}

int sync_parameters_check(struct sync *s, struct sync_connector *c, struct err *e)
{
	const char *key = arena_printf(&s->arena, "parameters.%" PRId64, c->row.id);
	const char *before = NULL, *now;
	uint64_t h = 0;

	for (unsigned k = 0; k < c->n_partitions; k++)
		for (unsigned i = 0; rule_parameters[i]; i++) {
			const char *v = c->parameters[k][i];

			h = h * 31 + (v ? hash64(v, strlen(v)) : 7);
		}
	now = arena_printf(&s->arena, "%016" PRIx64, h);
	TRY(meta_get(s->store, key, &s->arena, &before, e));
	if (before && streq(before, now))
		return 0;
	c->row.full_sync_required = true;
	return meta_set(s->store, key, now, e);
}

unsigned parameters_partition(const struct sync_connector *c, const char *dn)
{
	_cleanup_arena_ struct arena a = {0};
	const char *key;
	unsigned best = 0;
	size_t len = 0;

	if (c->n_partitions <= 1)
		return 0;
	key = dn ? dn_key(&a, dn) : "";
	for (unsigned i = 0; i < c->n_partitions; i++)
		if (c->partition_keys[i] && dn_key_below(key, c->partition_keys[i]) &&
			strlen(c->partition_keys[i]) > len) {
			best = i;
			len = strlen(c->partition_keys[i]);
		}
	return best;
}

const char *parameters_value(const struct sync_connector *c, unsigned partition, const char *name)
{
	for (unsigned i = 0; rule_parameters[i]; i++)
		if (streq(rule_parameters[i], name))
			return c->parameters[partition][i];
	return NULL;
}
