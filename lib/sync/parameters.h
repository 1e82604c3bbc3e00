/*
 * parameters: the %Parameters% of rules, for each connector and each of its partitions. A new one
 * is a name in rule_parameters, and its value comes from the type's parameter().
 */
#pragma once

#include "sync/session.h"

/* Fills c->parameters and c->names (in the run's arena) from the settings and the store. */
int sync_parameters(struct sync *s, struct sync_connector *c, struct err *e) _must_check_;
/* Stores the names that the directory gave itself. In a transaction. */
int sync_names_put(
	struct sync *s, struct sync_connector *c, const char *names, struct err *e) _must_check_;
/* When values have changed since the last call: the next sync of the connector is full. */
int sync_parameters_check(struct sync *s, struct sync_connector *c, struct err *e) _must_check_;

/* The most specific partition that holds the object. dn NULL, or in none: the first. */
unsigned parameters_partition(const struct sync_connector *c, const char *dn);
/* NULL: it has no value there. In the run's arena. */
const char *parameters_value(const struct sync_connector *c, unsigned partition, const char *name);
