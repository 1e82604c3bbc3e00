/*
 * Hard and soft match on surface "graph", as the provisioning service does them by itself
 * (learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-install-existing-tenant).
 */
#include "connector/entra/match.h"
#include "connector/entra/call.h"
#include "connector/entra/error.h"
#include "connector/entra/read.h"

#include <errno.h>

#define DELETED_MAX 1000000

struct deleted {
	char *anchor, *id;
};

struct entra_match {
	struct deleted *deleted; /* by anchor */
	unsigned n, cap;
};

static int cmp_anchor(const void *a, const void *b)
{
	return strcmp(((const struct deleted *)a)->anchor, ((const struct deleted *)b)->anchor);
}

const char *entra_match_deleted(const struct entra_match *m, const char *source_anchor)
{
	struct deleted key = {(char *)source_anchor, NULL}, *found;

	found = m && m->n && source_anchor
	                ? bsearch(&key, m->deleted, m->n, sizeof(key), cmp_anchor)
	                : NULL;
	return found ? found->id : NULL;
}

void entra_match_free(struct entra_match *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < m->n; i++) {
		free(m->deleted[i].anchor);
		free(m->deleted[i].id);
	}
	free(m->deleted);
	free(m);
}

/* NULL, or what is wrong with it. */
static const char *add_deleted(struct entra_match *m, const json_t *user)
{
	const char *id = entra_id(user);
	const char *anchor = json_string_value(json_object_get(user, "onPremisesImmutableId"));

	if (!id)
		return "has an object without id";
	if (!anchor)
		return NULL;
	if (m->n == DELETED_MAX)
		return "has too many pages: more than 1,000,000 deleted users";
	if (m->n == m->cap) {
		m->cap = MAX(64u, m->cap * 2);
		m->deleted = xrealloc(m->deleted, m->cap * sizeof(*m->deleted));
	}
	m->deleted[m->n++] = (struct deleted){xstrdup(anchor), xstrdup(id)};
	return NULL;
}

enum conn_result entra_read_switches(struct connector *c, struct err *e)
{
	_cleanup_free_ char *url = xasprintf("%s/directory/onPremisesSynchronization", c->base);
	struct entra_switches *s = &c->switches;
	const json_t *f;
	json_t *json;
	enum conn_result r = entra_get(c, url, false, &json, e);

	f = json_object_get(json_array_get(json_object_get(json, "value"), 0), "features");
	s->soft_match_upn = true;
	if (json_is_object(f)) {
		s->known = true;
		s->block_soft_match = json_is_true(json_object_get(f, "blockSoftMatchEnabled"));
		s->block_takeover = json_is_true(
			json_object_get(f, "blockCloudObjectTakeoverThroughHardMatchEnabled"));
		s->soft_match_upn = json_is_true(json_object_get(f, "softMatchOnUpnEnabled"));
	}
	json_decref(json);
	return r;
}

/* One page of deleted users; *url becomes the next one's, NULL at the end. */
static enum conn_result read_deleted_page(struct connector *c, struct entra_match *m,
	struct entra_pages *pages, char **url, struct err *e)
{
	const char *next = NULL, *wrong;
	json_t *json, *v;
	size_t i;
	enum conn_result r = entra_get(c, *url, false, &json, e);

	if (r != CONN_OK)
		return r;
	wrong = json ? entra_next_page(c, pages, *url, json, &next) : "was an error";
	json_array_foreach (json_object_get(json, "value"), i, v)
		if (!wrong)
			wrong = add_deleted(m, v);
	if (wrong) {
		err_set(e, -EPROTO, c->graph, 0, "the answer to GET %.300s %s", *url, wrong);
		r = CONN_RUN_BAD;
	}
	free(*url);
	*url = next && !wrong ? xstrdup(next) : NULL;
	json_decref(json);
	return r;
}

static enum conn_result read_deleted(struct connector *c, struct entra_match *m, struct err *e)
{
	char *url = xasprintf("%s/directory/deletedItems/microsoft.graph.user?$select=id,"
			      "onPremisesImmutableId&$top=999",
		c->base);
	struct entra_pages pages = {0};
	enum conn_result r = CONN_OK;

	while (url && r == CONN_OK)
		r = read_deleted_page(c, m, &pages, &url, e);
	free(url);
	if (m->n)
		qsort(m->deleted, m->n, sizeof(*m->deleted), cmp_anchor);
	return r;
}

enum conn_result entra_match_begin(struct connector *c, struct entra_match **ret, struct err *e)
{
	struct entra_match *m = xcalloc(1, sizeof(*m));
	enum conn_result r = entra_read_switches(c, e);

	if (r == CONN_OK)
		r = read_deleted(c, m, e);
	if (r != CONN_OK) {
		entra_match_free(m);
		return r;
	}
	*ret = m;
	return CONN_OK;
}

/* --- candidates --- */

static const char *primary_address(const struct entry *wanted)
{
	static unsigned proxies;
	const struct attr *a;

	if (!proxies)
		proxies = attr_intern("proxyAddresses");
	a = entry_get(wanted, proxies);
	for (unsigned i = 0; a && i < a->count; i++)
		if (a->values[i].len > 5 && strncmp(a->values[i].data, "SMTP:", 5) == 0)
			return a->values[i].data;
	return NULL;
}

void entra_match_url(const struct entry *wanted, struct buf *b)
{
	const char *anchor = entry_string(wanted, attr_intern("sourceAnchor"));
	const char *upn = entry_string(wanted, attr_intern("userPrincipalName"));
	const char *address = primary_address(wanted);

	buf_adds(b, "/users?$select=id,userPrincipalName,proxyAddresses,onPremisesImmutableId,"
		    "onPremisesSyncEnabled&$filter=onPremisesImmutableId%20eq%20");
	entra_add_literal(b, anchor ? anchor : "");
	if (upn) {
		buf_adds(b, "%20or%20userPrincipalName%20eq%20");
		entra_add_literal(b, upn);
	}
	if (address) {
		buf_adds(b, "%20or%20proxyAddresses/any(p:p%20eq%20");
		entra_add_literal(b, address);
		buf_addc(b, ')');
	}
}

static bool has_text(const json_t *o, const char *key, const char *text)
{
	const char *v = json_string_value(json_object_get(o, key));

	return v && text && strcasecmp(v, text) == 0;
}

static bool has_address(const json_t *o, const char *address)
{
	size_t i;
	json_t *v;

	json_array_foreach (json_object_get(o, "proxyAddresses"), i, v)
		if (address && json_is_string(v) && strcasecmp(json_string_value(v), address) == 0)
			return true;
	return false;
}

static enum entra_match_verdict refuse(
	const char **ret_error, const char **ret_text, const char *error, const char *text)
{
	*ret_error = error;
	*ret_text = text;
	return ENTRA_MATCH_REFUSED;
}

enum entra_match_verdict entra_match_decide(const struct connector *c, const struct entry *wanted,
	const json_t *list, struct arena *a, const char **ret_id, const char **ret_error,
	const char **ret_text)
{
	const char *anchor = entry_string(wanted, attr_intern("sourceAnchor"));
	const char *upn = entry_string(wanted, attr_intern("userPrincipalName"));
	const char *address = primary_address(wanted), *id, *own;
	const json_t *found = NULL;
	size_t i;
	json_t *o;

	if (!json_is_array(list))
		return refuse(ret_error, ret_text, entra_error_word(ENTRA_ERROR_INVALID_RESPONSE),
			"the service did not list the users that could match");
	json_array_foreach ((json_t *)list, i, o) {
		own = json_string_value(json_object_get(o, "onPremisesImmutableId"));
		id = entra_id(o);
		if (!id)
			return refuse(ret_error, ret_text,
				entra_error_word(ENTRA_ERROR_INVALID_RESPONSE),
				"the service listed a user that could match without its id");
		*ret_id = arena_strdup(a, id);
		if (own && anchor && streq(own, anchor))
			return c->switches.block_takeover
			               ? refuse(ret_error, ret_text,
						 entra_error_word(ENTRA_ERROR_INVALID_HARD_MATCH),
						 arena_printf(a,
							 "the cloud user %s has the same "
							 "sourceAnchor, and the tenant blocks the "
							 "takeover",
							 id))
			               : ENTRA_MATCH_HARD;
		if (has_address(o, address) ||
			(c->switches.soft_match_upn && has_text(o, "userPrincipalName", upn)))
			found = o;
	}
	if (!found)
		return ENTRA_MATCH_NONE; /* with the same name all the same: the service refuses */
	*ret_id = id = arena_strdup(a, entra_id(found));
	own = json_string_value(json_object_get(found, "onPremisesImmutableId"));
	if (own || json_is_true(json_object_get(found, "onPremisesSyncEnabled")))
		return refuse(ret_error, ret_text, entra_error_word(ENTRA_ERROR_INVALID_SOFT_MATCH),
			arena_printf(a,
				"the cloud user %s has the same name or primary address and "
				"another sourceAnchor (%s)",
				id, own ? own : "synchronized"));
	if (c->switches.block_soft_match || !setting_bool(c->settings, "soft_match"))
		return refuse(ret_error, ret_text, entra_error_word(ENTRA_ERROR_INVALID_SOFT_MATCH),
			arena_printf(a,
				"the cloud user %s has the same name or primary address, and soft "
				"matches are blocked",
				id));
	return ENTRA_MATCH_SOFT;
}
