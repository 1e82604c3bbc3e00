/*
 * One value in Graph's JSON, by its form. Owns ENTRA_FORMS' functions: for each form read_x(),
 * x_problem() and write_x().
 */
#include "connector/entra/form.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/err.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "model/dtyp.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>

/* The text of a JSON string without a NUL in it; NULL: it is something else. */
static const char *plain_string(const json_t *v)
{
	const char *s = json_string_value(v);

	return s && strlen(s) == json_string_length(v) ? s : NULL;
}

static void write_quoted(struct buf *b, const char *s, size_t n)
{
	buf_addc(b, '"');
	buf_add_json(b, s, n);
	buf_addc(b, '"');
}

static void write_base64(struct buf *b, const struct value *v)
{
	_cleanup_free_ char *text = xcalloc(1, base64_len(v->len) + 1);

	base64_encode(text, v->data, v->len);
	buf_addf(b, "\"%s\"", text);
}

/* By the value's own type, whatever the form. */
static void write_own(struct buf *b, const struct value *v)
{
	switch (v->type) {
	case VALUE_BOOLEAN:
		buf_adds(b, v->num ? "true" : "false");
		break;
	case VALUE_INTEGER:
		buf_addf(b, "%" PRId64, v->num);
		break;
	case VALUE_BINARY:
		write_base64(b, v);
		break;
	case VALUE_STRING:
	case VALUE_REFERENCE:
	case VALUE_TYPE_COUNT:
		write_quoted(b, v->data, v->len);
		break;
	}
}

/* --- Edm.String --- */

static const char *read_text(const json_t *v, struct arena *a, struct value *ret)
{
	const char *s = json_string_value(v), *wrong;
	size_t n = json_string_length(v);

	if (!s)
		return "a string was expected";
	wrong = text_problem(s, n);
	if (!wrong)
		*ret = value_stringn(s, n);
	return wrong;
}

static const char *text_form_problem(const struct value *v)
{
	return text_problem(v->data, v->len);
}

/* --- Edm.Boolean --- */

static const char *read_boolean(const json_t *v, struct arena *a, struct value *ret)
{
	if (!json_is_boolean(v))
		return "true or false was expected";
	*ret = value_boolean(json_is_true(v));
	return NULL;
}

static const char *boolean_form_problem(const struct value *v)
{
	return NULL;
}

/* --- Edm.Int32, Edm.Int64 --- */

static const char *read_int64(const json_t *v, struct arena *a, struct value *ret)
{
	if (!json_is_integer(v))
		return "a whole number was expected";
	*ret = value_integer(json_integer_value(v));
	return NULL;
}

static const char *int64_form_problem(const struct value *v)
{
	return NULL;
}

static const char *int32_form_problem(const struct value *v)
{
	return v->num < INT32_MIN || v->num > INT32_MAX
	               ? "a whole number between -2147483648 and 2147483647 was expected"
	               : NULL;
}

static const char *read_int32(const json_t *v, struct arena *a, struct value *ret)
{
	struct value got;
	const char *wrong = read_int64(v, a, &got);

	if (!wrong)
		wrong = int32_form_problem(&got);
	if (!wrong)
		*ret = got;
	return wrong;
}

/* --- Edm.Binary: base64, or base64url as OData has it (odata-json-format-v4.01, 7.1) --- */

static const char *read_binary(const json_t *v, struct arena *a, struct value *ret)
{
	const char *s = plain_string(v);
	size_t n = s ? strlen(s) : 0;
	unsigned char *bytes;
	ssize_t len;
	char *text;

	if (!s)
		return "text in base64 was expected";
	if (n > base64_len(ATTR_VALUE_MAX))
		return VALUE_TOO_LONG;
	text = arena_zalloc(a, n + 4);
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(s[i] == '-' ? '+' : s[i] == '_' ? '/' : s[i]);
	while (n % 4)
		text[n++] = '=';
	bytes = arena_alloc(a, n + 1);
	len = base64_decode(bytes, text, n);
	if (len < 0)
		return "text in base64 was expected";
	bytes[len] = '\0';
	*ret = value_binary(bytes, (size_t)len);
	return NULL;
}

static const char *binary_form_problem(const struct value *v)
{
	return v->len > ATTR_VALUE_MAX ? VALUE_TOO_LONG : NULL;
}

/* --- Edm.DateTimeOffset: seconds are what Connect Sync has, too --- */

static const char *read_time(const json_t *v, struct arena *a, struct value *ret)
{
	char *text = arena_alloc(a, TIME_TEXT_SIZE);
	const char *s = plain_string(v);
	int64_t t;

	if (!s || !isdigit((unsigned char)s[0]) || !time_parse(s, &t))
		return "a time was expected";
	*ret = value_string(gentime_format(t, text));
	return NULL;
}

static const char *time_form_problem(const struct value *v)
{
	int64_t t;

	return strlen(v->data) == v->len && gentime_parse(v->data, &t)
	               ? NULL
	               : "a time was expected, as 20260801000000.0Z";
}

static void write_time(struct buf *b, const struct value *v)
{
	char text[TIME_TEXT_SIZE];
	int64_t t = 0;
	bool good = gentime_parse(v->data, &t); /* as check_time() has seen */

	assert(good);
	(void)good;
	buf_addf(b, "\"%s\"", time_format(t, text));
}

/* --- GUID: its bytes as Active Directory has them, so that both can be joined --- */

static const char *read_guid(const json_t *v, struct arena *a, struct value *ret)
{
	unsigned char guid[16];
	const char *s = plain_string(v);

	if (!s || !guid_parse(guid, s))
		return "a GUID was expected";
	*ret = value_binary(arena_dup(a, guid, sizeof(guid)), sizeof(guid));
	return NULL;
}

static const char *guid_form_problem(const struct value *v)
{
	return v->len == 16 ? NULL : "a GUID of 16 bytes was expected";
}

static void write_guid(struct buf *b, const struct value *v)
{
	char text[GUID_TEXT_SIZE];

	guid_format(text, (const unsigned char *)v->data);
	buf_addf(b, "\"%s\"", text);
}

/* --- SID --- */

static const char *read_sid(const json_t *v, struct arena *a, struct value *ret)
{
	unsigned char sid[SID_MAX];
	const char *s = plain_string(v);
	size_t n = s ? sid_parse(sid, s) : 0;

	if (!n)
		return "a security identifier was expected";
	*ret = value_binary(arena_dup(a, sid, n), n);
	return NULL;
}

static const char *sid_form_problem(const struct value *v)
{
	char text[SID_TEXT_SIZE];

	return sid_format(text, sizeof(text), (const unsigned char *)v->data, v->len)
	               ? NULL
	               : "the bytes of a security identifier were expected";
}

static void write_sid(struct buf *b, const struct value *v)
{
	char text[SID_TEXT_SIZE];
	/* as check_sid() has seen */
	bool good = sid_format(text, sizeof(text), (const unsigned char *)v->data, v->len);

	assert(good);
	(void)good;
	buf_addf(b, "\"%s\"", text);
}

/* --- references stand in shapes of their own, never as a scalar --- */

static const char *read_reference(const json_t *v, struct arena *a, struct value *ret)
{
	return "a reference cannot be read as a value";
}

static const char *reference_form_problem(const struct value *v)
{
	return "a reference cannot be written as a value";
}

#define write_text write_own
#define write_boolean write_own
#define write_int32 write_own
#define write_int64 write_own
#define write_binary write_own
#define write_reference write_own

static const struct form {
	const char *name;
	enum value_type type;
	const char *(*read)(const json_t *v, struct arena *a, struct value *ret);
	const char *(*problem)(const struct value *v);       /* of a value of the form's type */
	void (*write)(struct buf *b, const struct value *v); /* of one that has no problem */
} forms[] = {
#define X(id, name, type, fn) {name, VALUE_##type, read_##fn, fn##_form_problem, write_##fn},
	ENTRA_FORMS(X)
#undef X
};

enum value_type entra_form_type(enum entra_form f)
{
	return forms[f].type;
}

const char *entra_form_name(enum entra_form f)
{
	return forms[f].name;
}

const char *entra_form_read(enum entra_form f, const json_t *v, struct arena *a, struct value *ret)
{
	return forms[f].read(v, a, ret);
}

const char *entra_form_problem(enum entra_form f, const struct value *v)
{
	if (v->type != forms[f].type)
		return "a value of another type was expected";
	return forms[f].problem(v);
}

void entra_form_write(enum entra_form f, const struct value *v, struct buf *b)
{
	if (!v)
		buf_adds(b, "null");
	else if (forms[f].write == write_own || entra_form_problem(f, v))
		write_own(b, v);
	else
		forms[f].write(b, v);
}
