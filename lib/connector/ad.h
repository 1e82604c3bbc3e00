/* The AD connector's own: settings, one object under construction, the two sources. */
#pragma once

#include "connector/ad_schema.h"
#include "connector/connector.h"
#include "connector/hashset.h"

#define AD_CURSOR_MAX 1024

struct connector {
	const struct settings *settings;
	const struct connector_host *host;
	char **sources, **include_ou, **exclude_ou; /* NULL-terminated */
	char **include_keys, **exclude_keys;        /* the same, as dn_key() */
	char *base_key;
	struct arena arena;
};

/* What one import is about; shared by the LDAP and the LDIF source. */
struct ad_import {
	struct connector *con;
	const struct import_request *req;
	struct import_sink *sink;
	bool *wanted; /* by attribute number: the rules read it */
	unsigned n_wanted;
	struct hashset guids, dns;
	/* the object under construction, see ad_object.c */
	struct arena arena;
	struct entry entry;
	struct value classes[32];
	unsigned n_classes;
	unsigned char guid[16];
	unsigned n_guids;
	const char *problem; /* what is wrong with it */
	char problem_text[256];
};

void ad_import_init(struct ad_import *im, struct connector *con, const struct import_request *req,
	struct import_sink *sink);
void ad_import_done(struct ad_import *im);

/* One object: begin, its values, end. `end` delivers it, or tells the sink what is wrong. */
void ad_object_begin(struct ad_import *im, const char *dn);
/* options (";range=...") must have been cut from the name */
void ad_object_value(
	struct ad_import *im, const char *name, size_t n, const char *data, size_t len);
int ad_object_end(struct ad_import *im, struct err *e);

enum conn_result ad_import_ldap(struct ad_import *im, struct import_answer *ret, struct err *e);
enum conn_result ad_import_ldif(
	struct ad_import *im, const char *path, struct import_answer *ret, struct err *e);

/* A hash of the settings and attributes that decide what an import delivers, for the cursor. */
uint64_t ad_import_digest(const struct ad_import *im);
