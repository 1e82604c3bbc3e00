/*
 * The state on disk: DIR/tenant.db. Changes are written a quarter of a second after they happened,
 * in one transaction; a crash of the emulator loses at most that.
 */
#pragma once

#include "tenant/emulator.h"

struct persist;

/*
 * Opens (makes) the file and loads it into em, which emulator_init() has made. -EUCLEAN: the file
 * is damaged; e names it and the row.
 */
int persist_open(
	const char *dir, struct emulator *em, struct persist **ret, struct err *e) _must_check_;
/* Writes what has changed; what could not be written is written by the next one. */
int persist_flush(struct persist *p, struct emulator *em, struct err *e) _must_check_;
void persist_close(struct persist *p);

/*
 * A snapshot of everything, and back to one; delta tokens are void after that. A snapshot that is
 * damaged changes nothing.
 */
int persist_save(const char *path, struct emulator *em, struct err *e) _must_check_;
int persist_restore(const char *path, struct emulator *em, struct err *e) _must_check_;
