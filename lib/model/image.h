/*
 * image: an entry's attributes as bytes, for a row of the store. Equal entries have equal bytes,
 * in every process, so "nothing changed" is one memcmp. Form, version 1:
 *
 *   0x01, then per attribute in ascending store number:
 *   varint attribute number of the store, varint value count, then per value:
 *   one byte type, then varint zigzag number (integer, boolean) or varint length, bytes and a NUL
 *
 * The numbers of attributes are the store's (table attribute), so that they stay the same over
 * restarts; struct attr_map translates. References are not stored in images: encoding skips them.
 */
#pragma once

#include "base/buf.h"
#include "model/entry.h"

/* Translation between the process's attribute numbers and the store's; filled by the store. */
struct attr_map {
	uint32_t to_store[ATTR_MAX];   /* 0: not yet in the store */
	uint32_t from_store[ATTR_MAX]; /* 0: no such number */
	/* Gives a new attribute a number in the store; 0 on failure. */
	uint32_t (*add)(struct attr_map *map, unsigned attr);
	/*
	 * Looks for a number that is not known: another process may have given it since the store
	 * was opened. False: there is none. The function may be NULL.
	 */
	bool (*find)(const struct attr_map *map, uint32_t id);
	void *ctx;
};

#define IMAGE_MAX (8 * 1024 * 1024) /* bytes of one object */

/* Appends the image to b; sorts the entry's values first. False: store full or over IMAGE_MAX. */
bool image_encode(struct entry *e, struct attr_map *map, struct buf *b) _must_check_;

/*
 * Reads an image into *e (already initialised). The bytes of strings are not copied: they stay in
 * the image, which must live as long as the entry. NULL or 0 bytes is the entry without attributes.
 * False when the bytes are no image: the row is corrupt.
 */
bool image_decode(
	const void *p, size_t n, const struct attr_map *map, struct entry *e) _must_check_;
/* The same of a second image; what the entry has of the first one stays. */
bool image_decode_beside(
	const void *p, size_t n, const struct attr_map *map, struct entry *e) _must_check_;
