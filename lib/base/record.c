/* The event table and the JSON form of a record. */
#include "base/record.h"

static const struct event TABLE[] = {
#define X(name, number, prio, source, id) [EVENT_##name] = {#name, number, prio, source, id},
	EVENTS(X)
#undef X
};

const struct event *event_get(enum event_id id)
{
	return &TABLE[id];
}

int event_find(const char *name)
{
	int number = atoi(name);

	for (int i = 0; i < EVENT_COUNT; i++)
		if (streq(TABLE[i].name, name) || (number && TABLE[i].number == number))
			return i;
	return -1;
}

void record_add(struct record *r, const char *name, const char *value)
{
	if (!value || !*value || r->n_fields == RECORD_FIELDS_MAX)
		return;
	r->fields[r->n_fields].name = name;
	r->fields[r->n_fields].value = value;
	r->n_fields++;
}

json_t *record_to_json(const struct record *r)
{
	json_t *fields = json_object();

	for (unsigned i = 0; i < r->n_fields; i++)
		json_object_set_new(fields, r->fields[i].name, json_string(r->fields[i].value));
	return json_pack("{s:s, s:s, s:o}", "event", TABLE[r->event].name, "message",
		r->message ? r->message : "", "fields", fields);
}

bool record_from_json(const json_t *json, struct record *ret)
{
	struct record r = {0};
	const char *name, *key;
	json_t *value;
	int id;

	name = json_string_value(json_object_get(json, "event"));
	id = name ? event_find(name) : -1;
	if (id < 0)
		return false;
	r.event = (enum event_id)id;
	r.message = json_string_value(json_object_get(json, "message"));
	json_object_foreach (json_object_get(json, "fields"), key, value)
		record_add(&r, key, json_string_value(value));
	*ret = r;
	return true;
}
