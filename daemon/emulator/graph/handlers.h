/* The parts: each handles the requests below one path; and what they share. */
#pragma once

#include "odata/request.h"

/* May the caller do this with objects of the type? False with rs filled. */
bool may_read(const struct request *rq, enum object_type type, struct response *rs);
bool may_write(const struct request *rq, enum object_type type, struct response *rs);

/* --- the parts: each handles the requests below one path --- */
void handle_collection(
	struct emulator *em, struct request *rq, enum object_type t, struct response *rs);
void handle_object(struct emulator *em, struct request *rq, struct object *o, struct response *rs);
void handle_delta(struct emulator *em, struct request *rq, enum object_type t, struct response *rs);
void handle_members(struct emulator *em, struct request *rq, struct object *o, struct response *rs);
void handle_manager(struct emulator *em, struct request *rq, struct object *o, struct response *rs);
void handle_soa(struct emulator *em, struct request *rq, struct object *o, struct response *rs);
void handle_audits(struct emulator *em, struct request *rq, struct response *rs);
void handle_deleted(struct emulator *em, struct request *rq, struct response *rs);
void handle_batch(struct emulator *em, struct request *rq, struct response *rs);
void handle_features(struct emulator *em, struct request *rq, struct response *rs);
/*
 * May the application do what is sensitive with the user (learn.microsoft.com/graph/api/resources/
 * users#who-can-perform-sensitive-actions)? Not where he holds a directory role, unless it is the
 * synchronization service, or may give roles itself. o NULL: there is none yet.
 */
bool may_touch(const struct request *rq, const struct object *o);
void handle_roles(struct emulator *em, struct request *rq, struct response *rs);
void handle_member_of(
	struct emulator *em, struct request *rq, struct object *o, struct response *rs);
void handle_reports(struct emulator *em, struct request *rq, struct object *o, struct response *rs);
void handle_metadata(struct emulator *em, struct request *rq, struct response *rs);
void handle_organization(struct emulator *em, struct request *rq, struct response *rs);
void handle_domains(struct emulator *em, struct request *rq, struct response *rs);
void handle_by_ids(struct emulator *em, struct request *rq, struct response *rs);

/* A request before there is a token. */
struct asked {
	enum method method;
	const char *path;  /* as sent, with its query */
	const char *query; /* set by handle_sign_in() */
	const char *body;
	const char *authorization; /* NULL: none */
	bool metadata;             /* Metadata: true */
};
/* Answers what is asked to sign in; false: the path is none of these. */
bool handle_sign_in(struct emulator *em, struct asked *a, struct response *rs);
/* An error of the token endpoint. */
void token_error(struct response *rs, int status, const char *error, const char *text);
/* A value of a form or a query, decoded, in memory of its own; "" when there is none. */
char *form_value(const char *body, const char *name);
/* version: 1 "resource" and text for numbers, 2 "scope". */
void handle_token(struct emulator *em, int version, const char *body, const char *authorization,
	struct response *rs);
void handle_managed_identity(
	struct emulator *em, const char *query, bool metadata, struct response *rs);

/* --- shared between parts --- */

/* May the caller write the object, whoever masters it? False with rs filled. */
bool object_writable(const struct emulator *em, const struct request *rq, const struct object *o,
	struct response *rs);
/* Appends id and the selected properties, without braces; expansions too. */
void object_render(
	const struct emulator *em, const struct request *rq, const struct object *o, struct buf *b);
/* Appends one property with a comma in front; computed ones too. */
void render_property(
	const struct object *o, unsigned prop, const char *json, size_t n, struct buf *b);
/* The whole answer of one object. */
void respond_object(struct emulator *em, struct request *rq, const struct object *o, int status,
	struct response *rs);
/* A list of objects of any type, as that of members: $filter and all else that a list takes. */
struct objects {
	uint32_t *items; /* indexes */
	unsigned n;
};
/* A cast, $count or $ref stand from that segment of the path on. */
void respond_objects(struct emulator *em, struct request *rq, const struct objects *list,
	unsigned segment, struct response *rs);
/* microsoft.graph.user or graph.user; -1: it is no cast. */
int cast_type(const char *segment);
void object_delete(struct emulator *em, struct object *o);
/* Out of deletedItems; the caller touches the object afterwards. */
void object_restore(struct emulator *em, struct object *o);
/* References bound by "members@odata.bind"; false with rs filled, nothing changed. */
bool bind_members(struct emulator *em, struct request *rq, struct object *group, const json_t *list,
	bool *ret_changed, struct response *rs);
/* The object of ".../directoryObjects/{id}" or a bare id; NULL: none. */
struct object *object_of_url(const struct emulator *em, const char *url);
void audit_add(struct emulator *em, const struct request *rq, const char *activity,
	const struct object *target);

/* NULL with *why. */
const struct application *token_check(
	struct emulator *em, const char *authorization, const char **why);

struct request_body {
	const char *data;
	size_t n;
};
/* The fault that applies to this request; NULL: none. Counts it. */
struct fault *fault_take(struct emulator *em, const char *method, const char *path, bool part,
	const struct request_body *body);
void fault_apply(const struct fault *f, struct response *rs);
void handle_emulator(
	struct emulator *em, struct request *rq, const char *path, struct response *rs);
void log_request(struct emulator *em, const char *method, const char *path, int status);
void count_response(struct emulator *em, enum method m, int status);
