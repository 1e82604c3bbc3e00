/*
 * Attribute names as small numbers. The table belongs to the process and only grows, so a number
 * stays valid to the end; number 0 is never given. Names are case-sensitive, as in the expression
 * language; attr_find_nocase() is for the edges (LDAP servers and LDIF files spell freely).
 */
#pragma once

#include "base/util.h"

#define ATTR_MAX 4096     /* distinct names in one process */
#define ATTR_NAME_MAX 128 /* bytes in a name */

/* The number of a name, new if need be. 0: the table is full or the name too long. */
unsigned attr_intern(const char *name);
unsigned attr_internn(const char *name, size_t n);
/* 0 when no one has interned it. */
unsigned attr_find(const char *name);
unsigned attr_find_nocase(const char *name, size_t n);
const char *attr_name(unsigned id);
/* One more than the highest number given so far. */
unsigned attr_count(void);
