/* Records: read, written, and looked at before anybody trusts them. */
#include "tenant/record.h"

#include "base/json.h"
#include "base/text.h"

#include <ctype.h>

#define HEAD 13

static void head_read(const unsigned char *p, unsigned *prop, uint64_t *seq, uint32_t *len)
{
	*prop = p[0];
	memcpy(seq, p + 1, 8);
	memcpy(len, p + 9, 4);
}

bool record_next(const unsigned char *block, size_t n, size_t *pos, unsigned *ret_prop,
	uint64_t *ret_seq, const char **ret_json, size_t *ret_n)
{
	uint32_t len;

	if (*pos + HEAD > n)
		return false;
	head_read(block + *pos, ret_prop, ret_seq, &len);
	*ret_json = len ? (const char *)block + *pos + HEAD : NULL;
	*ret_n = len;
	*pos += HEAD + len;
	return true;
}

void record_add(struct buf *b, unsigned prop, uint64_t seq, const char *json, size_t n)
{
	unsigned char head[HEAD];
	uint32_t len = (uint32_t)n;

	head[0] = (unsigned char)prop;
	memcpy(head + 1, &seq, 8);
	memcpy(head + 9, &len, 4);
	buf_add(b, head, HEAD);
	buf_add(b, json, n);
}

/* --- checks --- */

/* A string with its quotes, and none inside that is not escaped. */
static bool is_string(const char *s, size_t n)
{
	if (n < 2 || s[0] != '"' || s[n - 1] != '"' || !utf8_valid(s, n))
		return false;
	for (size_t i = 1; i < n - 1; i++) {
		if (s[i] == '"' || (unsigned char)s[i] < ' ')
			return false;
		if (s[i] == '\\' && ++i == n - 1)
			return false;
	}
	return true;
}

static bool is_number(const char *s, size_t n, size_t max)
{
	size_t i = n && *s == '-';

	if (i == n || n > max)
		return false;
	for (; i < n; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return true;
}

static bool is_list(const char *s, size_t n, unsigned prop)
{
	_cleanup_json_ json_t *list = json_loadb(s, n, JSON_REJECT_DUPLICATES, NULL);
	bool strings = properties[prop].kind == KIND_STRINGS;
	json_t *v;
	size_t i;

	if (!json_is_array(list))
		return false;
	json_array_foreach (list, i, v) {
		if (strings ? !json_is_string(v) : !json_is_object(v))
			return false;
		if (prop == P_ERRORS &&
			(!json_is_string(json_object_get(v, "propertyCausingError")) ||
				!json_is_string(json_object_get(v, "value"))))
			return false;
	}
	return true;
}

static bool is_object(const char *s, size_t n)
{
	_cleanup_json_ json_t *v = json_loadb(s, n, JSON_REJECT_DUPLICATES, NULL);

	return json_is_object(v);
}

/* A collection is what the property's own check makes of it. */
static bool is_many(unsigned prop, const char *s, size_t n)
{
	_cleanup_json_ json_t *list = json_loadb(s, n, JSON_REJECT_DUPLICATES, NULL);
	_cleanup_buf_ struct buf b = {0};

	return json_is_array(list) && json_array_size(list) &&
	       !property_value(&properties[prop], list, &b);
}

/* Is the text one of the property's kind? */
static bool is_of_kind(unsigned prop, const char *s, size_t n)
{
	if (properties[prop].many)
		return is_many(prop, s, n);
	switch (properties[prop].kind) {
	case KIND_STRING:
	case KIND_TIME:
	case KIND_BINARY:
		return is_string(s, n);
	case KIND_BOOLEAN:
		return (n == 4 && memcmp(s, "true", n) == 0) ||
		       (n == 5 && memcmp(s, "false", n) == 0);
	case KIND_INTEGER:
		return is_number(s, n, 11);
	case KIND_LARGE:
		return is_number(s, n, 20);
	case KIND_STRINGS:
	case KIND_OBJECTS:
		return is_list(s, n, prop);
	case KIND_EXTENSIONS:
		return is_object(s, n);
	}
	return false;
}

const char *records_wrong(enum object_type t, const unsigned char *block, size_t n)
{
	bool seen[PROPERTIES_MAX] = {false};

	for (size_t pos = 0; pos < n;) {
		uint32_t len;
		uint64_t seq;
		unsigned prop;

		if (n - pos < HEAD)
			return "a property is cut off";
		head_read(block + pos, &prop, &seq, &len);
		pos += HEAD;
		if (prop >= n_properties ||
			!(properties[prop].types >> t & 1 || prop == P_BAG))
			return "a property that its type does not have";
		if (seen[prop])
			return "a property is there twice";
		if (len > n - pos)
			return "a property is cut off";
		if (len && !is_of_kind(prop, (const char *)block + pos, len))
			return "a property has a value of another kind";
		seen[prop] = true;
		pos += len;
	}
	return NULL;
}
