/*
 * What outbound rules write to AD: attributes of objects that are there. New objects, deletes,
 * renames and references are not written yet, and each is told to be outside of what can be sent.
 *
 * An attribute that is only filled, never overwritten, is added: AD refuses a second value, so
 * that one which somebody made after the last import stays. The next import shows it.
 */
#include "base/text.h"
#include "connector/ad/ldap.h"
#include "model/dn.h"
#include "model/dtyp.h"

#include <errno.h>
#include <stdio.h>

/* X(word, errno of net/ldap.h; 0: any other, what to do) */
#define AD_ERRORS(X)                                                                             \
	X("permission-issue", -EACCES,                                                           \
		"give the connector's account in AD the right to write the attribute that the "  \
		"text names, such as ms-DS-ConsistencyGuid of users (inherited, on base_dn; "    \
		"for protected accounts on AdminSDHolder), or switch off the setting that asks " \
		"for it, such as consistency_guid; then it is tried again within twelve hours, " \
		"or in the next cycle after \"adsyncctl errors retry\"")                         \
	X("attribute-conflict", -EEXIST,                                                         \
		"nothing: the object got another value meanwhile, and the next import reads it") \
	X("dn-attributes-failure", -ENOENT,                                                      \
		"nothing: the object was deleted or moved, and the next import sees it")         \
	X("connector-error", 0, "the error's text is what the domain controller answered")

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

struct writer {
	struct connector *con;
	struct export_source *source;
	struct ad_cursor cursor;   /* where the last import ended */
	struct ad_server *servers; /* by naming context; opened when first needed */
	struct arena arena;
};

/* The server that the next import asks first: another one may not have got the change by then. */
static const char *server_of(const struct writer *w, const char *base)
{
	const struct ad_cursor_domain *d = ad_cursor_domain(&w->cursor, base);

	return d ? d->uri : NULL;
}

static const struct schema_attr *attr_of(const struct export_item *it, unsigned id)
{
	const struct schema_class *c = schema_class_find(&ad_schema, it->class);

	return c ? schema_attr_find(c, attr_name(id)) : NULL;
}

static struct directory_value wire_value(const struct value *v, struct arena *a)
{
	const char *text;

	switch (v->type) {
	case VALUE_STRING:
	case VALUE_BINARY:
	case VALUE_REFERENCE:
		return (struct directory_value){v->data, v->len};
	case VALUE_BOOLEAN:
		text = v->num ? "TRUE" : "FALSE";
		return (struct directory_value){text, strlen(text)};
	case VALUE_INTEGER:
	case VALUE_TYPE_COUNT:
		break;
	}
	text = value_text(a, v);
	return (struct directory_value){text, strlen(text)};
}

static struct directory_change change_of(const struct delta_attr *d, bool add, struct arena *a)
{
	unsigned n = d->after ? d->after->count : 0;
	struct directory_value *values = arena_alloc(a, (n + 1) * sizeof(*values));

	for (unsigned i = 0; i < n; i++)
		values[i] = wire_value(&d->after->values[i], a);
	return (struct directory_change){
		.attr = attr_name(d->id), .add = add, .values = values, .n = n};
}

/* One request for each attribute that is only filled, so that its refusal stops no other. */
static int write_attrs(struct writer *w, struct ad_server *s, const struct export_item *it,
	const char *dn, struct err *e)
{
	struct arena *a = &w->arena;
	struct directory_change *changes =
		arena_alloc(a, (it->delta->n_attrs + 1) * sizeof(*changes));
	unsigned n = 0;

	for (unsigned i = 0; i < it->delta->n_attrs; i++) {
		const struct delta_attr *d = &it->delta->attrs[i];
		bool fill = attr_of(it, d->id)->flags & SCHEMA_FILL_ONLY;
		struct directory_change one = change_of(d, fill, a);
		struct err fe = {0};
		int r;

		if (!fill) {
			changes[n++] = one;
			continue;
		}
		r = one.n ? directory_modify(s->dir, dn, &one, 1, &fe) : 0;
		if (r < 0 && r != -EEXIST) {
			*e = fe;
			return r;
		}
	}
	return n ? directory_modify(s->dir, dn, changes, n, e) : 0;
}

/* type NULL: no such thing is written, which is no failure of the object. */
static int refuse(struct writer *w, const struct export_item *it, const char *type, const char *why,
	struct err *e)
{
	struct export_outcome o = {.result = CONN_OBJECT_BAD,
		.error_type = type,
		.text = why,
		.outside_surface = !type};

	return w->source->result(w->source, it->id, &o, e);
}

/* Why nothing of the item can be written; NULL: it can. */
static const char *outside(const struct export_item *it, struct arena *a)
{
	switch (it->kind) {
	case EXPORT_LINK:
		return arena_printf(a,
			"%s is a reference, and references are not written to Active Directory",
			attr_name(it->link_attr));
	case EXPORT_DELETE:
		return "nothing is deleted in Active Directory";
	case EXPORT_RENAME:
		return "nothing is renamed in Active Directory";
	case EXPORT_OBJECT:
		break;
	}
	if (it->op != DELTA_UPDATE || !it->anchor)
		return "no objects are made in Active Directory";
	for (unsigned i = 0; i < it->delta->n_attrs; i++) {
		const struct schema_attr *at = attr_of(it, it->delta->attrs[i].id);

		if (!at || at->flags & SCHEMA_READ_ONLY)
			return arena_printf(a, "%s is not written to Active Directory",
				attr_name(it->delta->attrs[i].id));
	}
	return NULL;
}

static const char *failure_text(
	const struct export_item *it, int r, const struct err *we, struct arena *a)
{
	char text[512];

	err_format(we, text, sizeof(text));
	if (r != -EACCES)
		return arena_strdup(a, text);
	return arena_printf(
		a, "%s; the account needs write access to %s", text, delta_names(it->delta, 10, a));
}

static int write_item(struct writer *w, const struct export_item *it, struct err *e)
{
	unsigned k = ad_base_of(w->con, dn_key(&w->arena, it->dn));
	const char *dn = arena_printf(&w->arena, "<GUID=%s>", it->anchor);
	struct ad_server *s = &w->servers[k];
	struct err we = {0};
	int r = 0;

	if (!s->dir)
		r = ad_server_open(w->con, w->con->bases[k], server_of(w, w->con->bases[k]), s, e);
	if (r == 0)
		r = w->source->sending(w->source, e);
	if (r < 0)
		return r;
	r = write_attrs(w, s, it, dn, &we);
	if (r == -EHOSTDOWN || r == -ECANCELED) {
		*e = we;
		return r;
	}
	if (r < 0)
		return refuse(w, it, error_word(r), failure_text(it, r, &we, &w->arena), e);
	return w->source->result(w->source, it->id, &(struct export_outcome){.result = CONN_OK}, e);
}

static int export_item(struct writer *w, const struct export_item *it, struct err *e)
{
	const char *why = outside(it, &w->arena);
	unsigned char guid[16];

	if (why)
		return refuse(w, it, NULL, why, e);
	/* an anchor that no server would know is the object's own fault: nothing is sent */
	if (!guid_parse(guid, it->anchor))
		return refuse(w, it, error_word(0),
			arena_printf(
				&w->arena, "%s: \"%s\" is not an objectGUID", it->dn, it->anchor),
			e);
	return write_item(w, it, e);
}

static int export_all(struct writer *w, struct err *e)
{
	struct export_item it;
	int r;

	while ((r = w->source->next(w->source, &it, e)) > 0) {
		TRY(export_item(w, &it, e));
		arena_reset(&w->arena);
	}
	return r;
}

enum conn_result ad_export(struct connector *c, struct export_source *source, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct writer w = {.con = c, .source = source};
	const struct connector_host *host = c->host;
	unsigned n_servers = 0;
	int r;

	if (ad_source_is_ldif(c)) {
		(void)err_set(e, -EROFS, c->sources[0], 0,
			"an LDIF file cannot be written to: switch off the setting or the rule "
			"that exports to this connector");
		return CONN_RUN_BAD;
	}
	if (!host->cursor_len || !ad_cursor_read(&w.cursor, host->cursor, host->cursor_len, &a))
		w.cursor = (struct ad_cursor){0};
	while (c->bases[n_servers])
		n_servers++;
	w.servers = arena_zalloc(&a, (n_servers + 1) * sizeof(*w.servers));
	r = export_all(&w, e);
	for (unsigned k = 0; k < n_servers; k++)
		ad_server_close(&w.servers[k]);
	arena_done(&w.arena);
	return r < 0 ? ad_ladder(r) : CONN_OK;
}
