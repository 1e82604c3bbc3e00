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
