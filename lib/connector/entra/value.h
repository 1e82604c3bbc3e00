/*
 * What values Entra takes of names and addresses: those that are ours to choose are made right
 * (alias), the others are named before the service refuses them.
 */
#pragma once

#include "model/delta.h"

struct buf;

/*
 * Appends a mailNickname made of a name: ASCII, without blanks and @()\[]";:<>, and at most 64
 * characters; the same for the same name and anchor. Umlauts become two letters, other letters lose
 * what Latin has not; when nothing is left the anchor gives one.
 */
void entra_nickname(const char *name, size_t n, const char *anchor, struct buf *b);
/* The alias that an object wants as Entra can hold it. */
void entra_settle_alias(struct entry *wanted);
/*
 * The first of the values that are sent (delta NULL: of all) that Entra refuses. The name of the
 * error; *ret_text in the arena says which attribute, value and why. NULL: there is none.
 */
extern const char *const entra_problem_errors[];
#define ENTRA_DATA_ERROR "DataValidationFailed"
const char *entra_problem(const struct entry *wanted, const struct delta *delta, struct arena *a,
	const char **ret_text);
