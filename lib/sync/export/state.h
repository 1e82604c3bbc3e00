/*
 * The states of an object, or of one link, from "wanted" to "confirmed by an import": one function
 * gives the next state for a state and an event. See the table in state.c.
 */
#pragma once

#include "store/cs.h"

enum export_event {
	EXPORT_EVENT_CHANGED,  /* rules want something else now, and it differs from the import */
	EXPORT_EVENT_SETTLED,  /* rules want what the last import showed */
	EXPORT_EVENT_SEND,     /* about to be sent */
	EXPORT_EVENT_ACCEPTED, /* the service said yes */
	EXPORT_EVENT_REFUSED,  /* the service said no, or the import did not show what was sent */
	/* an import shows what is wanted, or what was accepted is nothing that one would show */
	EXPORT_EVENT_IMPORT_EQUAL,
	EXPORT_EVENT_IMPORT_DIFFERS, /* an import shows something else */
	EXPORT_EVENT_BLOCKED,        /* somebody else has the authority over all of it */
	EXPORT_EVENT_UNBLOCKED,      /* ... over none of it, or over less */
	EXPORT_EVENT_DROPPED,        /* nothing of it is to be sent any more */
	EXPORT_EVENT_HELD,           /* what is left was refused before and must still wait */
	EXPORT_EVENT_AGAIN,          /* to be sent, whatever was sent before */
	EXPORT_EVENT_COUNT
};

enum export_state export_state_next(enum export_state state, enum export_event event);

/*
 * The states of what an export sends, in the order in which it sends: first that whose result was
 * not recorded, then what is new, then what failed and has waited.
 */
#define EXPORT_DUE_COUNT 3
extern const enum export_state export_due[EXPORT_DUE_COUNT];
bool export_is_due(enum export_state state);

/* Seconds to wait before the n-th retry (n from 1): none, then doubling, at most 12 hours. */
int64_t export_backoff(int count);
