/* Which objects are imported: include_ou, exclude_ou, and what an LDAP filter reads. */
#include "connector/ad/ad.h"
#include "base/text.h"
#include "model/dn.h"

#include <ctype.h>

static void add_ous(struct connector *con, const char *name, bool include)
{
	char **list = setting_list(con->settings, name, '\n', &con->arena);

	for (; *list; list++)
		con->ous[con->n_ous++] = (struct ad_ou){
			.text = *list,
			.include = include,
			.dn = *list,
			.key = dn_key(&con->arena, *list),
		};
}

void ad_scope_init(struct connector *con)
{
	static const char *const names[] = {"include_ou", "exclude_ou"};
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		for (char **p = setting_list(con->settings, names[i], '\n', &con->arena); *p; p++)
			n++;
	con->ous = arena_zalloc(&con->arena, (n + 1) * sizeof(*con->ous));
	add_ous(con, "include_ou", true);
	add_ous(con, "exclude_ou", false);
}

static const char *ou_key(const struct ad_ou *ou, bool before)
{
	return before && ou->was_key ? ou->was_key : ou->key;
}

unsigned ad_base_of(const struct connector *con, const char *key)
{
	size_t len = 0;
	unsigned best = 0;

	for (unsigned i = 0; con->base_keys[i]; i++)
		if (dn_key_below(key, con->base_keys[i]) && strlen(con->base_keys[i]) > len) {
			best = i;
			len = strlen(con->base_keys[i]);
		}
	return best;
}

static bool in_domain(const struct connector *con, const char *key)
{
	for (unsigned i = 0; con->base_keys[i]; i++)
		if (dn_key_below(key, con->base_keys[i]))
			return true;
	return false;
}

bool ad_in_scope(const struct connector *con, const char *key, bool before)
{
	const struct ad_ou *best = NULL;
	bool any_include = false;

	if (!in_domain(con, key))
		return false;
	for (unsigned i = 0; i < con->n_ous; i++) {
		const struct ad_ou *ou = &con->ous[i];
		const char *k = ou_key(ou, before);
		size_t n = k ? strlen(k) : 0, m = best ? strlen(ou_key(best, before)) : 0;

		any_include |= ou->include;
		/* of the same folder in both lists the exclusion holds */
		if (k && dn_key_below(key, k) && (!best || n > m || (n == m && !ou->include)))
			best = ou;
	}
	return best ? best->include : !any_include;
}

bool ad_move_keeps_scope(const struct connector *con, const char *old_key, const char *new_key)
{
	if (ad_in_scope(con, old_key, true) != ad_in_scope(con, new_key, false))
		return false;
	/* chosen folders below it moved along, and none came or went */
	for (unsigned i = 0; i < con->n_ous; i++) {
		const char *was = ou_key(&con->ous[i], true), *is = ou_key(&con->ous[i], false);

		if ((was && dn_key_below(was, old_key)) != (is && dn_key_below(is, new_key)))
			return false;
	}
	return true;
}

void ad_filter_escape(struct buf *b, const char *value)
{
	for (; *value; value++)
		if (strchr("*()\\", *value))
			buf_addf(b, "\\%02x", (unsigned char)*value);
		else
			buf_addc(b, *value);
}

const char **ad_filter_attrs(const char *filter, struct arena *a)
{
	size_t max = 1;
	const char **ret;
	unsigned n = 0;

	for (const char *p = filter; p && *p; p++)
		max += *p == '(';
	ret = arena_zalloc(a, max * sizeof(*ret));
	for (const char *p = filter; p && *p; p++) {
		size_t len;

		if (*p != '(')
			continue;
		len = strspn(
			p + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
		if (len && strchr("=<>~:", p[1 + len]))
			ret[n++] = arena_dup(a, p + 1, len);
	}
	return ret;
}
