/* See service_orders.h. */
#include "order/service_orders.h"

#include "tenant/body.h"

#include <stdio.h>

#define AT(member) offsetof(struct service_orders, member)

static const struct {
	const char *key;
	size_t at;
} numbers[] =
	{
		{"busy", AT(busy)},
		{"redirects", AT(redirects)},
		{"failures", AT(failures)},
		{"warnings", AT(warnings)},
		{"pageSize", AT(page_size)},
		{"visibilityMs", AT(visibility_ms)},
		{"batchObjects", AT(batch_objects)},
		{"batchLinks", AT(batch_links)},
},
  flags[] = {
	  {"newMembers", AT(new_members)},
	  {"oldAudience", AT(old_audience)},
	  {"namesErrors", AT(names_errors)},
	  {"tellsBlock", AT(tells_block)},
	  {"finalizeMovesLastSync", AT(finalize_moves_sync)},
};

static const struct {
	const char *key;
	size_t at, size;
	bool name; /* of an element */
} texts[] = {
	{"redirectTo", AT(redirect_to), sizeof((struct service_orders){0}.redirect_to), false},
	{"text", AT(text), sizeof((struct service_orders){0}.text), false},
	{"cookieName", AT(cookie_name), sizeof((struct service_orders){0}.cookie_name), true},
	{"moreName", AT(more_name), sizeof((struct service_orders){0}.more_name), true},
};

#define X(id, word) word,
static const char *const cloud_managed_words[] = {CLOUD_MANAGED_ANSWERS(X) NULL};
static const char *const read_back_words[] = {READ_BACK_ANSWERS(X) NULL};
static const char *const unresolved_words[] = {UNRESOLVED_ANSWERS(X) NULL};
static const char *const over_limit_words[] = {OVER_LIMIT_ANSWERS(X) NULL};
static const char *const failed_changes_words[] = {FAILED_CHANGES(X) NULL};
#undef X

static const struct {
	const char *key;
	size_t at; /* an enum */
	const char *const *words;
} choices[] = {
	{"cloudManaged", AT(cloud_managed), cloud_managed_words},
	{"readBack", AT(read_back), read_back_words},
	{"unresolved", AT(unresolved), unresolved_words},
	{"overLimit", AT(over_limit), over_limit_words},
	{"failedChanges", AT(failed_changes), failed_changes_words},
};

static bool set_number(long *to, const json_t *v)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > INT32_MAX)
		return false;
	*to = (long)json_integer_value(v);
	return true;
}

static bool set_flag(bool *to, const json_t *v)
{
	*to = json_is_true(v);
	return json_is_boolean(v);
}

static bool is_name(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return *s && !s[strspn(s, letters)];
}

static bool set_text(char *to, size_t size, bool name, const json_t *v)
{
	if (!json_is_string(v) || json_string_length(v) >= size ||
		(name && !is_name(json_string_value(v))))
		return false;
	snprintf(to, size, "%s", json_string_value(v));
	return true;
}

static bool set_choice(int *to, const char *const *words, const json_t *v)
{
	for (int i = 0; json_is_string(v) && words[i]; i++)
		if (streq(json_string_value(v), words[i])) {
			*to = i;
			return true;
		}
	return false;
}

/* One key; false: it is not known, or the value cannot be. */
static bool set(struct service_orders *o, const char *key, const json_t *v)
{
	char *base = (char *)o;

	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
		if (streq(numbers[i].key, key))
			return set_number((long *)(void *)(base + numbers[i].at), v);
	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++)
		if (streq(flags[i].key, key))
			return set_flag((bool *)(void *)(base + flags[i].at), v);
	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++)
		if (streq(texts[i].key, key))
			return set_text(base + texts[i].at, texts[i].size, texts[i].name, v);
	for (unsigned i = 0; i < ARRAY_SIZE(choices); i++)
		if (streq(choices[i].key, key))
			return set_choice(
				(int *)(void *)(base + choices[i].at), choices[i].words, v);
	return streq(key, "faults") && json_is_array(v);
}

const char *service_orders_set(struct service_orders *o, const json_t *body)
{
	struct service_orders changed = *o;
	const char *key, *wrong;
	json_t *v;

	if (!json_is_object(body))
		return "(no object)";
	json_object_foreach ((json_t *)body, key, v)
		if (!set(&changed, key, v))
			return key;
	wrong = service_faults_add(&changed.faults, json_object_get(body, "faults"));
	if (!wrong)
		*o = changed;
	return wrong;
}

void service_orders_init(struct service_orders *o, const json_t *settings)
{
	service_orders_done(o);
	*o = (struct service_orders){
		.tells_block = true,
		.names_errors = true,
		.finalize_moves_sync = true,
		.cookie_name = "OutputCookie",
		.more_name = "MoreData",
		.batch_objects = 1000,
		.batch_links = 15000,
	};
	if (settings)
		(void)service_orders_set(o, settings); /* it was checked when it was read */
}

void service_orders_done(struct service_orders *o)
{
	service_faults_clear(&o->faults);
}

bool service_order_take(long *n)
{
	if (*n <= 0)
		return false;
	(*n)--;
	return true;
}
