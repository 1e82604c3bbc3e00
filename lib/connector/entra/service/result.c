/* Results, see result.h. Words that mean an error with a name of its own are a row of words[]. */
#include "connector/entra/service/result.h"
#include "base/text.h"
#include "connector/entra/error.h"
#include "connector/entra/service/dry.h"

#include <assert.h>
#include <ctype.h>

/* --- whose is a result? --- */

/* 1 it is the object's, 0 another's, -1: it does not tell. */
static int is_about(const struct service_result *r, const struct export_item *it, struct arena *a)
{
	const char *source_anchor = entra_source_anchor(it->dn, a);

	if (*r->source_anchor && source_anchor)
		return streq(r->source_anchor, source_anchor);
	if (*r->cloud_anchor && it->anchor)
		return strcasecmp(r->cloud_anchor, it->anchor) == 0;
	return -1;
}

void service_match_results(const struct service_batch *b, const struct service_answer *answer,
	const struct service_result **ret)
{
	_cleanup_free_ bool *used = xcalloc(answer->n_results + 1, sizeof(*used));
	_cleanup_arena_ struct arena a = {0};
	bool by_order = answer->n_results == b->n_objects;

	for (unsigned i = 0; i < b->n_objects; i++) {
		const struct export_item *it = &b->items[b->objects[i].first];

		arena_reset(&a);
		ret[i] = NULL;
		if (i < answer->n_results && !used[i]) {
			int about = is_about(&answer->results[i], it, &a);

			if (about > 0 || (about < 0 && by_order))
				ret[i] = &answer->results[i];
		}
		for (unsigned k = 0; k < answer->n_results && !ret[i]; k++)
			if (!used[k] && is_about(&answer->results[k], it, &a) > 0)
				ret[i] = &answer->results[k];
		if (ret[i])
			used[ret[i] - answer->results] = true;
	}
}

bool service_result_good(const struct service_result *r)
{
	return strcasecmp(r->code, "Success") == 0;
}

/* --- what was taken --- */

/* "User_<id>" as the connector space has it; NULL: it is none, or of another class. */
static const char *anchor_of(const char *cloud_anchor, enum entra_class class, struct arena *a)
{
	const char *prefix = entra_classes[class].anchor_prefix, *id;
	size_t n = strlen(prefix);

	if (strncasecmp(cloud_anchor, prefix, n) != 0 || !cloud_anchor[n])
		return NULL;
	id = cloud_anchor + n;
	return arena_printf(a, "%s%s", prefix, text_fold(a, id, strlen(id), &(size_t){0}));
}

bool service_accepted(const struct export_item *item, const struct service_result *r,
	struct arena *a, struct export_outcome *ret)
{
	const char *anchor = item->kind == EXPORT_OBJECT
	                             ? anchor_of(r->cloud_anchor, entra_class_find(item->class), a)
	                             : NULL;

	*ret = (struct export_outcome){.result = CONN_OK, .text = *r->text ? r->text : NULL};
	if (anchor && item->anchor && service_is_dry_anchor(anchor)) /* made up for what has one */
		anchor = NULL;
	if (anchor && (!item->anchor || !streq(anchor, item->anchor)))
		ret->anchor = anchor;
	if (ret->anchor && item->anchor && !ret->text)
		ret->text = arena_printf(a,
			"it is another object now, %s: %s was not there any more, or was not "
			"synchronized. If that one is still there, it is the cloud's own",
			anchor, item->anchor);
	return item->kind != EXPORT_OBJECT || item->anchor || anchor;
}

/* --- what was refused --- */

static const struct {
	const char *part; /* of the text, in any case */
	enum entra_error error;
} words[] = {
	{"may already be associated with another object", ENTRA_ERROR_DUPLICATE_VALUE},
	{"hard match operation blocked", ENTRA_ERROR_INVALID_HARD_MATCH},
	{"object is too large", ENTRA_ERROR_LARGE_OBJECT},
	{"operation, Delete, is not valid", ENTRA_ERROR_DELETING_CLOUD_ONLY_OBJECT_NOT_ALLOWED},
	{"refers to is not known", ENTRA_ERROR_REQUEST_RESOURCE_NOT_FOUND},
};

/* "InvalidSoftMatch: ...": the name of an error that stands in front of the text; in the arena. */
static const char *name_in(const char *text, struct arena *a)
{
	size_t n = 0;
	const char *name;

	while (isalnum((unsigned char)text[n]) || text[n] == '_')
		n++;
	if (!n || text[n] != ':')
		return NULL;
	name = arena_printf(a, "%.*s", (int)n, text);
	return entra_error_advice(name) ? name : NULL;
}

static const char *error_of(const char *text, struct arena *a)
{
	const char *name = name_in(text, a);

	for (unsigned i = 0; i < ARRAY_SIZE(words) && !name; i++)
		if (strcasestr(text, words[i].part))
			name = entra_error_word(words[i].error);
	return name ? name : entra_error_name(0, "", text);
}

bool service_says_cloud(const char *text)
{
	return strcasestr(text, "source of authority") || strcasestr(text, "SOA of this");
}

void service_refused(const struct export_item *item, const char *text, struct arena *a,
	struct export_outcome *ret)
{
	*ret = (struct export_outcome){
		.result = CONN_OBJECT_BAD,
		.error_type = error_of(text, a),
		.text = *text ? text : "the service refuses it and does not say why",
		.soa_in_cloud = service_says_cloud(text),
	};
}

/* --- what is not sent --- */

static bool never_sent(const struct connector *c, const char *class)
{
	return class && !entra_class_sent(entra_class_find(class), c->surface);
}

const char *service_outside(struct connector *c, const struct export_item *item)
{
	bool multi;

	if (never_sent(c, item->class))
		return "the service does not take objects of this class";
	if (item->kind != EXPORT_LINK)
		return NULL;
	if (never_sent(c, item->target_class))
		return "the service does not take objects of the target's class, so nothing can "
		       "refer to them";
	if (!service_bag_has_reference(
		    service_bag_of(c, entra_class_find(item->class)), item->link_attr, &multi))
		return "Entra ID has no such reference for objects of this class";
	return NULL;
}
