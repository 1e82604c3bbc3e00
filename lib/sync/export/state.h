/*
 * The way of an object, or of one link, from "wanted" to "confirmed by an import": one function
 * from state and event to state. See the table in state.c.
 */
#pragma once

#include "store/cs.h"

enum export_event {
	EXPORT_EVENT_CHANGED,  /* rules want something else now, and it differs from the import */
	EXPORT_EVENT_SETTLED,  /* rules want what the last import showed */
	EXPORT_EVENT_SEND,     /* about to leave */
	EXPORT_EVENT_ACCEPTED, /* the service said yes */
	EXPORT_EVENT_REFUSED,  /* the service said no, or the import did not show what was sent */
	EXPORT_EVENT_IMPORT_EQUAL,   /* an import shows what is wanted */
	EXPORT_EVENT_IMPORT_DIFFERS, /* an import shows something else */
	EXPORT_EVENT_BLOCKED,        /* somebody else has the authority over all of it */
	EXPORT_EVENT_UNBLOCKED,      /* ... over none of it, or over less */
	EXPORT_EVENT_DROPPED, /* nothing is to be sent of it, by us or by nature of the target */
	EXPORT_EVENT_HELD,    /* what is left was refused before, and its time has not come */
	EXPORT_EVENT_AGAIN,   /* it is to be sent whatever was sent before: it is gone, or was kept
	                         back */
	EXPORT_EVENT_COUNT
};

enum export_state export_state_next(enum export_state state, enum export_event event);

/* Seconds to wait before the n-th retry (n from 1): none, then doubling, at most 12 hours. */
int64_t export_backoff(int count);
