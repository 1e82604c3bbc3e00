/*
 * step: the steps of a run and how each of them ends. A new kind of step is a function here and a
 * row in the plan that run.c makes.
 */
#pragma once

#include "connector/connector.h"
#include "report/step_result.h"

struct dry_sink;
struct sync;
struct sync_connector;

/* How a step ended and, when not good, text for people. */
struct step_end {
	enum step_result result;
	char error[1024];
};

/* The result of a step whose connector could not go on; `otherwise` when no other fits. */
enum step_result stop_result(enum conn_result r, const struct err *e, enum step_result otherwise);

/* --- the steps; negative: the run cannot go on (store) --- */
int step_import(struct sync *s, struct sync_connector *c, bool full, struct step_end *end,
	struct err *e) _must_check_;
int step_inbound(struct sync *s, struct sync_connector *c, bool full, struct step_end *end,
	struct err *e) _must_check_;
int step_outbound(struct sync *s, struct sync_connector *c, bool full, struct step_end *end,
	struct err *e) _must_check_;
int step_export(
	struct sync *s, struct sync_connector *c, struct step_end *end, struct err *e) _must_check_;
/*
 * The same without sending: what would be sent goes to `dry`. What an export records is written to
 * the transaction that the caller has begun, and is to be taken back with it. *ret_waiting: objects
 * and references that wait for their next try.
 */
int step_export_dry(struct sync *s, struct sync_connector *c, struct dry_sink *dry,
	int64_t *ret_waiting, struct step_end *end, struct err *e) _must_check_;
