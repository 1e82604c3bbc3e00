/*
 * IsExchangeCloudManaged: whose mailboxes have it, and setting it. It is Exchange Online's alone:
 * Graph does not show it. All of this asks for exchange = yes.
 *
 * An import gets a complete list or none: when Exchange does not give it, what is known of the flag
 * stays, and the import says so when that begins and when it ends.
 */
#pragma once

#include "connector/entra/graph.h"
#include "base/arena.h"

#include <jansson.h>

struct entra_pages;

/*
 * How an import got the list; kept in the cursor. X(enum, word)
 * NONE: exchange = no.
 */
#define EXCHANGE_STATES(X)                                  \
	X(NONE, "no")                                       \
	X(READ, "read")                                     \
	X(REFUSED, "refused") /* the application may not */ \
	X(FAILED, "failed")   /* it did not come, or not entirely */
enum exchange_state {
#define X(id, word) EXCHANGE_##id,
	EXCHANGE_STATES(X)
#undef X
};
const char *exchange_state_word(enum exchange_state state);
/* Of an unknown word, NULL too: NONE. */
enum exchange_state exchange_state_find(const char *word);

/* The mailboxes of synchronized users that have the flag. */
struct exchange_list {
	enum exchange_state state;
	char why[512]; /* unless READ and NONE: what Exchange said */
	const char **anchors;
	unsigned n, cap;
	struct arena arena;
};
void exchange_list_done(struct exchange_list *list);
/*
 * Adds what one page of it says, which came from `url` on this host; *ret_next is where it goes on,
 * NULL: nowhere. NULL, or what is wrong with the page: the list then says nothing at all.
 */
const char *exchange_list_page(struct exchange_list *list, const char *host,
	struct entra_pages *pages, const char *url, const json_t *page,
	const char **ret_next) _must_check_;
/*
 * Reads the list, with nothing in flight. CONN_OK also where Exchange does not give it: that is
 * list->state. CONN_CANCELED.
 */
enum conn_result exchange_list_read(
	struct connector *c, struct exchange_list *list, struct err *e) _must_check_;
/*
 * The same for chosen users, by their anchors: of a few each mailbox is asked for. Others may be in
 * the list, too. n 0: nothing is asked, and the state is NONE.
 */
enum conn_result exchange_list_of(struct connector *c, const char *const *anchors, unsigned n,
	struct exchange_list *list, struct err *e) _must_check_;
/* Says that the list did not come, unless it did. */
void exchange_list_note(const struct exchange_list *list, struct import_sink *sink);
/*
 * Tells the import: the flags, and what is new since the last import ended in state `before`.
 * nothing_before: it is not known how that ended.
 */
int exchange_list_deliver(const struct exchange_list *list, enum exchange_state before,
	bool nothing_before, struct import_sink *sink, struct err *e) _must_check_;

/* Findings for a test of the connector. */
enum conn_result exchange_test(
	struct connector *c, struct test_sink *sink, struct err *e) _must_check_;

/*
 * The flag of one user, by the anchor of the connector space: read, and set. A set is read back.
 * CONN_OBJECT_BAD: Exchange refuses it, *e says why (-ENOENT: the user has no mailbox). -EINVAL and
 * CONN_RUN_BAD: exchange = no. Otherwise as exchange_invoke().
 */
enum conn_result entra_exchange_get(
	struct connector *c, const char *anchor, bool *ret, struct err *e) _must_check_;
enum conn_result entra_exchange_set(
	struct connector *c, const char *anchor, bool managed, struct err *e) _must_check_;
