/*
 * config: adsyncd.conf, loaded, checked against the option tables, and immutable from then on.
 * A reload makes a new one; a run keeps the one that it began with.
 *
 * The file is INI: [adsyncd], [scheduler], [import], [export], and [connector "NAME"] per
 * directory. An unknown section or key, a bad value or a missing required key is an error with
 * file and line. A new setting is a row of a table in config.c or in the connector's type.
 */
#pragma once

#include "connector/connector.h"

struct connector_config {
	struct settings settings; /* .name is the connector's name */
	const struct connector_type *type;
};

struct config {
	char *path;
	struct settings adsyncd;   /* state_directory, rules, metaverse, control_socket ... */
	struct settings scheduler; /* sync_cycle_enabled, sync_cycle_interval ... */
	struct settings import;    /* obsoletion_limit */
	struct settings export;    /* deletion_threshold, staging_mode ... */
	struct connector_config *connectors; /* in the order of the file */
	unsigned n_connectors;
	char **warnings; /* "FILE:LINE: ...": allowed, but perhaps not meant */
	unsigned n_warnings;
};

/* Loads and checks. The caller frees. -EINVAL, -ENOENT ... with *e naming file and line. */
int config_load(const char *path, struct config **ret, struct err *e) _must_check_;
void config_free(struct config *c);
static inline void config_freep(struct config **c)
{
	config_free(*c);
}
#define _cleanup_config_ _cleanup_(config_freep)

/* The tables, for printing and documentation: section name, then its options. */
struct config_section {
	const char *name; /* "scheduler" */
	const struct option_def *options;
	unsigned n_options;
};
extern const struct config_section config_sections[];
extern const unsigned config_n_sections;

/* NULL when no connector has that name. */
const struct connector_config *config_connector(const struct config *c, const char *name);
