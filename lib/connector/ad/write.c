/*
 * The one thing that is written to AD, when the settings ask for it: the source anchor to an empty
 * ms-DS-ConsistencyGuid, so that it stays with the user when it moves to another forest
 * (learn.microsoft.com: "Microsoft Entra Connect: Design concepts", sourceAnchor).
 */
#include "base/text.h"
#include "connector/ad/ldap.h"
#include "model/dn.h"

#include <errno.h>
#include <stdio.h>

/* X(word, errno of net/ldap.h; 0: any other, what to do) */
#define AD_ERRORS(X)                                                                           \
	X("permission-issue", -EACCES,                                                         \
		"give the connector's account in AD the right to write ms-DS-ConsistencyGuid " \
		"of users (inherited, on base_dn; for protected accounts on AdminSDHolder), "  \
		"or switch consistency_guid off")                                              \
	X("attribute-conflict", -EEXIST,                                                       \
		"the object has another value already: the next import takes it")              \
	X("dn-attributes-failure", -ENOENT,                                                    \
		"the object was deleted or moved since the last import: the next one sees it") \
	X("connector-error", 0, "see the text for what the domain controller said")

static const struct {
	const char *word;
	int error;
	const char *advice;
} ERRORS[] = {
#define X(word, error, advice) {word, error, advice},
	AD_ERRORS(X)
#undef X
};

const char *ad_error_advice(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ERRORS); i++)
		if (streq(ERRORS[i].word, name))
			return ERRORS[i].advice;
	return NULL;
}

static const char *error_word(int r)
{
	unsigned i = 0;

	while (i + 1 < ARRAY_SIZE(ERRORS) && ERRORS[i].error != r)
		i++;
	return ERRORS[i].word;
}

static void set_outcome(struct write_back *w, int r, const struct err *e)
{
	w->outcome.result = r == 0 ? CONN_OK : CONN_OBJECT_BAD;
	w->outcome.error_type = error_word(r);
	err_format(e, w->outcome.text, sizeof(w->outcome.text));
}

/* An anchor that no server would know is the object's own fault: nothing is sent. */
static bool refuse_anchor(struct write_back *w)
{
	unsigned char guid[16];
	struct err e = {0};

	if (guid_parse(guid, w->anchor))
		return false;
	set_outcome(
		w, err_set(&e, -EINVAL, w->dn, 0, "\"%s\" is not an objectGUID", w->anchor), &e);
	return true;
}

static int write_one(struct ad_server *s, struct write_back *w, struct err *e)
{
	_cleanup_free_ char *dn = xasprintf("<GUID=%s>", w->anchor);
	struct err we = {0};
	int r;

	r = directory_add_value(s->dir, dn, "mS-DS-ConsistencyGuid", w->guid, sizeof(w->guid), &we);
	if (r == -EHOSTDOWN || r == -ECANCELED) {
		*e = we;
		return r;
	}
	if (r == -EACCES)
		snprintf(we.text + strlen(we.text), sizeof(we.text) - strlen(we.text),
			"; the account needs write access to ms-DS-ConsistencyGuid");
	set_outcome(w, r, &we);
	return 0;
}

enum conn_result ad_write_back(
	struct connector *c, struct write_back *items, unsigned n, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	unsigned n_servers = 0;
	struct ad_server *servers;
	int r = 0;

	while (c->bases[n_servers])
		n_servers++;
	servers = arena_zalloc(&a, n_servers * sizeof(*servers)); /* opened when first needed */
	for (unsigned i = 0; r == 0 && i < n; i++) {
		unsigned k = ad_base_of(c, dn_key(&a, items[i].dn));

		if (refuse_anchor(&items[i]))
			continue;
		if (!servers[k].dir)
			r = ad_server_open(c, c->bases[k], NULL, &servers[k], e);
		if (r == 0)
			r = write_one(&servers[k], &items[i], e);
	}
	for (unsigned k = 0; k < n_servers; k++)
		ad_server_close(&servers[k]);
	return r < 0 ? ad_ladder(r) : CONN_OK;
}
