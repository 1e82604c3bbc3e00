/* A Varlink client: one connection, one call after the other. */
#pragma once

#include "base/err.h"

#include <jansson.h>

struct client;

int client_open(const char *path, struct client **ret, struct err *e) _must_check_;
void client_close(struct client *c);
/* Sends a call of org.adsyncd.Control; the parameters' reference is taken. */
int client_call(struct client *c, const char *method, json_t *parameters, bool more,
	struct err *e) _must_check_;
/*
 * The next reply: its parameters (a new reference). *ret_error is the error's word without the
 * interface (control_error_find()), NULL for a good reply; *ret_continues: more follow.
 */
int client_reply(struct client *c, json_t **ret, char **ret_error, bool *ret_continues,
	struct err *e) _must_check_;
