/*
 * Which object of the tenant a synchronized one that comes in is: the hard match by sourceAnchor,
 * the soft match by primary SMTP address and userPrincipalName
 * (learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-install-existing-tenant).
 */
#pragma once

#include "tenant/emulator.h"
#include "tenant/refusal.h"

enum match_verdict { MATCH_NONE, MATCH_HARD, MATCH_SOFT, MATCH_REFUSED };

struct match {
	enum match_verdict verdict;
	struct object *object;  /* HARD, SOFT */
	struct refusal refusal; /* REFUSED: by the synchronization error's name */
};

/* Decides for the body of a creation; changes nothing. */
void match_incoming(
	const struct emulator *em, enum object_type t, const json_t *body, struct match *ret);
/* May synchronization write an object that it does not master (yet)? False: refused. */
bool match_takeover(const struct emulator *em, const struct object *o, struct refusal *ret);
