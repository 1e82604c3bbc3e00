/*
 * Public Graph refuses a PATCH as a whole because of one property. The rest is sent without it, and
 * the outcome names what was refused. The provisioning service needs none of this: it takes or
 * refuses whole objects.
 */
#include "connector/entra/refused.h"
#include "connector/entra/body.h"
#include "connector/entra/error.h"
#include "connector/entra/value.h"

#define REFUSALS_MAX 4 /* of one PATCH */

/*
 * Properties of users with a role that an application may not change, in the order of the document:
 * learn.microsoft.com/graph/api/resources/users#who-can-perform-sensitive-actions
 */
static const char *const sensitive[] = {"accountEnabled", "businessPhones", "mobilePhone",
	"onPremisesImmutableId", "otherMails", "passwordProfile", "userPrincipalName"};

static bool is_sensitive(const char *property)
{
	for (unsigned i = 0; i < ARRAY_SIZE(sensitive); i++)
		if (streq(sensitive[i], property))
			return true;
	return false;
}

/* "Invalid value specified for property 'usageLocation' of resource 'User'." */
static char *named_property(const char *message)
{
	static const char word[] = "property '";
	const char *p = strcasestr(message, word);

	p = p ? p + strlen(word) : NULL;
	return p && strchr(p, '\'') ? xstrndup(p, (size_t)(strchr(p, '\'') - p)) : NULL;
}

/* The property that carries the attribute; NULL: none. */
static const char *property_of(const struct connector *c, const struct part *p, unsigned id)
{
	const struct entra_attr *row = entra_row(c->extensions, id, p->class, c->surface);

	return row ? row->property : NULL;
}

/* What the PATCH was to change. Memory is the caller's. */
static struct delta_attr *sent_attrs(const struct part *p, unsigned *ret_n)
{
	const struct entry *wanted = p->items[0].wanted;
	const struct delta *d = p->reduced.attrs ? &p->reduced : p->items[0].delta;
	unsigned n = p->all && !p->reduced.attrs ? wanted->n_attrs : d->n_attrs;
	struct delta_attr *attrs = xcalloc(n + 1, sizeof(*attrs));

	for (unsigned i = 0; i < n; i++)
		attrs[i] = p->all && !p->reduced.attrs ? (struct delta_attr){wanted->attrs[i].id,
								 NULL, &wanted->attrs[i]}
		                                       : d->attrs[i];
	*ret_n = n;
	return attrs;
}

/* Moves the attributes of the property (NULL: of the sensitive ones) to those refused. */
static bool move_refused(const struct connector *c, struct part *p, const char *name)
{
	unsigned n, kept = 0, before = p->n_refused;
	struct delta_attr *attrs = sent_attrs(p, &n);

	p->refused = xrealloc(p->refused, (before + n + 1) * sizeof(*p->refused));
	for (unsigned i = 0; i < n; i++) {
		const char *property = property_of(c, p, attrs[i].id);

		if (property && (name ? streq(property, name) : is_sensitive(property)))
			p->refused[p->n_refused++] = attrs[i].id;
		else
			attrs[kept++] = attrs[i];
	}
	if (p->n_refused == before) {
		free(attrs);
		return false;
	}
	free(p->reduced.attrs);
	p->reduced = (struct delta){attrs, kept};
	return true;
}

bool part_reduce(const struct connector *c, struct part *p, long status, const char *code,
	const char *message)
{
	_cleanup_free_ char *name = NULL;
	bool denied = status == 403 && streq(code, "Authorization_RequestDenied");

	if (p->kind != PART_UPDATE || p->refusals == REFUSALS_MAX)
		return false;
	if (status == 400)
		name = named_property(message);
	if ((!denied || p->class != ENTRA_USER) && !name)
		return false;
	if (!move_refused(c, p, name))
		return false;
	p->refusals++;
	if (!p->refusal) {
		p->refusal = xasprintf("%ld %s: %s", status, code, message);
		p->refusal_name = denied ? entra_error_word(ENTRA_ERROR_SENSITIVE_PROPERTY)
		                         : entra_error_word(ENTRA_ERROR_DATA_VALIDATION_FAILED);
	}
	return true;
}

void part_leave_out(const struct connector *c, struct part *p)
{
	_cleanup_arena_ struct arena a = {0};
	unsigned n;
	struct delta_attr *attrs = sent_attrs(p, &n);

	for (unsigned i = 0; i < n; i++) {
		struct delta one = {&attrs[i], 1};
		const char *text, *error = entra_problem(p->items[0].wanted, &one, &a, &text);
		const char *name = error ? property_of(c, p, attrs[i].id) : NULL;

		if (!name || !move_refused(c, p, name) || p->refusal)
			continue;
		p->refusal = xstrdup("not sent: public Graph would refuse it");
		p->refusal_name = error;
	}
	free(attrs);
}

/* Would the attribute be sent? */
static bool is_changed(const struct part *p, unsigned attr)
{
	const struct export_item *it = &p->items[0];

	for (unsigned i = 0; i < it->delta->n_attrs; i++)
		if (it->delta->attrs[i].id == attr)
			return true;
	return it->op == DELTA_ADD || it->unknown_outcome;
}

void part_leave_out_extensions(const struct connector *c, struct part *p)
{
	const struct entry *wanted = p->items[0].wanted;
	_cleanup_arena_ struct arena a = {0};

	for (unsigned i = 0; c->extensions && i < wanted->n_attrs; i++) {
		struct delta_attr attr = {.id = wanted->attrs[i].id};
		struct delta one = {&attr, 1};
		const char *text, *error;

		if (!is_changed(p, attr.id))
			continue;
		error = entra_extension_problem(wanted, &one, &a, &text);
		if (!error)
			continue;
		p->refused = xrealloc(p->refused, (p->n_refused + 1) * sizeof(*p->refused));
		p->refused[p->n_refused++] = attr.id;
		if (!p->refusal) {
			p->refusal = xstrdup("not sent: the service would refuse it");
			p->refusal_name = error;
		}
	}
}

bool part_has_rest(const struct connector *c, const struct part *p)
{
	struct entra_writing w = part_writing(c, p);
	_cleanup_buf_ struct buf b = {0};

	return entra_write(&b, &w) > 0;
}

void part_refused(const struct connector *c, const struct part *p, bool sent, struct arena *a,
	struct export_outcome *o)
{
	_cleanup_buf_ struct buf names = {0};

	for (unsigned i = 0; i < p->n_refused; i++)
		buf_addf(&names, "%s%s", i ? ", " : "", property_of(c, p, p->refused[i]));
	o->result = CONN_OBJECT_BAD;
	o->error_type = p->refusal_name;
	o->refused = p->refused;
	o->n_refused = p->n_refused;
	o->rest_sent = sent;
	o->text = arena_printf(a, "refused: %s (%s)%s", buf_str(&names), p->refusal,
		sent ? "; the other properties were written" : "");
}
