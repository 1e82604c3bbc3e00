/* Reading a state; see persist.h, which is what others use. */
#pragma once

#include "tenant/emulator.h"

#include "base/err.h"

#include <sqlite3.h>

/* Into em, which is empty. -EUCLEAN: damaged, -EIO: SQLite's words; e names the path and the row.
 */
int persist_load(sqlite3 *db, const char *path, struct emulator *em, struct err *e) _must_check_;
