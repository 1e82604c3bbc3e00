/* Reading a connector space row; private to cs.c and cs_page.c. */
#pragma once

#include "store/query.h"

/* The columns in the order in which every statement of table cs selects them. ret: struct cs_row */
void cs_read(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret);
