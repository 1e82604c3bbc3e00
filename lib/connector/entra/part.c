/* Sub-requests: the words of their kinds, and their end. */
#include "connector/entra/part.h"

static const struct {
	const char *method;
	bool body;
} KINDS[] = {
#define X(id, method, body) {method, body},
	PART_KINDS(X)
#undef X
};

const char *part_method(enum part_kind k)
{
	return KINDS[k].method;
}

bool part_has_body(enum part_kind k)
{
	return KINDS[k].body;
}

void part_free(struct part *p)
{
	if (!p)
		return;
	free(p->found);
	free(p->unfit);
	free(p->refused);
	free(p->reduced.attrs);
	free(p->refusal);
	free(p);
}

struct entra_writing part_writing(const struct connector *c, const struct part *p)
{
	const struct export_item *it = &p->items[0];
	bool whole = p->kind == PART_CREATE || p->all || it->op == DELTA_ADD;

	return (struct entra_writing){
		.class = p->class,
		.surface = c->surface,
		.extensions = c->extensions,
		.wanted = it->wanted,
		.delta = p->reduced.attrs && p->kind != PART_CREATE ? &p->reduced
	                 : whole                                    ? NULL
	                                                            : it->delta,
		.clears = p->all,
		.skip = p->refused,
		.n_skip = p->n_refused,
	};
}
