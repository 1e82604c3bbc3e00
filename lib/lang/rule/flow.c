/*
 * Evaluation of one flow, with its values converted to the target's type. What does not fit is an
 * error of the object, named as Connect Sync names it; nothing is cut or guessed.
 */
#include "lang/rule/flow.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "lang/expr/expr.h"
#include "lang/expr/term.h"
#include "model/dtyp.h"

#include <assert.h>

bool value_convert(struct value *v, enum value_type to, struct arena *a)
{
	struct term t = term_from_value(v);
	int64_t n;

	if (v->type == to)
		return true;
	switch (to) {
	case VALUE_STRING: {
		size_t len;
		const char *s = term_to_text(&t, a, &len);

		*v = value_stringn(s, len);
		return true;
	}
	case VALUE_INTEGER:
		if (!term_to_number(&t, &n))
			return false;
		*v = value_integer(n);
		return true;
	case VALUE_BOOLEAN:
		if (v->type == VALUE_STRING && strcasecmp(v->data, "true") != 0 &&
			strcasecmp(v->data, "false") != 0)
			return false;
		*v = value_boolean(term_is_true(&t));
		return true;
	case VALUE_REFERENCE:
		if (v->type != VALUE_STRING)
			return false;
		v->type = VALUE_REFERENCE;
		return true;
	case VALUE_BINARY:
	case VALUE_TYPE_COUNT:
		break;
	}
	return false;
}

/* A time in whatever form, to the one of SCHEMA_TIME, so that equal times are equal values. */
static bool time_convert(struct value *v, struct arena *a)
{
	struct term t = term_from_value(v);
	char *text = arena_alloc(a, TIME_TEXT_SIZE);
	int64_t filetime;

	if (!term_to_date(&t, &filetime))
		return false;
	*v = value_string(gentime_format(filetime_to_unix(filetime), text));
	return true;
}

static void convert_all(const struct flow *f, const struct eval *ev, struct flow_result *ret)
{
	if (ret->count > 1 && !f->dest_multi) {
		ret->kind = FLOW_RESULT_ERROR;
		ret->error = arena_printf(ev->arena,
			"flow-multi-values-to-single-value: %u values for %s", ret->count,
			attr_name(f->dest));
		return;
	}
	for (unsigned i = 0; i < ret->count; i++) {
		if (value_convert(&ret->values[i], f->dest_type, ev->arena)) {
			if (!f->dest_time || time_convert(&ret->values[i], ev->arena))
				continue;
			ret->kind = FLOW_RESULT_ERROR;
			ret->error = arena_printf(ev->arena,
				"cs-attribute-type-mismatch: \"%.60s\" for %s is no date and time; "
				"20260801000000.0Z was expected",
				ret->values[i].data, attr_name(f->dest));
			return;
		}
		ret->kind = FLOW_RESULT_ERROR;
		ret->error = arena_printf(ev->arena, "cs-attribute-type-mismatch: %s is %s, not %s",
			attr_name(f->dest), value_type_name(ret->values[i].type),
			value_type_name(f->dest_type));
		return;
	}
}

/* The source's values; copied only when they must be converted. */
static void direct(const struct flow *f, const struct eval *ev, struct flow_result *ret)
{
	static unsigned dn, cloud_anchor;
	const struct attr *a = entry_get(ev->source, f->source);

	if (!dn) {
		dn = attr_intern("dn");
		cloud_anchor = attr_intern("cloudAnchor");
	}
	if (a && a->count) {
		ret->kind = FLOW_RESULT_VALUES;
		ret->count = a->count;
		ret->values = a->values;
		if (a->values[0].type != f->dest_type || f->dest_time) {
			ret->values = arena_alloc(ev->arena, a->count * sizeof(*ret->values));
			memcpy(ret->values, a->values, a->count * sizeof(*ret->values));
		}
	} else if ((f->source == dn && ev->source->dn) ||
		   (f->source == cloud_anchor && ev->source->anchor)) {
		ret->kind = FLOW_RESULT_VALUES;
		ret->count = 1;
		ret->values = arena_alloc(ev->arena, sizeof(*ret->values));
		ret->values[0] =
			value_string(f->source == dn ? ev->source->dn : ev->source->anchor);
	}
}

void flow_eval(
	const struct rule *r, const struct flow *f, const struct eval *ev, struct flow_result *ret)
{
	assert(!r->disabled && ev->source && ev->arena);
	*ret = (struct flow_result){.kind = FLOW_RESULT_NULL_};
	switch (f->kind) {
	case FLOW_DIRECT:
		direct(f, ev, ret);
		break;
	case FLOW_CONSTANT:
		ret->kind = FLOW_RESULT_VALUES;
		ret->count = 1;
		ret->values = arena_alloc(ev->arena, sizeof(*ret->values));
		ret->values[0] = f->constant;
		break;
	case FLOW_EXPRESSION:
		expr_eval(f->expr, ev, ret);
		break;
	}
	if (ret->kind == FLOW_RESULT_VALUES)
		convert_all(f, ev, ret);
}

static bool has_value(const struct attr *have, const struct value *v, bool nocase)
{
	for (unsigned i = 0; have && i < have->count; i++) {
		const struct value *h = &have->values[i];

		if (value_equal(h, v))
			return true;
		if (nocase && h->type == VALUE_STRING && v->type == VALUE_STRING &&
			text_casecmp(h->data, h->len, v->data, v->len) == 0)
			return true;
	}
	return false;
}

void values_merge(struct entry *to, unsigned attr, const struct flow_result *r, bool ignore_case)
{
	for (unsigned i = 0; i < r->count; i++)
		if (!has_value(entry_get(to, attr), &r->values[i], ignore_case))
			entry_add(to, attr, r->values[i]);
}

const char *flow_text(const struct rule *r, const struct flow *f, struct arena *a)
{
	const char *from = f->text;

	if (f->kind == FLOW_DIRECT)
		from = arena_printf(a, "[%s]", attr_name(f->source));
	else if (f->kind == FLOW_CONSTANT)
		from = f->constant.type == VALUE_STRING
		               ? arena_printf(a, "\"%s\"", f->constant.data)
		               : value_text(a, &f->constant);
	return arena_printf(a, "%s <- %s%s%s%s%s", attr_name(f->dest), from,
		f->merge != MERGE_UPDATE || f->once ? " (" : "",
		f->merge != MERGE_UPDATE ? merge_type_name(f->merge) : "",
		f->once ? (f->merge != MERGE_UPDATE ? ", once" : "once") : "",
		f->merge != MERGE_UPDATE || f->once ? ")" : "");
}
