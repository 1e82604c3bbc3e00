/*
 * Expressions over an object out of JSON. What a step would fetch from the store is read from keys
 * of the object; another kind of it is another prefix, in read_attributes() and here.
 */
#include "lang/import/offline.h"
#include "base/json.h"
#include "model/entry_json.h"

#include <errno.h>

const char expr_example[] =
	"{\n"
	"  \"dn\": \"CN=Ada\\\\, the first,OU=People,DC=example,DC=test\",\n"
	"  \"cn\": \"Ada, the first\",\n"
	"  \"mail\": \"ada@fjordline.example\",\n"
	"  \"proxyAddresses\": [\"SMTP:ada@fjordline.example\", "
	"\"smtp:countess@fjordline.example\"],\n"
	"  \"userAccountControl\": 514,\n"
	"  \"objectGUID\": {\"base64\": \"eFY0Erya8N4RIjNEVWZ3iA==\"},\n"
	"  \"objectSid\": {\"base64\": \"AQIAAAAAAAUgAAAAIAIAAA==\"},\n"
	"  \"userCertificate\": {\"base64\": \""
	"MIICDTCCAbOgAwIBAgIFAQIDBAUwCgYIKoZIzj0EAwIwNDELMAkGA1UEBhMCTk8xFzAVBgNVBAoMDkZqb3Jk"
	"bGluZSwgTHRkMQwwCgYDVQQDDANBZGEwHhcNMjYxMTIxMDkzODM3WhcNMzYxMTE4MDkzODM3WjA0MQswCQYD"
	"VQQGEwJOTzEXMBUGA1UECgwORmpvcmRsaW5lLCBMdGQxDDAKBgNVBAMMA0FkYTBZMBMGByqGSM49AgEGCCqG"
	"SM49AwEHA0IABAfPaPjWjl1ygYsYFZtqeCG84BU4jyEkjort7dPjyDArPMN3wFRZkBXrml7ehP+oGS/HbP7z"
	"JVQr7jP6PvR/IEOjgbEwga4wDgYDVR0PAQH/BAQDAgeAMH0GA1UdEQR2MHSBFWFkYUBmam9yZGxpbmUuZXhh"
	"bXBsZYYdaHR0cHM6Ly9mam9yZGxpbmUuZXhhbXBsZS9hZGGCFWFkYS5mam9yZGxpbmUuZXhhbXBsZaAlBgor"
	"BgEEAYI3FAIDoBcMFWFkYUBmam9yZGxpbmUuZXhhbXBsZTAdBgNVHQ4EFgQUVVKgX+za9vtJdhWTUnElMCm9"
	"dSQwCgYIKoZIzj0EAwIDSAAwRQIgCutNXDFsDGH4pziVEcMvJgmDvQUebGQP+HoBoIWe1ksCIQD7ncOpBwzv"
	"vGZi2skjnwbQ3XLMU83LvDkNMA42jFEmMw==\"},\n"
	"  \"#member\": 3,\n"
	"  \"%Domain.FQDN%\": \"example.test\"\n"
	"}\n";

static const char *parameter(void *ctx, const char *name, struct arena *a)
{
	const struct offline *o = ctx;

	return json_string_value(
		json_object_get(o->source, arena_printf(o->arena, "%%%s%%", name)));
}

static const json_t *links(const struct offline *o, unsigned attr)
{
	return json_object_get(o->source, arena_printf(o->arena, "#%s", attr_name(attr)));
}

static int attr_type(void *ctx, unsigned attr)
{
	return links(ctx, attr) ? VALUE_REFERENCE : -1;
}

/* "#member": 3 */
static void read_counts(struct offline *o)
{
	struct eval_count *counts =
		arena_alloc(o->arena, (json_object_size(o->source) + 1) * sizeof(*counts));
	struct eval_facts *facts = &o->eval.facts;
	const char *key;
	json_t *value;

	facts->counts = counts;
	json_object_foreach ((json_t *)o->source, key, value)
		if (key[0] == '#')
			counts[facts->n_counts++] = (struct eval_count){
				attr_intern(key + 1), json_integer_value(value)};
}

/* The attributes alone. */
static int read_attributes(struct offline *o, struct err *e)
{
	_cleanup_json_ json_t *plain = json_object();
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)o->source, key, value)
		if (key[0] != '%' && key[0] != '#')
			json_object_set(plain, key, value);
	return entry_from_json(&o->entry, plain, e);
}

int offline_init(struct offline *ret, const json_t *o, struct arena *a, struct err *e)
{
	*ret = (struct offline){.source = o, .arena = a};
	entry_init(&ret->entry, a);
	ret->eval = (struct eval){
		.source = &ret->entry,
		.parameter = parameter,
		.ctx = ret,
		.arena = a,
	};
	ret->types = (struct expr_types){attr_type, NULL, ret};
	if (o && !json_is_object(o))
		return err_set(
			e, -EINVAL, NULL, 0, "an object {\"attribute\": value} was expected");
	if (!o)
		return 0;
	read_counts(ret);
	return read_attributes(ret, e);
}

int offline_eval(struct offline *o, const char *expression, struct flow_result *ret, struct err *e)
{
	struct expr *x;
	int r = expr_compile(expression, &x, NULL, e);

	if (r < 0)
		return r;
	r = expr_check(x, &o->types, NULL, NULL, e);
	if (r == 0) {
		expr_eval(x, &o->eval, ret);
		/* they may point into the expression */
		for (unsigned i = 0; ret->kind == FLOW_RESULT_VALUES && i < ret->count; i++)
			ret->values[i] = value_dup(o->arena, ret->values[i]);
	}
	expr_free(x);
	return r;
}

json_t *offline_result(const struct offline *o, const struct flow_result *r)
{
	switch (r->kind) {
	case FLOW_RESULT_VALUES:
		return values_to_json(r->values, r->count, o->arena);
	case FLOW_RESULT_NULL_:
		return json_null();
	case FLOW_RESULT_AUTHORITATIVE_NULL:
	case FLOW_RESULT_IGNORE:
		return json_pack("{s:s}", "flow", flow_result_name(r->kind));
	case FLOW_RESULT_LINKS:
		return json_pack("{s:s}", "references", attr_name(r->links));
	case FLOW_RESULT_ERROR:
		return json_pack("{s:s}", "error", r->error);
	}
	return json_null();
}
