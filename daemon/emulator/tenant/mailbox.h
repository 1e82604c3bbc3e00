/*
 * Exchange's view of a user. Exchange Online has a directory of its own, which Entra's properties
 * reach by forward synchronization: of a mailbox whose Exchange attributes are managed in the cloud
 * (IsExchangeCloudManaged) the identity attributes only. Which attribute is whose says one table.
 *
 *   who has the authority      IsDirSynced  IsExchangeCloudManaged  Set-Mailbox may write
 *   Active Directory           True         False                   nothing
 *   Exchange for its part      True         True                    Exchange's attributes
 *   the cloud (isCloudManaged) False        False                   everything
 *
 * There are no licences here: a user who is no guest has a mailbox when he has a primary address.
 */
#pragma once

#include "tenant/change.h"
#include "tenant/emulator.h"

enum mailbox_kind { MAILBOX_STRING, MAILBOX_BOOLEAN, MAILBOX_STRINGS };

struct mailbox_attribute {
	const char *name; /* in Get-Mailbox and Set-Mailbox */
	enum mailbox_kind kind;
	bool identity;        /* Active Directory's as long as the user is synchronized */
	const char *property; /* of the user in Entra; NULL: Exchange alone has it */
	unsigned extension;   /* n of extensionAttributeN in it, 0: the property itself */
	bool negated;
};
extern const struct mailbox_attribute mailbox_attributes[];
extern const unsigned n_mailbox_attributes;

/* In any case; NULL: there is none. */
const struct mailbox_attribute *mailbox_attribute(const char *name);
bool mailbox_exists(const struct object *o);
/* IsDirSynced */
bool mailbox_synced(const struct object *o);
/* IsExchangeCloudManaged */
bool mailbox_managed(const struct object *o);
/* What Exchange shows: a string ("" when there is none), a boolean or a list. The caller's. */
json_t *mailbox_value(const struct object *o, const struct mailbox_attribute *a);
/* The primary address without its "SMTP:"; NULL: none. The caller frees. */
char *mailbox_primary(const struct object *o);
/* Is the value of the attribute's kind? */
bool mailbox_kind_good(const struct mailbox_attribute *a, const json_t *v);

/*
 * The flag. Set, it keeps what Exchange shows now; taken back, the values stay until forward
 * synchronization brings others. The caller touches the object.
 */
void mailbox_manage(struct object *o, bool on);
/* Exchange's value, apart from Entra's; v is taken. The caller touches the object. */
void mailbox_keep(struct object *o, const struct mailbox_attribute *a, json_t *v);
/*
 * Forward synchronization, after an object was written with c: Exchange shows the values of Entra
 * again, unless the mailbox is managed in the cloud. had: there was a mailbox before; a new one of
 * a synchronized user begins with the organization's default.
 */
void mailbox_follow(const struct emulator *em, struct object *o, const struct change *c, bool had);
/* Are these values that a mailbox may have of its own? For what comes from a database. */
bool mailbox_own_good(const json_t *own);
