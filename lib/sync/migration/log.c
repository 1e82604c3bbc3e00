/*
 * soa log: what was not sent since somebody else has the authority, in the shape of the cloud's own
 * provisioning log (learn.microsoft.com/graph/api/resources/provisioningobjectsummary), so that
 * what reads that one reads this one.
 */
#include "base/json.h"
#include "base/text.h"
#include "store/authority.h"
#include "sync/migration/migration.h"
#include "sync/migration/questions.h"
#include "sync/soa.h"
#include "sync/view/fields.h"

#include <inttypes.h>
#include <stdio.h>

#define SHOWN 100
#define SHOWN_MAX 20000

/* "user" -> "User" */
static const char *capital(const char *class, struct arena *a)
{
	char *s = arena_strdup(a, class);

	if (*s)
		*s = (char)char_upper((unsigned char)*s);
	return s;
}

static json_t *identity(const char *id, const struct skip_row *row, struct arena *a)
{
	json_t *o = json_object();

	set_text(o, "id", id);
	set_text(o, "displayName", row->name ? row->name : "");
	set_text(o, "identityType", capital(row->class, a));
	json_object_set_new(o, "details", json_object());
	return o;
}

static json_t *modified(const struct skip_row *row)
{
	json_t *list = json_array();
	const char *p = row->attributes;

	while (p && *p) {
		size_t n = strcspn(p, ",");

		json_array_append_new(list,
			json_pack("{s:s%, s:n, s:n}", "displayName", p, n, "oldValue", "newValue"));
		p += n;
		p += strspn(p, ", ");
	}
	return list;
}

/* The documented words; of a smaller authority the connector's own. */
static const char *description(
	const struct migration *m, const struct skip_row *row, struct arena *a)
{
	if (row->blocked & AUTHORITY_ALL)
		return arena_printf(a,
			"As the SOA of this %s is in the cloud, this object will not sync.",
			row->class);
	return arena_printf(a, "A change of this %s was not synchronized: %s.", row->class,
		soa_reason(m->target->type, row->blocked));
}

static const char *id_of(const struct migration *m, const char *anchor)
{
	const struct authority_type *t = m->target->type->authority;

	return t && t->id && anchor ? t->id(anchor) : anchor;
}

static json_t *system_of(const char *name)
{
	return json_pack("{s:s, s:s, s:{}}", "id", "", "displayName", name, "details");
}

/*
 * The connector that has the object, or the only other one there is: the object may be gone, and
 * its DN with it. "": it cannot be said.
 */
static int source_name(
	const struct migration *m, const struct skip_row *row, const char **ret, struct err *e)
{
	const char *only = "";
	unsigned n = 0;

	for (unsigned i = 0; i < m->n_rows; i++) {
		const struct connector_row *c = &m->rows[i];
		int64_t id = 0;
		int r = 0;

		if (c->id == m->target_row.id)
			continue;
		only = n++ ? "" : c->name;
		if (row->source_dn)
			r = cs_id_by_dn(m->store, c->id, row->source_dn, &id, e);
		TRY(r);
		if (id) {
			*ret = c->name;
			return 0;
		}
	}
	*ret = only;
	return 0;
}

static json_t *skip_json(const struct migration *m, const struct skip_row *row, const char *source)
{
	_cleanup_arena_ struct arena a = {0};
	const char *id = arena_printf(&a, "%" PRId64, row->id);
	json_t *o = json_object();

	set_text(o, "id", id);
	set_time(o, "activityDateTime", row->at);
	set_text(o, "tenantId", NULL);
	set_text(o, "jobId", m->target->settings.name);
	set_text(o, "cycleId", arena_printf(&a, "%" PRId64, row->run));
	set_text(o, "changeId", id);
	set_text(o, "provisioningAction", row->operation);
	json_object_set_new(o, "durationInMilliseconds", json_integer(0));
	json_object_set_new(o, "provisioningStatusInfo",
		json_pack("{s:s, s:n}", "status", "skipped", "errorInformation"));
	json_object_set_new(o, "provisioningSteps",
		json_pack("[{s:s, s:s, s:s, s:s, s:{}}]", "name", "EntrySynchronizationSkip",
			"provisioningStepType", "processing", "status", "skipped", "description",
			description(m, row, &a), "details"));
	json_object_set_new(o, "modifiedProperties", modified(row));
	json_object_set_new(
		o, "servicePrincipal", json_pack("{s:n, s:s}", "id", "displayName", "adsyncd"));
	json_object_set_new(o, "sourceSystem", system_of(source));
	json_object_set_new(o, "targetSystem", system_of(row->connector));
	json_object_set_new(o, "initiatedBy",
		json_pack("{s:n, s:s, s:s}", "id", "displayName", "adsyncd", "initiatorType",
			"application"));
	json_object_set_new(o, "sourceIdentity", identity(row->source_dn, row, &a));
	json_object_set_new(o, "targetIdentity", identity(id_of(m, row->anchor), row, &a));
	return o;
}

int migration_log(const struct config *cfg, const json_t *p, json_t **ret, struct err *e)
{
	_cleanup_migration_ struct migration m = {0};
	json_int_t limit = json_integer_value(json_object_get(p, "limit"));
	_cleanup_json_ json_t *list = json_array();
	struct skip_row *rows;
	unsigned n;

	TRY(migration_open(
		&m, cfg, json_string_value(json_object_get(p, "connector")), STORE_READ, NULL, e));
	TRY(skip_list(m.store, m.target->settings.name, 0,
		limit > 0 && limit <= SHOWN_MAX ? (unsigned)limit : SHOWN, &m.arena, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		const char *source;

		TRY(source_name(&m, &rows[i], &source, e));
		json_array_append_new(list, skip_json(&m, &rows[i], source));
	}
	*ret = json_pack("{s:O}", "skips", list);
	return 0;
}
