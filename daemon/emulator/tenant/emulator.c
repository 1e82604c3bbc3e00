/* The state's beginning and end. */
#include "tenant/emulator.h"

void emulator_init(struct emulator *em, struct tenant *tenant)
{
	em->tenant = tenant;
	em->dir = directory_new();
	properties_extend(NULL, 0);
	features_default(em->features);
	em->syncs = tenant->syncs;
	for (unsigned i = 0; i < tenant->n_features; i++) {
		int f = feature_find(tenant->features[i].name);

		if (f >= 0)
			em->features[f] = tenant->features[i].on;
	}
}

void emulator_done(struct emulator *em)
{
	audits_done(&em->audits);
	audits_done(&em->skips);
	extensions_done(&em->extensions);
	directory_free(em->dir);
	em->dir = NULL;
	free(em->marks);
	em->marks = NULL;
	em->n_marks = em->cap_marks = 0;
}
