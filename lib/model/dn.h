/* dn: distinguished names (RFC 4514): the key under which one is found, its parent, its parts. */
#pragma once

#include "base/util.h"

struct arena;
struct buf;

/*
 * The form of a DN that all its spellings share, and no other DN has (RFC 4514): types and values
 * folded, one way to escape, several values of an RDN in one order. A comma in it always parts two
 * RDNs. It is a key, not shown to people.
 */
char *dn_key(struct arena *a, const char *dn) _must_check_;
/* Part of a DN as people write it, as it stands in a key: to look for. */
char *dn_key_part(struct arena *a, const char *text) _must_check_;
/* The DN behind the first RDN, "" at the root; points into dn. */
const char *dn_parent(const char *dn);
/* Appends the value of the first RDN (the first of several), unescaped. False: there is none. */
bool rdn_value(struct buf *b, const char *dn) _must_check_;
/* True when the DN behind the key lies below, or is, that of the other key; "" is the root. */
bool dn_key_below(const char *key, const char *base);
