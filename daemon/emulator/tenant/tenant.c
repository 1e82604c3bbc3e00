/* Reads the tenant's file. */
#include "tenant/tenant.h"

#include "tenant/credential.h"
#include "tenant/feature.h"

#include "base/file.h"
#include "base/json.h"

#include <errno.h>

#define FILE_MAX (1024 * 1024)

static const char *const ROLE_NAMES[] = {
#define X(id, name) name,
	ROLES(X)
#undef X
};

const char *role_name(enum role r)
{
	return ROLE_NAMES[r];
}

static int wrong(const char *path, struct err *e, const char *what, const char *value)
{
	return err_set(e, -EINVAL, path, 0, "%s%s%s", what, value ? ": " : "", value ? value : "");
}

static char *copy_string(const json_t *o, const char *key)
{
	const char *v = json_string_value(json_object_get(o, key));

	return v && *v ? xstrdup(v) : NULL;
}

static int read_roles(const char *path, const json_t *list, unsigned *ret, struct err *e)
{
	size_t i;
	json_t *v;

	json_array_foreach ((json_t *)list, i, v) {
		const char *name = json_string_value(v);
		unsigned r = 0;

		while (r < ROLE_COUNT && !(name && streq(name, ROLE_NAMES[r])))
			r++;
		if (r == ROLE_COUNT)
			return wrong(path, e, "unknown application role", name);
		*ret |= 1u << r;
	}
	return 0;
}

/* PEM text, or the file that it is in, beside the tenant's file. */
static char *pem_text(const char *path, const char *v, struct err *e)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *file = NULL;
	char *text;

	if (strstr(v, "-----BEGIN"))
		return xstrdup(v);
	file = *v == '/' || !slash ? xstrdup(v)
	                           : xasprintf("%.*s/%s", (int)(slash - path), path, v);
	return file_read(file, FILE_MAX, &text, NULL, e) < 0 ? NULL : text;
}

static int add_credential(const char *path, struct application *a, const char *pem,
	const json_t *federated, struct err *e)
{
	_cleanup_free_ char *text = pem ? pem_text(path, pem, e) : NULL;
	struct credential *c;

	if (pem && !text)
		return e->code;
	c = text ? credential_new(text, copy_string(federated, "issuer"),
			   copy_string(federated, "subject"), copy_string(federated, "audience"))
	         : NULL;
	if (!c)
		return wrong(path, e, "no certificate or public key in PEM", a->app_id);
	a->credentials = xrealloc(a->credentials, (a->n_credentials + 1) * sizeof(*a->credentials));
	a->credentials[a->n_credentials++] = c;
	return 0;
}

static int read_credentials(const char *path, const json_t *o, struct application *a, struct err *e)
{
	size_t i;
	json_t *v;

	json_array_foreach (json_object_get(o, "certificates"), i, v)
		TRY(add_credential(path, a, json_string_value(v), NULL, e));
	json_array_foreach (json_object_get(o, "federatedCredentials"), i, v) {
		if (!json_is_string(json_object_get(v, "issuer")) ||
			!json_is_string(json_object_get(v, "subject")))
			return wrong(path, e, "a federated credential needs issuer and subject",
				a->app_id);
		TRY(add_credential(
			path, a, json_string_value(json_object_get(v, "publicKey")), v, e));
	}
	return 0;
}

static int read_app(const char *path, const json_t *o, struct application *a, struct err *e)
{
	a->app_id = copy_string(o, "appId");
	a->secret = copy_string(o, "secret");
	a->name = copy_string(o, "displayName");
	a->managed_identity = json_is_true(json_object_get(o, "managedIdentity"));
	a->owns_itself = json_is_true(json_object_get(o, "ownsItself"));
	if (!a->app_id)
		return wrong(path, e, "an application needs an appId", NULL);
	TRY(read_credentials(path, o, a, e));
	if (!a->secret && !a->n_credentials && !a->managed_identity)
		return wrong(path, e,
			"an application needs a secret, certificates, federatedCredentials or "
			"managedIdentity",
			a->app_id);
	return read_roles(path, json_object_get(o, "roles"), &a->roles, e);
}

static int read_features(const char *path, json_t *o, struct tenant *t, struct err *e)
{
	const char *key;
	json_t *v;

	t->features = xcalloc(json_object_size(o) + 1, sizeof(*t->features));
	json_object_foreach (o, key, v) {
		if (feature_find(key) < 0 || !json_is_boolean(v))
			return wrong(path, e, "unknown feature, or not true or false", key);
		t->features[t->n_features++] =
			(struct tenant_feature){xstrdup(key), json_is_true(v)};
	}
	return 0;
}

static void read_list(const json_t *list, char ***ret, unsigned *n)
{
	size_t i;
	json_t *v;

	*ret = xrealloc(*ret, (*n + json_array_size(list) + 1) * sizeof(char *));
	json_array_foreach ((json_t *)list, i, v)
		if (json_is_string(v))
			(*ret)[(*n)++] = xstrdup(json_string_value(v));
}

static const char *const known_keys[] = {"tenantId", "displayName", "initialDomain",
	"verifiedDomains", "federatedDomains", "features", "soaRolesToFilter", "minimumSyncBuild",
	"onPremisesSyncEnabled", "provisioningService", "deviceCodeApplication", "applications"};

static int check_keys(const char *path, json_t *root, struct err *e)
{
	const char *key;
	json_t *v;

	json_object_foreach (root, key, v) {
		unsigned i = 0;

		while (i < ARRAY_SIZE(known_keys) && !streq(key, known_keys[i]))
			i++;
		if (i == ARRAY_SIZE(known_keys))
			return wrong(path, e, "unknown key", key);
	}
	return 0;
}

/* Ids and domains stand in URLs, headers and JSON as they are. */
static int check_words(const char *path, const struct tenant *t, struct err *e)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	const char *bad = t->id[strspn(t->id, good)] ? t->id : NULL;

	for (unsigned i = 0; i < t->n_domains; i++)
		if (t->domains[i][strspn(t->domains[i], good)])
			bad = t->domains[i];
	for (unsigned i = 0; i < t->n_apps; i++)
		if (t->apps[i].app_id[strspn(t->apps[i].app_id, good)])
			bad = t->apps[i].app_id;
	return bad ? wrong(path, e, "an id or a domain with a character that it may not have", bad)
	           : 0;
}

static int read_tenant(const char *path, json_t *root, struct tenant *t, struct err *e)
{
	const json_t *apps = json_object_get(root, "applications");
	size_t i;
	json_t *v;

	if (check_keys(path, root, e) < 0)
		return -EINVAL;
	t->id = copy_string(root, "tenantId");
	t->name = copy_string(root, "displayName");
	t->initial_domain = copy_string(root, "initialDomain");
	if (!t->id || !t->initial_domain)
		return wrong(path, e, "tenantId and initialDomain are needed", NULL);
	t->domains = xcalloc(1, sizeof(*t->domains));
	t->domains[t->n_domains++] = xstrdup(t->initial_domain);
	read_list(json_object_get(root, "verifiedDomains"), &t->domains, &t->n_domains);
	read_list(json_object_get(root, "federatedDomains"), &t->federated, &t->n_federated);
	TRY(read_features(path, json_object_get(root, "features"), t, e));
	t->soa_roles_to_filter = json_is_true(json_object_get(root, "soaRolesToFilter"));
	t->syncs = !json_is_false(json_object_get(root, "onPremisesSyncEnabled"));
	t->service = json_incref(json_object_get(root, "provisioningService"));
	t->minimum_build = copy_string(root, "minimumSyncBuild");
	t->device_app = copy_string(root, "deviceCodeApplication");
	t->apps = xcalloc(json_array_size(apps) + 1, sizeof(*t->apps));
	json_array_foreach ((json_t *)apps, i, v)
		if (read_app(path, v, &t->apps[t->n_apps++], e) < 0)
			return -EINVAL;
	if (t->device_app && !tenant_app(t, t->device_app))
		return wrong(path, e, "deviceCodeApplication is none of the applications",
			t->device_app);
	return check_words(path, t, e);
}

int tenant_load(const char *path, struct tenant **ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct tenant *t;
	json_error_t je;
	_cleanup_json_ json_t *root = NULL;
	int r = file_read(path, FILE_MAX, &text, NULL, e);

	if (r < 0)
		return r;
	root = json_loads(text, JSON_REJECT_DUPLICATES, &je);
	if (!json_is_object(root))
		return err_set(e, -EINVAL, path, je.line, "%s", je.text);
	t = xcalloc(1, sizeof(*t));
	r = read_tenant(path, root, t, e);
	if (r < 0) {
		tenant_free(t);
		return r;
	}
	*ret = t;
	return 0;
}

void tenant_free(struct tenant *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->n_domains; i++)
		free(t->domains[i]);
	for (unsigned i = 0; i < t->n_apps; i++) {
		free(t->apps[i].app_id);
		free(t->apps[i].secret);
		free(t->apps[i].name);
		for (unsigned k = 0; k < t->apps[i].n_credentials; k++)
			credential_free(t->apps[i].credentials[k]);
		free(t->apps[i].credentials);
	}
	for (unsigned i = 0; i < t->n_federated; i++)
		free(t->federated[i]);
	for (unsigned i = 0; i < t->n_features; i++)
		free(t->features[i].name);
	free(t->federated);
	free(t->features);
	json_decref(t->service);
	free(t->minimum_build);
	free(t->device_app);
	free(t->domains);
	free(t->apps);
	free(t->id);
	free(t->name);
	free(t->initial_domain);
	free(t);
}

const struct application *tenant_app(const struct tenant *t, const char *app_id)
{
	for (unsigned i = 0; i < t->n_apps; i++)
		if (strcasecmp(t->apps[i].app_id, app_id) == 0)
			return &t->apps[i];
	return NULL;
}

static bool is_listed(char *const *list, unsigned n, const char *domain)
{
	for (unsigned i = 0; i < n; i++)
		if (strcasecmp(list[i], domain) == 0)
			return true;
	return false;
}

bool tenant_verified(const struct tenant *t, const char *domain)
{
	return is_listed(t->domains, t->n_domains, domain);
}

bool tenant_federated(const struct tenant *t, const char *domain)
{
	return is_listed(t->federated, t->n_federated, domain);
}
