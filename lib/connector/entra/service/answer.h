/*
 * What the provisioning service answers: results of objects, the tenant's configuration, or a
 * fault. Reading is tolerant: members are known by their local names, others are passed over.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct nbfx_reader;

/* A request that was refused as a whole. All text in the arena, "" where nothing was told. */
struct service_fault {
	const char *text;     /* s:Reason, or an ErrorDescription anywhere in it */
	long code;            /* ErrorCode of the detail; 0: none */
	const char *redirect; /* the URL of a BindingRedirectionFault; NULL: it is none */
};

struct service_result {
	const char *cloud_anchor;  /* "User_<id>"; "" */
	const char *source_anchor; /* "" */
	const char *code;          /* "Success"; anything else is a failure */
	const char *text;          /* why it failed; of a success: a warning; "" */
};

/* A bit of DirSyncFeatures: BlockCloudObjectTakeoverThroughHardMatch. */
#define SERVICE_FEATURE_NO_TAKEOVER 1048576

struct service_configuration {
	int64_t features;       /* bits of DirSyncFeatures; -1: not told */
	int64_t links_max;      /* MaxLinksSupportedAcrossBatchInProvision2; 0: not told */
	int64_t threshold;      /* ThresholdCount of the tenant's own protection; -1: not told */
	const char *prevention; /* "EnabledForCount"; "" */
	const char *allowed;    /* AllowedFeatures: "ObjectWriteback PasswordWriteback"; "" */
	const char *machine;    /* the server that has exported before; "" */
	const char *name;       /* the tenant's; "" */
	const char *tenant_id;  /* "" */
	bool is_syncing;        /* IsDirSyncing */
};

struct service_answer {
	bool is_fault;
	struct service_fault fault;
	struct service_result *results;
	unsigned n_results;
	struct service_configuration configuration;
};

/* Who reads the objects of an answer, each as it comes: they may be too many to be kept. */
struct service_listener {
	/* Behind the start of an AzureADSyncObject; reads to its end. */
	int (*object)(void *ctx, struct nbfx_reader *r, struct err *e);
	/* What else stands beside the objects and is plain text: cookies, "there is more" ... */
	int (*member)(void *ctx, const char *name, const char *text, struct err *e);
	void *ctx;
};

/*
 * Reads a whole answer; its strings live in the arena. -EBADMSG: it is no binary XML, or no answer
 * to `operation`; *e says what.
 */
int service_read_answer(const void *data, size_t n, const char *operation, struct arena *a,
	struct service_answer *ret, struct err *e) _must_check_;
/* The same, for a message of any size that has objects; listener NULL: they are passed over. */
int service_read_objects(const void *data, size_t n, const char *operation,
	const struct service_listener *listener, struct arena *a, struct service_answer *ret,
	struct err *e) _must_check_;
