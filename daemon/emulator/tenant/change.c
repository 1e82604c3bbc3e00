/* Changes before they are made. */
#include "tenant/change.h"

void change_done(struct change *c)
{
	for (unsigned i = 0; i < n_properties; i++)
		buf_done(&c->text[i]);
}
const char *change_future(
	const struct change *c, const struct object *o, unsigned prop, size_t *ret_n)
{
	*ret_n = 0;
	if (c->given[prop]) {
		*ret_n = c->text[prop].len;
		return *ret_n ? c->text[prop].data : NULL;
	}
	return o ? object_prop(o, prop, ret_n) : NULL;
}

bool change_has(const struct change *c, unsigned prop)
{
	return c->given[prop] && c->text[prop].len;
}

void change_set_text(struct change *c, unsigned prop, const char *s, size_t n, const char *behind)
{
	struct buf b = {0};

	buf_addc(&b, '"');
	buf_add(&b, s, n);
	buf_addf(&b, "%s\"", behind);
	buf_done(&c->text[prop]);
	c->text[prop] = b;
	c->given[prop] = true;
}
