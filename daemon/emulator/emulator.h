/* What the parts of the emulator share: the tenant's state, one request, one response. */
#pragma once

#include "directory.h"
#include "tenant.h"

struct audit {
	char id[37];
	int64_t time;
	char *activity, *app_id, *app_name, *target_id, *target_name;
	enum object_type target_type;
	bool good;
};

#define AUDITS_MAX 100000
#define LOG_MAX 4096

struct log_entry {
	char method[8];
	char path[160];
	int status;
};

struct stats {
	uint64_t requests, batches, parts;
	uint64_t good, refused, failed; /* 2xx-3xx, 4xx, 5xx */
	uint64_t by_method[8];
	uint64_t writes;     /* object writes that succeeded */
	uint64_t duplicates; /* of these: nothing was different afterwards */
	uint64_t creates, deletes;
};

struct fault {
	struct fault *next;
	char match[256];
	long skip, count;
	int status;
	long retry_after, delay_ms, after_bytes;
	bool reset, batch_part;
};

struct emulator {
	struct tenant *tenant;
	struct directory *dir;
	char epoch[37];                        /* delta tokens of another state are void */
	unsigned char key[32];                 /* signs access tokens */
	const struct object *hint[TYPE_COUNT]; /* where the last delta page ended */
	struct audit *audits;
	unsigned n_audits;
	struct stats stats;
	struct fault *faults;
	struct log_entry log[LOG_MAX];
	uint64_t n_log;
	bool stable_ids; /* ids follow from the sourceAnchor, so that a recording can be replayed */
	int record;      /* descriptor that gets each $batch body on a line, -1: none */
	char base[128];  /* "https://localhost:8443" */
	uint32_t n_managed[TYPE_COUNT]; /* objects whose isCloudManaged is true */
};

enum method { M_GET, M_POST, M_PATCH, M_PUT, M_DELETE, M_OTHER };
const char *method_name(enum method m);

#define SEGMENTS_MAX 8

struct request {
	enum method method;
	const char *path;             /* as sent, with version and query: for the log */
	const char *version;          /* "v1.0" or "beta" */
	char *segments[SEGMENTS_MAX]; /* behind the version, decoded */
	unsigned n_segments;
	struct query *query;
	json_t *body;                  /* NULL: none */
	const struct application *app; /* who asks */
	bool eventual;                 /* ConsistencyLevel: eventual */
	int page_size;                 /* Prefer: odata.maxpagesize, 0: none */
};

struct response {
	int status;
	struct buf body;
	char location[2048];
	long retry_after; /* -1: none */
	bool reset;       /* close the connection without an answer */
	long after_bytes; /* >= 0: close it after so many bytes of the answer */
	long delay_ms;
};

static inline bool has_role(const struct request *rq, enum role r)
{
	return rq->app->roles >> r & 1;
}

static inline bool is_sync(const struct request *rq)
{
	return has_role(rq, ROLE_SYNC);
}

/* An error as Graph writes it. */
void respond_error(struct response *rs, int status, const char *code, const char *fmt, ...)
	_printf_(4, 5);
void respond_forbidden(struct response *rs);
void respond_not_found(struct response *rs, const char *id);

/* One request to an answer; used for whole requests and the parts of a $batch. */
void route(struct emulator *em, struct request *rq, struct response *rs);
/* Splits a URL (from behind the host) into rq; false with rs filled. The strings live in rq. */
bool request_parse(struct request *rq, const char *url, struct response *rs);
void request_done(struct request *rq);

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
void handle_token(
	struct emulator *em, const char *body, const char *authorization, struct response *rs);

/* --- shared between parts --- */

/* May the caller write the object, whoever masters it? False with rs filled. */
bool object_writable(const struct request *rq, const struct object *o, struct response *rs);
/* Appends an object as JSON; select NULL: the default properties. */
void object_render(const struct request *rq, const struct object *o, struct buf *b);
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

const struct application *token_check(struct emulator *em, const char *authorization);

/* The fault that applies to this request; NULL: none. Counts it. */
struct fault *fault_take(struct emulator *em, const char *method, const char *path, bool part);
void fault_apply(const struct fault *f, struct response *rs);
void handle_emulator(
	struct emulator *em, struct request *rq, const char *path, struct response *rs);
void log_request(struct emulator *em, const char *method, const char *path, int status);
void count_response(struct emulator *em, enum method m, int status);
