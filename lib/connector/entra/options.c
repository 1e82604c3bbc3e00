/* What the settings of an Entra connector must be, beyond what their table says. */
#include "connector/entra/options.h"
#include "base/text.h"

#include <errno.h>

static int check_url(const struct settings *s, const char *name, struct err *e)
{
	const char *url = setting_text(s, name);

	if (!url)
		return 0;
	if (!str_starts(url, "https://"))
		return setting_error(s, name, e, "\"%s\" is not an https:// address", url);
	if (url[strlen(url) - 1] == '/')
		return setting_error(s, name, e, "leave out the \"/\" at the end of \"%s\"", url);
	return 0;
}

/* Tokens come from there in clear text: only this machine's own addresses. */
static int check_endpoint(const struct settings *s, struct err *e)
{
	static const char *const local[] = {"https://", "http://169.254.169.254/",
		"http://localhost:", "http://localhost/", "http://127.0.0.1:", "http://127.0.0.1/"};
	const char *url = setting_text(s, "managed_identity_endpoint");

	for (unsigned i = 0; i < ARRAY_SIZE(local); i++)
		if (str_starts(url, local[i]))
			return 0;
	return setting_error(s, "managed_identity_endpoint", e,
		"\"%s\" is neither https nor an address of this machine", url);
}

static int check_service(const struct settings *s, struct err *e)
{
	if (streq(setting_text(s, "surface"), "service") &&
		streq(setting_text(s, "cloud"), "china") && !setting_text(s, "service_url"))
		return setting_error(s, "service_url", e,
			"the address of the service in cloud = china is not known: set "
		        "service_url");
	return check_url(s, "service_url", e);
}

static const char *const METHODS[] = {
#define X(id, setting) setting,
	OAUTH_METHODS(X)
#undef X
};

const char *entra_sign_in_setting(enum oauth_method method)
{
	return METHODS[method];
}

int entra_sign_in(const struct settings *s, enum oauth_method *ret, struct err *e)
{
	int found = -1;

	for (unsigned i = 0; i < OAUTH_METHOD_COUNT; i++) {
		const char *v = setting_text(s, METHODS[i]);

		if (!v || streq(v, "no"))
			continue;
		if (found >= 0)
			return setting_error(s, METHODS[i], e,
				"only one way to sign in can be used, and %s is set too",
				METHODS[found]);
		found = (int)i;
	}
	if (found < 0)
		return setting_error(s, "client_secret_file", e,
			"no way to sign in is set: set one of client_secret_file, "
			"client_certificate_file, federated_token_file, managed_identity = yes");
	*ret = (enum oauth_method)found;
	return 0;
}

static int check_build(const struct settings *s, struct err *e)
{
	const char *build = setting_text(s, "sync_build");

	if (!build[0] || strlen(build) > 40 || build[strspn(build, "0123456789.")])
		return setting_error(
			s, "sync_build", e, "\"%s\" is not a build such as 2.6.3.0", build);
	return 0;
}

bool entra_is_clouds(const struct settings *s)
{
	return streq(setting_text(s, "source_of_authority"), "cloud");
}

/* The rules for synchronization must not write with it what is not theirs. */
static int check_authority(const struct settings *s, struct err *e)
{
	if (!entra_is_clouds(s) ||
		(streq(setting_text(s, "surface"), "graph") && setting_bool(s, "own_rules_only")))
		return 0;
	return setting_error(s, "source_of_authority", e,
		"an application of the cloud has surface = graph and own_rules_only = yes, so that "
		"no rule for the objects of Active Directory writes with it");
}

int entra_check(const struct settings *s, struct err *e)
{
	static const char *const plain[] = {"tenant_id", "client_id"};
	enum oauth_method method;

	for (unsigned i = 0; i < ARRAY_SIZE(plain); i++)
		if (setting_text(s, plain[i]) && strpbrk(setting_text(s, plain[i]), "/?#& "))
			return setting_error(s, plain[i], e,
				"\"%s\" cannot be an id: it has a blank or one of / ? # &",
				setting_text(s, plain[i]));
	TRY(check_authority(s, e));
	TRY(entra_sign_in(s, &method, e));
	if (!setting_text(s, "client_id") && method != OAUTH_MANAGED_IDENTITY)
		return setting_error(
			s, "client_id", e, "client_id, the application's id, is missing");
	TRY(check_build(s, e));
	TRY(check_endpoint(s, e));
	TRY(check_url(s, "authority", e));
	TRY(check_url(s, "exchange_url", e));
	TRY(check_service(s, e));
	return check_url(s, "graph_url", e);
}
