/*
 * An open connection to Graph: what the files of the Entra connector share. Reading over it is
 * call.h's, writing export.c's.
 */
#pragma once

#include "connector/connector.h"
#include "connector/entra/schema.h"
#include "connector/entra/service/call.h"

struct entra_extensions;
struct entra_match;
struct entra_exchange;
struct service_session;

/* What the tenant's switches say, as far as the application may read them. */
struct entra_switches {
	bool known;
	bool block_soft_match, block_takeover, soft_match_upn;
};

/* Writes that may leave now: Graph's limit of an application, as a token bucket. */
struct entra_budget {
	double left, limit; /* limit 0: none */
	int64_t filled;     /* monotonic ms */
};

struct connector {
	const struct settings *settings;
	const struct connector_host *host;
	struct http *http;
	struct oauth oauth;
	enum entra_surface surface;
	const struct entra_extensions *extensions; /* NULL: none */
	bool clouds;  /* source_of_authority = cloud: what the cloud manages is ours */
	bool checked; /* the token's roles were looked at */
	char *graph;  /* "https://graph.microsoft.com" */
	char *base;   /* graph + "/v1.0" */
	char *scope;
	struct entra_budget budget;
	struct entra_switches switches;
	struct entra_match *match; /* surface graph: read before the first create; NULL: not yet */
	struct entra_exchange *exchange; /* invoke.h; NULL: exchange = no */
	struct service service;          /* surface service: where it writes; else url is NULL */
	struct service_session *session; /* surface service: session.h; else NULL */
	int64_t learning_since; /* monotonic ms: what an earlier run sent was first asked for */
};
