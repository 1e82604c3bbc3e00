/*
 * Answers of the provisioning service: read as the answer to each operation, with the objects that
 * some have, or one error that says why not.
 */
#include "fuzz.h"
#include "connector/entra/schema.h"
#include "connector/entra/service/answer.h"
#include "connector/entra/service/object.h"

#include <errno.h>
#include <stdlib.h>

static struct service_keys *keys;

static int on_object(void *ctx, struct nbfx_reader *r, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct service_given g;

	TRY(service_read_object(r, keys, &a, &g, e));
	if (!g.cloud_anchor || !g.source_anchor || (g.entry.n_attrs && !g.class))
		abort();
	for (unsigned i = 0; i < g.entry.n_attrs; i++)
		for (unsigned k = 0; k < g.entry.attrs[i].count; k++)
			if (!value_text(&a, &g.entry.attrs[i].values[k]))
				abort();
	return 0;
}

static int on_member(void *ctx, const char *name, const char *text, struct err *e)
{
	return name && text ? 0 : -EINVAL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const operations[] = {"ProvisionAzureADSyncObjects",
		"ProvisionAzureADSyncObjects2", "GetCompanyConfiguration", "FinalizeExport",
		"ReadBackAzureADSyncObjects2"};
	static const struct service_listener listener = {on_object, on_member, NULL};

	if (!keys)
		keys = service_keys_new(entra_schema(ENTRA_SERVICE));
	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
		_cleanup_arena_ struct arena a = {0};
		struct service_answer answer;
		struct err e = {0};
		int r = service_read_objects(data, n, operations[i],
			i + 1 < ARRAY_SIZE(operations) ? NULL : &listener, &a, &answer, &e);

		if ((r < 0) != (e.text[0] != '\0'))
			abort();
	}
	return 0;
}
