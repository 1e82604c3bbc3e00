/* text: UTF-8, its validity, case folding, trimming. Independent of the process's locale. */
#pragma once

#include "base/util.h"

struct arena;
struct buf;

/* True when n bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool utf8_valid(const char *s, size_t n) _must_check_;

#define ATTR_VALUE_MAX (1024 * 1024) /* bytes of one value of an attribute */
#define VALUE_TOO_LONG "the value is over 1 MiB"
/* What makes n bytes unfit as the text of an attribute, in words; NULL: nothing. */
const char *text_problem(const char *s, size_t n);

/* Decodes one character of valid UTF-8 and moves *s behind it. */
uint32_t utf8_next(const char **s);
/* Appends one character. */
void utf8_add(struct buf *b, uint32_t c);
/* Takes away a character at the end that a buffer's size has cut in two. */
void utf8_cut(char *s);
/* Number of characters in valid UTF-8. */
size_t utf8_len(const char *s, size_t n);

/* Simple (one to one) Unicode case mapping of one character. */
uint32_t char_lower(uint32_t c);
uint32_t char_upper(uint32_t c);

/* Unicode's property White_Space (PropList.txt), whatever the C library holds for a blank. */
bool char_is_space(uint32_t c);
/* Makes *n the length without white space at both ends, and *ret_from its begin. */
void text_trim(const char *s, size_t *n, size_t *ret_from);
/* Bytes of white space at the begin of n bytes, and at their end. */
size_t text_space_before(const char *s, size_t n);
size_t text_space_behind(const char *s, size_t n);

/* Case-folded copy of n bytes: lower case, character by character; invalid bytes stay. */
char *text_fold(struct arena *a, const char *s, size_t n, size_t *ret_len) _must_check_;
/*
 * Orders build numbers ("2.6.3.0") by their numbers from the left; a missing one counts as 0. <0,
 * 0, >0. What is not a number ends the comparison.
 */
int build_compare(const char *a, const char *b);
/* Compares without regard to case, as Active Directory compares names; <0, 0, >0. */
int text_casecmp(const char *a, size_t an, const char *b, size_t bn);
