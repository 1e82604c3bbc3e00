/*
 * Shared by gather.c (the objects), gather_live.c (what the directories show of them) and
 * gather_refs.c (references from them and to them).
 */
#pragma once

#include "sync/migration/check.h"
#include "sync/migration/identity.h"
#include "sync/rules.h"

/* A directory that objects come from. */
struct gather_source {
	const struct connector_config *cfg;
	const struct connector_row *row;
	struct connector *con; /* NULL: not opened yet */
	const unsigned *attrs; /* that the rules read */
	unsigned n_attrs, member;
	char **partition_keys; /* dn_key() of each; NULL-terminated */
};

struct gather {
	struct migration *m;
	enum check_purpose purpose;
	struct rules *rules;
	struct gather_source *sources;
	unsigned n_sources;
	struct connector_host host;
	int64_t wait;
	struct arena batch; /* of the objects that are checked together */
};

/* One object as a directory shows it now. */
struct gather_live {
	const char *anchor;  /* NULL: it was not asked for */
	struct entry *entry; /* NULL: it is not there, or is left out */
	const char *unread;  /* it is there and cannot be read: why */
	bool asked;
};

/* NULL: the connector is not configured any more. */
struct gather_source *gather_source_of(struct gather *g, int64_t connector);
bool gather_reads(const struct gather_source *src, unsigned attr);

/*
 * Asks the source for those of the n objects that come from it; of the others ret[] stays. Memory
 * from g->batch.
 */
int gather_ask_source(struct gather *g, struct gather_source *src, const struct subject *s,
	unsigned n, struct gather_live *ret, struct err *e) _must_check_;
/* Asks the target for its own side of all of them; everything: also what no import reads. */
int gather_ask_target(struct gather *g, const struct subject *s, unsigned n, bool everything,
	struct gather_live *ret, struct err *e) _must_check_;

/*
 * Fills refs of the check, and appends to `changed` the names of attributes whose references are
 * others than at the last import. Memory from g->batch.
 */
int gather_refs(struct gather *g, struct gather_source *src, const struct subject *s,
	struct check_object *o, struct buf *changed, struct err *e) _must_check_;
/* Fills parents: groups of the source that have the object. */
int gather_parents(struct gather *g, struct gather_source *src, const struct subject *s,
	struct check_object *o, struct err *e) _must_check_;
/*
 * Fills cloud_members and cloud_groups, as the target shows them now, or `unseen`. The target is
 * connected.
 */
int gather_cloud(struct gather *g, struct gather_source *src, const struct subject *s,
	struct check_object *o, struct err *e) _must_check_;
