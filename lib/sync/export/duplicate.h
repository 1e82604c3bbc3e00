/*
 * Values that no two objects of a directory may share (userPrincipalName, addresses). A duplicate
 * is found before it is exported, and the message names both objects. It is sent nevertheless: the
 * service may refuse one of the two, or take it without the value. Where an authority blocks the
 * attribute of the other object, what counts is what the directory has: it keeps that, and nothing
 * of ours is sent.
 */
#pragma once

#include "store/cs.h"
#include "sync/session.h"

struct unique_key {
	int64_t hash;
	unsigned attr;
	const struct value *value;
};

struct unique_keys {
	struct unique_key *items;
	unsigned n;
};

/* The entry's values that must be unique in the connector's directory, in the arena. */
void duplicate_keys(const struct sync_connector *c, const struct entry *en, struct arena *a,
	struct unique_keys *ret);
bool duplicate_has_key(const struct unique_keys *k, int64_t hash);

/* Outbound: updates the index when `wanted` replaces row->wanted. */
int duplicate_index(struct sync *s, const struct sync_connector *c, const struct cs_row *row,
	const struct entry *wanted, struct arena *a, struct err *e) _must_check_;
/*
 * Export: does another object want, or keep, a value of those that are sent (delta NULL: of all)?
 * *ret_text in the arena, NULL: no.
 */
int duplicate_find(struct sync *s, struct sync_connector *c, const struct cs_row *row,
	const struct entry *wanted, const struct delta *delta, struct arena *a,
	const char **ret_text, struct err *e) _must_check_;
/* A name for messages: the DN of the object that it comes from, else its own; in the arena. */
int duplicate_name_of(struct sync *s, const struct cs_row *row, struct arena *a, const char **ret,
	struct err *e) _must_check_;
