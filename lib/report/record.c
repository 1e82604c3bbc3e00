/*
 * The table of events, and a record as JSON, which is how a worker hands it to the daemon. Text
 * that is no UTF-8 is made presentable here, so that no record is lost for it.
 */
#include "report/record.h"
#include "base/buf.h"
#include "base/text.h"

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

/* A name or a text of a directory may be no UTF-8, which JSON cannot hold: U+FFFD for each byte. */
static json_t *text_json(const char *text)
{
	_cleanup_buf_ struct buf b = {0};
	size_t left = strlen(text), n;

	if (utf8_valid(text, left))
		return json_string(text);
	for (; left; text += n, left -= n) {
		n = 1;
		while (n < 4 && n < left && !utf8_valid(text, n))
			n++;
		if (utf8_valid(text, n)) {
			buf_add(&b, text, n);
		} else {
			utf8_add(&b, 0xfffd);
			n = 1;
		}
	}
	return json_string(buf_str(&b));
}

json_t *record_to_json(const struct record *r)
{
	json_t *fields = json_object();

	for (unsigned i = 0; i < r->n_fields; i++)
		json_object_set_new(fields, r->fields[i].name, text_json(r->fields[i].value));
	return json_pack("{s:s, s:o, s:o}", "event", TABLE[r->event].name, "message",
		text_json(r->message ? r->message : ""), "fields", fields);
}

bool record_from_json(const json_t *json, struct record *ret)
{
	struct record r = {0};
	const char *name, *key;
	json_t *value;
	int id;

	name = json_string_value(json_object_get(json, "event"));
	id = name ? event_find(name) : -1;
	r.message = json_string_value(json_object_get(json, "message"));
	if (id < 0 || !r.message)
		return false;
	r.event = (enum event_id)id;
	json_object_foreach (json_object_get(json, "fields"), key, value)
		record_add(&r, key, json_string_value(value));
	*ret = r;
	return true;
}
