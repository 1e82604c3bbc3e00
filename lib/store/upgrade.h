/* What an upgrade of the store needs beside the SQL in schema/upgrade/. Private to the layer. */
#pragma once

#include "store/handle.h"

/*
 * Makes every dn_key of cs and container anew. A connector whose keys turn out to be others is read
 * whole at its next import: what the old keys took for one object is two. In a transaction.
 */
int dn_keys_rebuild(struct store *s, struct err *e) _must_check_;
