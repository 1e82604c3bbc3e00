/* Sub-requests as Graph takes them: URL and body of each kind. */
#include "connector/entra/request.h"
#include "connector/entra/body.h"
#include "connector/entra/call.h"
#include "connector/entra/match.h"
#include "connector/entra/read.h"
#include "connector/entra/value.h"

#include <assert.h>
#include <openssl/rand.h>

static void write_find(const struct connector *c, const struct part *p, struct buf *b)
{
	const char *collection = entra_classes[p->class].collection;
	const char *source_anchor = entry_string(p->items[0].wanted, attr_intern("sourceAnchor"));
	bool by_name = p->class == ENTRA_GROUP;

	if (*p->id) {
		buf_addf(b, "/%s/%s?$select=", collection, p->id);
	} else {
		buf_addf(b, "/%s?$filter=%s%%20eq%%20", collection,
			by_name ? "uniqueName" : "onPremisesImmutableId");
		entra_add_literal(b, source_anchor ? source_anchor : "");
		buf_adds(b, "&$select=");
	}
	entra_select(b, p->class, c->surface, c->extensions);
}

static void write_url(const struct connector *c, const struct part *p, struct buf *b)
{
	const char *collection = entra_classes[p->class].collection, *target = "";

	if (p->items[0].target_anchor)
		entra_class_of_anchor(p->items[0].target_anchor, &target);
	switch (p->kind) {
	case PART_FIND:
		write_find(c, p, b);
		break;
	case PART_MATCH:
		entra_match_url(p->items[0].wanted, b);
		break;
	case PART_ROLES:
		buf_addf(b, "/users/%s/memberOf/microsoft.graph.directoryRole?$select=displayName",
			p->id);
		break;
	case PART_RESTORE:
		buf_addf(b, "/directory/deletedItems/%s/restore", p->id);
		break;
	case PART_CREATE:
		buf_addf(b, "/%s", collection);
		break;
	case PART_UPDATE:
	case PART_DELETE:
	case PART_BIND:
		buf_addf(b, "/%s/%s", collection, p->id);
		break;
	case PART_REMOVE:
		buf_addf(b, "/%s/%s/%s/%s/$ref", collection, p->id, p->link->property, target);
		break;
	case PART_ADD:
	case PART_SET:
	case PART_UNSET:
		buf_addf(b, "/%s/%s/%s/$ref", collection, p->id, p->link->property);
		break;
	case PART_OUTSIDE:
	case PART_KIND_COUNT:
		break;
	}
}

/*
 * The object that a reference leads to, as learn.microsoft.com/graph/api has it: of several a
 * directoryObject (group-post-members, group-post-owners), of one by its type (user-post-manager).
 */
static void write_target(const struct connector *c, const struct part *p,
	const struct export_item *it, struct buf *b)
{
	const char *id;
	enum entra_class class = entra_class_of_anchor(it->target_anchor, &id);
	bool typed = p->link->shape == SHAPE_LINK && class != ENTRA_CLASS_COUNT;

	buf_addf(b, "\"%s/%s/%s\"", c->base,
		typed ? entra_classes[class].collection : "directoryObjects", id);
}

static void write_bind(const struct connector *c, const struct part *p, struct buf *b)
{
	buf_addf(b, "\"%s@odata.bind\":[", p->link->property);
	for (unsigned i = 0; i < p->n; i++) {
		if (i)
			buf_addc(b, ',');
		write_target(c, p, &p->items[i], b);
	}
	buf_addc(b, ']');
}

/*
 * What public Graph demands of a new user and group and the rules do not give. Nobody learns the
 * password: the user signs in through federation, or has it reset.
 */
static void write_required(const struct part *p, bool first, struct buf *b)
{
	const struct entry *en = p->items[0].wanted;
	_cleanup_buf_ struct buf nickname = {0};
	unsigned char random[24];
	const char *name;

	if (!entry_first(en, attr_intern("alias"))) {
		name = entry_string(en,
			attr_intern(p->class == ENTRA_USER ? "userPrincipalName" : "displayName"));
		name = name ? name : "";
		buf_addf(b, "%s\"mailNickname\":\"", first ? "" : ",");
		entra_nickname(name, p->class == ENTRA_USER ? strcspn(name, "@") : strlen(name),
			entry_string(en, attr_intern("sourceAnchor")), &nickname);
		buf_add_json(b, nickname.data, nickname.len);
		buf_addc(b, '"');
	}
	if (p->class != ENTRA_USER || RAND_bytes(random, sizeof(random)) != 1)
		return;
	buf_adds(b, ",\"passwordProfile\":{\"forceChangePasswordNextSignIn\":true,"
		    "\"password\":\"aA1!");
	for (unsigned i = 0; i < sizeof(random); i++)
		buf_addf(b, "%02x", random[i]);
	buf_adds(b, "\"}");
}

static void write_body(const struct connector *c, const struct part *p, struct buf *b)
{
	const struct export_item *it = &p->items[0];
	struct entra_writing w = part_writing(c, p);
	unsigned n;

	switch (p->kind) {
	case PART_CREATE:
		n = entra_write(b, &w);
		write_required(p, n == 0, b);
		break;
	case PART_UPDATE:
		entra_write(b, &w);
		break;
	case PART_BIND:
		write_bind(c, p, b);
		break;
	case PART_ADD:
	case PART_SET:
		buf_adds(b, "\"@odata.id\":");
		write_target(c, p, it, b);
		break;
	case PART_FIND:
	case PART_MATCH:
	case PART_ROLES:
	case PART_RESTORE:
	case PART_DELETE:
	case PART_REMOVE:
	case PART_UNSET:
	case PART_OUTSIDE:
	case PART_KIND_COUNT:
		break;
	}
}

void part_write(const struct connector *c, const struct part *p, unsigned id, struct buf *b)
{
	assert(p->kind < PART_OUTSIDE);
	buf_addf(b, "{\"id\":\"%u\",\"method\":\"%s\",\"url\":\"", id, part_method(p->kind));
	write_url(c, p, b);
	buf_addc(b, '"');
	if (part_has_body(p->kind)) {
		buf_adds(b, ",\"headers\":{\"Content-Type\":\"application/json\"},\"body\":{");
		write_body(c, p, b);
		buf_addc(b, '}');
	}
	buf_addc(b, '}');
}
