/*
 * authority: over what of an object somebody else than we may have the say. A set of them is a mask
 * of bits; it is kept on the object's row (store: cs.blocked), and what a mask blocks is decided in
 * sync/soa.h.
 */
#pragma once

/* X(enum, bit, word for people) - the bits are in the database: only append */
#define AUTHORITIES(X)                                                              \
	X(ALL, 1, "all")                                                            \
	X(EXCHANGE, 2, "Exchange") /* the attributes that a schema marks with it */ \
	X(ON_PREMISES, 4, "all")   /* for those who write on the directory's side */
enum authority {
#define X(name, bit, word) AUTHORITY_##name = bit,
	AUTHORITIES(X)
#undef X
};
/* Those that leave nothing of the object to us. */
#define AUTHORITY_WHOLE (AUTHORITY_ALL | AUTHORITY_ON_PREMISES)
