/* Reading a connector space row; private to cs.c and cs_page.c. */
#pragma once

#include "store/cs.h"
#include "store/query.h"

/* The columns in the order in which every statement of table cs selects them. */
void cs_read(sqlite3_stmt *st, struct arena *a, struct cs_row *ret);
/* Reads every row of a started statement into an array. */
int cs_read_all(struct store *s, enum query q, struct arena *a, struct cs_row **ret,
	unsigned *ret_n, struct err *e);
