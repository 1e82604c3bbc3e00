/* What the parts of the emulator share: the tenant's state, one request, one response. */
#pragma once

#include "directory.h"
#include "tenant.h"

/*
 * X(enum, feature, on by default) - onPremisesDirectorySynchronizationFeature. The takeover block
 * is on unless the tenant says otherwise (learn.microsoft.com, "Roll back user SOA").
 */
#define FEATURES(X)                                                                         \
	X(ALLOW_IDENTIFIER_UPDATE, allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled, 0) \
	X(BLOCK_TAKEOVER, blockCloudObjectTakeoverThroughHardMatchEnabled, 1)               \
	X(BLOCK_SOFT_MATCH, blockSoftMatchEnabled, 0)                                       \
	X(BYPASS_OVERRIDES, bypassDirSyncOverridesEnabled, 0)                               \
	X(CLOUD_PASSWORD_POLICY, cloudPasswordPolicyForPasswordSyncedUsersEnabled, 0)       \
	X(CONCURRENT_CREDENTIAL, concurrentCredentialUpdateEnabled, 0)                      \
	X(CONCURRENT_ORGID, concurrentOrgIdProvisioningEnabled, 0)                          \
	X(DEVICE_WRITEBACK, deviceWritebackEnabled, 0)                                      \
	X(DIRECTORY_EXTENSIONS, directoryExtensionsEnabled, 0)                              \
	X(FOPE_CONFLICT, fopeConflictResolutionEnabled, 0)                                  \
	X(GROUP_WRITEBACK, groupWriteBackEnabled, 0)                                        \
	X(PASSWORD_SYNC, passwordSyncEnabled, 0)                                            \
	X(PASSWORD_WRITEBACK, passwordWritebackEnabled, 0)                                  \
	X(QUARANTINE_PROXY, quarantineUponProxyAddressesConflictEnabled, 1)                 \
	X(QUARANTINE_UPN, quarantineUponUpnConflictEnabled, 1)                              \
	X(SOFT_MATCH_UPN, softMatchOnUpnEnabled, 1)                                         \
	X(SYNC_UPN, synchronizeUpnForManagedUsersEnabled, 1)                                \
	X(UNIFIED_WRITEBACK, unifiedGroupWritebackEnabled, 0)                               \
	X(FORCE_PASSWORD_CHANGE, userForcePasswordChangeOnLogonEnabled, 0)                  \
	X(USER_WRITEBACK, userWritebackEnabled, 0)
enum feature {
#define X(id, name, on) FEATURE_##id,
	FEATURES(X)
#undef X
		FEATURE_COUNT
};

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
	double rate; /* share of the matching requests that it hits */
	int status;
	long retry_after, delay_ms, after_bytes;
	bool reset, batch_part;
};

/* A change number and when it was reached, for reads that lag behind. */
struct mark {
	int64_t ms;
	uint64_t seq;
};

struct emulator {
	struct tenant *tenant;
	struct directory *dir;
	char epoch[37];                        /* delta tokens of another state are void */
	unsigned char key[32];                 /* signs access tokens */
	const struct object *hint[TYPE_COUNT]; /* where the last delta page ended */
	struct audit *audits;
	unsigned n_audits, audits_gone; /* gone: too old, see audits_purge() */
	struct stats stats;
	bool features[FEATURE_COUNT];
	int64_t clock;       /* seconds that the tenant's time is ahead of this host's */
	int64_t tokens_from; /* access tokens that are older are expired */
	long lag_ms;         /* lists and delta queries show what was so long ago */
	bool lag_reads;      /* and so do reads of single objects */
	struct mark *marks;
	unsigned n_marks, cap_marks;
	struct throttle *throttle; /* NULL: none */
	struct persist *persist;   /* NULL: in memory only */
	const char *state;         /* folder */
	unsigned n_quarantined;    /* objects with provisioning errors, at most */
	int64_t last_release;      /* the tenant's time of the last housekeeping */
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
	bool minimal, representation;  /* Prefer: return=... */
	bool part;                     /* of a $batch */
};

struct response {
	int status;
	struct buf body;
	char location[2048];
	long retry_after; /* -1: none */
	bool reset;       /* close the connection without an answer */
	long after_bytes; /* >= 0: close it after so many bytes of the answer */
	long delay_ms;
	int units;          /* resource units that it cost */
	int preference;     /* Preference-Applied: 1 return=minimal, 2 return=representation */
	char scope[128];    /* x-ms-throttle-scope, "": not throttled */
	const char *reason; /* x-ms-throttle-information */
	double used;        /* x-ms-throttle-limit-percentage; 0: not told */
	const char *type;   /* Content-Type; NULL: JSON */
};

/* The tenant's time. */
int64_t now(const struct emulator *em);
/* Objects and changes behind this number are not seen yet. */
uint64_t visible_seq(const struct emulator *em);
/* After each request that may have changed something. */
void marks_add(struct emulator *em);

static inline bool has_role(const struct request *rq, enum role r)
{
	return rq->app->roles >> r & 1;
}

static inline bool is_sync(const struct request *rq)
{
	return has_role(rq, ROLE_SYNC);
}

/* At each request's beginning: its ids, which errors repeat. client_id may be NULL. */
void request_begin(const struct emulator *em, const char *client_id);
/* request-id, and client-request-id or the same again. */
const char *request_ids(const char **ret_client);

/* Appends a part of a JSON string; what is no UTF-8 is left out (also the end of a text cut off).
 */
void add_text(struct buf *b, const char *s);
/* An error as Graph writes it. */
void respond_error(struct response *rs, int status, const char *code, const char *fmt, ...)
	_printf_(4, 5);
void respond_forbidden(struct response *rs);
/* 405 */
void respond_method(struct response *rs);
void respond_not_found(struct response *rs, const char *id);

/* One request to an answer; used for whole requests and the parts of a $batch. */
void route(struct emulator *em, struct request *rq, struct response *rs);
/* Splits a URL (from behind the host) into rq; false with rs filled. The strings live in rq. */
bool request_parse(struct request *rq, const char *url, struct response *rs);
void request_done(struct request *rq);
/* A body; NULL: no object or list of JSON, or one that is nested too deeply. */
json_t *body_parse(const char *text, size_t n);

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
void handle_roles(struct emulator *em, struct request *rq, struct response *rs);
void handle_member_of(
	struct emulator *em, struct request *rq, struct object *o, struct response *rs);
void handle_reports(struct emulator *em, struct request *rq, struct object *o, struct response *rs);
void handle_metadata(struct emulator *em, struct request *rq, struct response *rs);
void handle_organization(struct emulator *em, struct request *rq, struct response *rs);
void handle_domains(struct emulator *em, struct request *rq, struct response *rs);
void handle_by_ids(struct emulator *em, struct request *rq, struct response *rs);
/* An error of the token endpoint. */
void token_error(struct response *rs, int status, const char *error, const char *text);
void handle_token(
	struct emulator *em, const char *body, const char *authorization, struct response *rs);
void handle_managed_identity(
	struct emulator *em, const char *query, bool metadata, struct response *rs);

/* --- shared between parts --- */

/* May the caller write the object, whoever masters it? False with rs filled. */
bool object_writable(const struct emulator *em, const struct request *rq, const struct object *o,
	struct response *rs);
/* A member of a body, its name in any case; NULL: there is none. */
json_t *body_get(const json_t *body, const char *name);
/* "" when it is no string. */
const char *body_text(const json_t *body, const char *name);
int feature_find(const char *name); /* -1: there is none */
void features_reset(struct emulator *em);
/* Forgets records that are older. */
void audits_purge(struct emulator *em, int64_t before);
void audits_free(struct emulator *em);
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
/* What the clock brings: purges, quarantined values that are free. */
void housekeeping(struct emulator *em);
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

/* The fault that applies to this request; NULL: none. Counts it. */
struct fault *fault_take(struct emulator *em, const char *method, const char *path, bool part);
void fault_apply(const struct fault *f, struct response *rs);
void handle_emulator(
	struct emulator *em, struct request *rq, const char *path, struct response *rs);
void log_request(struct emulator *em, const char *method, const char *path, int status);
void count_response(struct emulator *em, enum method m, int status);
