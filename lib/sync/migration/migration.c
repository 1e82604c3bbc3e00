/* The store and the target of one question, see migration.h. */
#include "sync/migration/migration.h"
#include "sync/migration/names.h"
#include "sync/run.h"

#include <errno.h>

/*
 * May a source give the authority over objects of it away? Not one that only writes what is managed
 * on the directory's side already.
 */
static bool is_meant(const struct connector_config *c)
{
	return c->type->n_authorities &&
	       !(c->type->foreign_attr && c->type->foreign_attr(&c->settings));
}

static int find_target(struct migration *m, const char *name, struct err *e)
{
	const struct config *cfg = m->cfg;
	const struct connector_config *found = NULL;

	for (unsigned i = 0; i < cfg->n_connectors; i++) {
		const struct connector_config *c = &cfg->connectors[i];

		if (name ? !streq(c->settings.name, name) : !is_meant(c))
			continue;
		if (!c->type->n_authorities)
			return err_set(e, -EINVAL, NULL, 0,
				"connector \"%s\" has no source of authority that could change",
				name);
		if (found)
			return err_set(e, -EINVAL, NULL, 0,
				"there are several connectors with a source of authority: name "
				"one with --connector");
		found = c;
	}
	if (!found)
		return err_set(e, -ENOENT, NULL, 0,
			name ? "there is no connector \"%s\""
			     : "no connector%s has a source of authority that could change",
			name ? name : "");
	m->target = found;
	return 0;
}

int migration_open(struct migration *m, const struct config *cfg, const char *connector,
	enum store_mode mode, const struct work_host *host, struct err *e)
{
	_cleanup_free_ char *path = run_store_path(cfg);
	bool known = false;

	*m = (struct migration){.cfg = cfg, .host = host};
	TRY(find_target(m, connector, e));
	if (access(path, F_OK) < 0)
		return err_set(e, -ENOENT, NULL, 0, "no cycle has run yet");
	TRY(store_open(path, mode, &m->store, e));
	TRY(connector_list(m->store, &m->arena, &m->rows, &m->n_rows, e));
	for (unsigned i = 0; i < m->n_rows; i++)
		if (streq(m->rows[i].name, m->target->settings.name)) {
			m->target_row = m->rows[i];
			known = true;
		}
	return known ? 0
	             : err_set(e, -ENOENT, NULL, 0,
			       "connector \"%s\" has not been imported yet: start a cycle",
			       m->target->settings.name);
}

void migration_done(struct migration *m)
{
	if (m->connector)
		m->target->type->close(m->connector);
	names_free(m->names);
	if (m->store)
		store_rollback(m->store);
	store_close(m->store);
	arena_done(&m->arena);
	*m = (struct migration){0};
}

static bool canceled(void *ctx)
{
	const struct migration *m = ctx;

	return m->host && work_canceled(m->host);
}

int migration_refused(const struct migration *m, enum conn_result r, struct err *e)
{
	if (r == CONN_CANCELED)
		return err_set(e, -ECANCELED, NULL, 0, "stopped");
	if (e->code >= 0)
		err_set(e, -EIO, NULL, 0, "connector \"%s\" failed and did not say why",
			m->target->settings.name);
	return e->code;
}

int migration_connect(struct migration *m, struct err *e)
{
	enum conn_result r;

	if (m->connector)
		return 0;
	m->connector_host = (struct connector_host){.canceled = canceled, .ctx = m};
	e->code = 0;
	r = m->target->type->open(&m->target->settings, &m->connector_host, &m->connector, e);
	return r == CONN_OK ? 0 : migration_refused(m, r, e);
}

int migration_image(struct migration *m, const struct cs_row *row, struct arena *a,
	struct entry *ret, struct err *e)
{
	entry_init(ret, a);
	if (image_decode(row->imported, row->imported_len, store_attr_map(m->store), ret) &&
		image_decode_beside(
			row->acknowledged, row->acknowledged_len, store_attr_map(m->store), ret))
		return 0;
	return err_set(e, -EUCLEAN, NULL, 0, "the stored image of %s is corrupt", row->dn);
}

const char *migration_connector_name(const struct migration *m, int64_t id)
{
	for (unsigned i = 0; i < m->n_rows; i++)
		if (m->rows[i].id == id)
			return m->rows[i].name;
	return "?";
}
