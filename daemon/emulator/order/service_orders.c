/* See service_orders.h. */
#include "order/service_orders.h"

#include "tenant/body.h"

#include <stdio.h>

static const char *const answers[] = {
#define X(id, word) word,
	CLOUD_MANAGED_ANSWERS(X)
#undef X
};

static void set_number(const json_t *body, const char *key, long *to)
{
	if (json_object_get(body, key))
		*to = MAX(body_number(body, key, 0), 0L);
}

static bool set_text(const json_t *body, const char *key, char *to, size_t size)
{
	const json_t *v = json_object_get(body, key);

	if (!v)
		return true;
	if (!json_is_string(v) || json_string_length(v) >= size)
		return false;
	snprintf(to, size, "%s", json_string_value(v));
	return true;
}

static bool set_answer(const json_t *body, enum cloud_managed_answer *to)
{
	const json_t *v = json_object_get(body, "cloudManaged");

	for (unsigned i = 0; v && i < ARRAY_SIZE(answers); i++)
		if (json_is_string(v) && streq(json_string_value(v), answers[i])) {
			*to = (enum cloud_managed_answer)i;
			return true;
		}
	return !v;
}

bool service_orders_set(struct service_orders *o, const json_t *body, struct response *rs)
{
	const json_t *members = json_object_get(body, "newMembers");

	set_number(body, "busy", &o->busy);
	set_number(body, "redirects", &o->redirects);
	set_number(body, "failures", &o->failures);
	set_number(body, "warnings", &o->warnings);
	if (members)
		o->new_members = json_is_true(members);
	if (json_is_object(body) &&
		set_text(body, "redirectTo", o->redirect_to, sizeof(o->redirect_to)) &&
		set_text(body, "text", o->text, sizeof(o->text)) &&
		set_answer(body, &o->cloud_managed))
		return true;
	respond_error(rs, 400, "BadRequest",
		"An order of the provisioning service has a value that it cannot have.");
	return false;
}

bool service_order_take(long *n)
{
	if (*n <= 0)
		return false;
	(*n)--;
	return true;
}
