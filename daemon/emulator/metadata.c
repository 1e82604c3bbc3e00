/* What a client can ask about the service itself: $metadata, organization, domains, getByIds. */
#include "query.h"

#include "base/err.h"

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
		buf_addf(b, "<EntityType Name=\"%s\" BaseType=\"graph.directoryObject\">",
			types[t].word);
		for (unsigned i = 0; i < n_properties; i++)
			if (properties[i].types >> t & 1 && !(properties[i].sync_only >> t & 1))
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

static void add_domains(const struct tenant *t, bool whole, struct buf *b)
{
	for (unsigned i = 0; i < t->n_domains; i++) {
		const char *name = t->domains[i];

		buf_adds(b, i ? ",{\"" : "{\"");
		buf_addf(b, "%s\":\"%s\",\"isInitial\":%s,\"isDefault\":%s,\"%s\":\"%s\"%s}",
			whole ? "id" : "name", name, i == 0 ? "true" : "false",
			i == t->n_domains - 1 ? "true" : "false",
			whole ? "authenticationType" : "type",
			tenant_federated(t, name) ? "Federated" : "Managed",
			whole ? ",\"isVerified\":true" : "");
	}
}

void handle_organization(struct emulator *em, struct request *rq, struct response *rs)
{
	const struct tenant *t = em->tenant;

	rs->status = 200;
	buf_addf(&rs->body, "{\"value\":[{\"id\":\"%s\",\"displayName\":\"", t->id);
	buf_add_json(&rs->body, t->name ? t->name : "", t->name ? strlen(t->name) : 0);
	buf_adds(&rs->body, "\",\"onPremisesSyncEnabled\":true,\"verifiedDomains\":[");
	add_domains(t, false, &rs->body);
	buf_adds(&rs->body, "]}]}");
}

void handle_domains(struct emulator *em, struct request *rq, struct response *rs)
{
	rs->status = 200;
	buf_adds(&rs->body, "{\"value\":[");
	add_domains(em->tenant, true, &rs->body);
	buf_adds(&rs->body, "]}");
}

#define IDS_MAX 1000

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

		if (o && !o->deleted)
			list.items[list.n++] = o->index;
	}
	rq->query->top = IDS_MAX;
	respond_objects(em, rq, &list, NULL, rs);
	free(list.items);
}
