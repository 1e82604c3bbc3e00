/* What a client can ask about the service itself: $metadata, organization, domains, getByIds. */
#include "graph/metadata.h"

#include "graph/rights.h"
#include "odata/query.h"
#include "odata/related.h"
#include "tenant/body.h"

#include "base/err.h"
#include "base/timefmt.h"

/* The CSDL of what is served, made of the property table. */
void handle_metadata(struct emulator *em, struct request *rq, struct response *rs)
{
	struct buf *b = &rs->body;

	rs->status = 200;
	rs->type = "application/xml";
	buf_adds(b, "<?xml version=\"1.0\" encoding=\"utf-8\"?><edmx:Edmx Version=\"4.0\" "
		    "xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices>"
		    "<Schema Namespace=\"microsoft.graph\" Alias=\"graph\" "
		    "xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">");
	for (unsigned t = 0; t < TYPE_COUNT; t++) {
		if (t == TYPE_DEVICE) /* only as far as synchronization reads them */
			continue;
		buf_addf(b, "<EntityType Name=\"%s\" BaseType=\"graph.directoryObject\">",
			object_types[t].word);
		for (unsigned i = 0; i < n_properties; i++)
			if (properties[i].types >> t & 1 && !properties[i].extension &&
				!(properties[i].hidden >> t & 1))
				buf_addf(b, "<Property Name=\"%s\" Type=\"%s\"/>",
					properties[i].name, property_edm(&properties[i]));
		buf_addf(b, "<NavigationProperty Name=\"%s\" Type=\"%s\"/>",
			t == TYPE_GROUP ? "members" : "manager",
			t == TYPE_GROUP ? "Collection(graph.directoryObject)"
					: "graph.directoryObject");
		buf_adds(b, "<NavigationProperty Name=\"onPremisesSyncBehavior\" "
			    "Type=\"graph.onPremisesSyncBehavior\" ContainsTarget=\"true\"/>"
			    "</EntityType>");
	}
	buf_adds(b, "</Schema></edmx:DataServices></edmx:Edmx>");
}

static void add_domain(const struct tenant *t, unsigned i, bool whole, struct buf *b)
{
	buf_addf(b, "\"%s\":\"%s\",\"isInitial\":%s,\"isDefault\":%s,\"%s\":\"%s\"%s}",
		whole ? "id" : "name", t->domains[i], i == 0 ? "true" : "false",
		i == t->n_domains - 1 ? "true" : "false", whole ? "authenticationType" : "type",
		tenant_federated(t, t->domains[i]) ? "Federated" : "Managed",
		whole ? ",\"isVerified\":true" : "");
}

static void add_domains(const struct tenant *t, bool whole, struct buf *b)
{
	for (unsigned i = 0; i < t->n_domains; i++) {
		buf_adds(b, i ? ",{" : "{");
		add_domain(t, i, whole, b);
	}
}

static void begin(const struct request *rq, const char *set, bool list, struct response *rs)
{
	rs->status = 200;
	buf_addf(&rs->body, "{\"@odata.context\":\"%s/%s/$metadata#%s%s\",%s", rq->base,
		rq->version, set, list ? "" : "/$entity", list ? "\"value\":[" : "");
}

/* GET of the set or of one of it; false with rs filled. */
static bool is_read(const struct request *rq, struct response *rs)
{
	if (rq->method != M_GET)
		respond_method(rs);
	else if (rq->n_segments > 2)
		respond_not_found(rs, rq->segments[rq->n_segments - 1]);
	return !rs->status;
}

/* {"onPremisesSyncEnabled": true or false}: the switch of synchronization. */
static void change_organization(struct emulator *em, const struct request *rq, struct response *rs)
{
	const json_t *on = body_get(rq->body, "onPremisesSyncEnabled");
	const char *key;
	json_t *v;

	if (!has_role(rq, ROLE_ORGANIZATION_WRITE)) {
		respond_forbidden(rs);
		return;
	}
	json_object_foreach (rq->body, key, v)
		if (*key != '@' && strcasecmp(key, "onPremisesSyncEnabled") != 0) {
			respond_error(rs, 400, "Request_BadRequest",
				"Property '%s' is read-only and cannot be set.", key);
			return;
		}
	if (!json_is_boolean(on)) {
		respond_error(rs, 400, "Request_BadRequest",
			"Invalid value specified for property 'onPremisesSyncEnabled' of resource "
			"'Organization'.");
		return;
	}
	em->syncs = json_is_true(on);
	rs->status = 204;
}

static void add_last_sync(const struct emulator *em, struct buf *b)
{
	char text[TIME_TEXT_SIZE];

	if (em->synced_at)
		buf_addf(b, "\"%s\"", time_format(em->synced_at, text));
	else
		buf_adds(b, "null");
}

void handle_organization(struct emulator *em, struct request *rq, struct response *rs)
{
	const struct tenant *t = em->tenant;
	bool one = rq->n_segments > 1;

	if (rq->method != M_PATCH && !is_read(rq, rs))
		return;
	if (rq->n_segments > 2 || (one && strcasecmp(rq->segments[1], t->id) != 0)) {
		respond_not_found(rs, rq->segments[rq->n_segments - 1]);
		return;
	}
	if (rq->method == M_PATCH) {
		one ? change_organization(em, rq, rs) : respond_method(rs);
		return;
	}
	begin(rq, "organization", !one, rs);
	buf_addf(&rs->body, "%s\"id\":\"%s\",\"displayName\":\"", one ? "" : "{", t->id);
	buf_add_json(&rs->body, t->name ? t->name : "", t->name ? strlen(t->name) : 0);
	buf_addf(&rs->body, "\",\"onPremisesSyncEnabled\":%s,\"onPremisesLastSyncDateTime\":",
		em->syncs ? "true" : "null");
	add_last_sync(em, &rs->body);
	buf_adds(&rs->body, ",\"verifiedDomains\":[");
	add_domains(t, false, &rs->body);
	buf_adds(&rs->body, one ? "]}" : "]}]}");
}

void handle_domains(struct emulator *em, struct request *rq, struct response *rs)
{
	const struct tenant *t = em->tenant;

	if (!is_read(rq, rs))
		return;
	if (rq->n_segments == 1) {
		begin(rq, "domains", true, rs);
		add_domains(t, true, &rs->body);
		buf_adds(&rs->body, "]}");
		return;
	}
	for (unsigned i = 0; i < t->n_domains && !rs->status; i++)
		if (strcasecmp(t->domains[i], rq->segments[1]) == 0) {
			begin(rq, "domains", false, rs);
			add_domain(t, i, true, &rs->body);
		}
	if (!rs->status)
		respond_not_found(rs, rq->segments[1]);
}

#define IDS_MAX 1000

/* "types": ["user", ...] in any case; everything when there is none. */
static bool is_of_types(const json_t *list, const struct object *o)
{
	size_t i;
	json_t *v;

	json_array_foreach ((json_t *)list, i, v) {
		const char *word = json_is_string(v) ? json_string_value(v) : "";

		if (strcasecmp(word, object_types[o->type].word) == 0 ||
			strcasecmp(word, "directoryObject") == 0)
			return true;
	}
	return json_array_size(list) == 0;
}

/* POST /directoryObjects/getByIds {"ids": [...], "types": [...]} */
void handle_by_ids(struct emulator *em, struct request *rq, struct response *rs)
{
	const json_t *ids = body_get(rq->body, "ids");
	struct objects list = {0};
	size_t i;
	json_t *v;

	if (!json_is_array(ids) || json_array_size(ids) > IDS_MAX) {
		respond_error(rs, 400, "Request_BadRequest",
			"ids must be a list of at most %d object ids.", IDS_MAX);
		return;
	}
	if (!may_read(rq, TYPE_USER, rs))
		return;
	list.items = xcalloc(json_array_size(ids) + 1, sizeof(*list.items));
	json_array_foreach ((json_t *)ids, i, v) {
		const char *id = json_is_string(v) ? json_string_value(v) : "";
		const struct object *o = directory_find(em->dir, id, strlen(id));

		if (o && !o->deleted && is_of_types(body_get(rq->body, "types"), o))
			list.items[list.n++] = o->index;
	}
	rq->query->top = IDS_MAX;
	respond_objects(em, rq, &list, rq->n_segments, rs);
	free(list.items);
}
