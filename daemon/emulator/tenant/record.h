/*
 * The properties of an object as one block of bytes, in memory and in the database: records of 1
 * byte number, 8 bytes change number, 4 bytes length, and the JSON text.
 */
#pragma once

#include "tenant/property.h"

/*
 * The next record of a block of n bytes that is whole; *pos from 0, false at the end. JSON NULL: it
 * was set once and is null now. Borrowed from the block.
 */
bool record_next(const unsigned char *block, size_t n, size_t *pos, unsigned *ret_prop,
	uint64_t *ret_seq, const char **ret_json, size_t *ret_n);
void record_add(struct buf *b, unsigned prop, uint64_t seq, const char *json, size_t n);
/* What is wrong with a block that comes from a database, for an object of the type; NULL: nothing.
 */
const char *records_wrong(enum object_type t, const unsigned char *block, size_t n);
