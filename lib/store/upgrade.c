/* What an upgrade of the store needs beside SQL. */
#include "store/upgrade.h"
#include "base/text.h"
#include "store/query.h"
#include "model/dn.h"

#include <errno.h>

struct key_change {
	int64_t id, connector;
	const char *anchor; /* of a container */
	const char *key;
};

/* The rows whose key is another one now. */
static int find_changes(struct store *s, enum query q, struct rows *ret, struct err *e)
{
	sqlite3_stmt *st;
	int r;

	TRY(q_start(s, q, e));
	st = s->stmts[q];
	while ((r = q_step(s, q, e)) > 0) {
		_cleanup_arena_ struct arena a = {0};
		const char *key = dn_key(&a, q_col_text(st, 3, &a));
		struct key_change *c;

		if (streq(key, (const char *)sqlite3_column_text(st, 4)))
			continue;
		c = rows_add(ret);
		c->id = sqlite3_column_int64(st, 0);
		c->connector = sqlite3_column_int64(st, 1);
		c->anchor = q_col_text(st, 2, ret->a);
		c->key = arena_strdup(ret->a, key);
	}
	return r;
}

static int set_key(struct store *s, const struct key_change *c, struct err *e)
{
	int r = q_any(s, Q_CS_ID_BY_DN, e, I(c->connector), S(c->key));

	/* taken: of two spellings of one DN one is out of date; the import will tell which */
	if (r != 0)
		return MIN(r, 0);
	return q_exec(s, Q_DN_KEY_CS_SET, e, I(c->id), S(c->key));
}

int dn_keys_rebuild(struct store *s, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct rows rows = {.a = &a, .size = sizeof(struct key_change)};
	struct rows containers = {.a = &a, .size = sizeof(struct key_change)};
	const struct key_change *list;

	TRY(find_changes(s, Q_DN_KEY_CS_LIST, &rows, e));
	TRY(find_changes(s, Q_DN_KEY_CONTAINER_LIST, &containers, e));
	list = rows.items;
	/* none holds a key meanwhile: a new one may be the old one of another */
	for (unsigned i = 0; i < rows.n; i++)
		TRY(q_exec(s, Q_CS_SET_TRANSIENT, e, I(list[i].id)));
	for (unsigned i = 0; i < rows.n; i++) {
		TRY(set_key(s, &list[i], e));
		TRY(q_exec(s, Q_DN_KEY_FULL_IMPORT, e, I(list[i].connector)));
	}
	list = containers.items;
	for (unsigned i = 0; i < containers.n; i++) {
		TRY(q_exec(s, Q_DN_KEY_CONTAINER_SET, e, I(list[i].connector), S(list[i].anchor),
			S(list[i].key)));
		TRY(q_exec(s, Q_DN_KEY_FULL_IMPORT, e, I(list[i].connector)));
	}
	return 0;
}
