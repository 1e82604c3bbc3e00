/*
 * ReadBack: what the provisioning service has of the objects that are synchronized. Of interest is
 * what Graph does not show: the sourceAnchor of groups, contacts and devices, and the values that
 * only go in (SCHEMA_UNREADABLE). A full import asks once and adds them to what Graph shows.
 *
 * How the service goes on behind a first answer is not known to anybody who has published it. Any
 * member whose name has "Cookie" in it is sent back, any boolean one with "More" in it says whether
 * more follows; without either the answer is taken as complete.
 */
#pragma once

#include "connector/entra/service/call.h"
#include "model/entry.h"

#define READBACK_OPERATION "ReadBackAzureADSyncObjects2"

struct readback;

/*
 * Asks for everything. CONN_OK: *ret is it. Otherwise *e says why not; only CONN_CANCELED ends an
 * import, which can do without. The values lie in temporary files: an object needs 32 bytes.
 */
enum conn_result readback_ask(struct service *s, const struct schema *schema, struct readback **ret,
	struct err *e) _must_check_;
void readback_free(struct readback *r); /* NULL is fine */

/*
 * Adds to an object as Graph shows it what is known of the one with its anchor: *ret_known, the
 * service knows it. Its DN becomes that of the sourceAnchor. An unreadable attribute that is not
 * added has no values there.
 */
int readback_add(struct readback *r, struct entry *en, bool *ret_known, struct err *e) _must_check_;

int64_t readback_objects(const struct readback *r);
/* For people: the names of the members that were taken for a cookie and the like; "": none. */
const char *readback_members(const struct readback *r);
