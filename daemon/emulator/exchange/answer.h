/* Answers of Exchange, and whose mailbox is meant. */
#pragma once

#include "exchange/call.h"

#define EXCEPTION_COMMAND "System.Management.Automation.CommandNotFoundException"
#define EXCEPTION_PARAMETER "System.Management.Automation.ParameterBindingException"
#define EXCEPTION_OPERATION "System.InvalidOperationException"
#define EXCEPTION_NOT_FOUND \
	"Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
#define EXCEPTION_ADDRESS "Microsoft.Exchange.Management.Tasks.ProxyAddressExistsException"

/*
 * An error of a command. Behind "details" stands "|exception|text", which clients take apart;
 * false, so that "return command_error(...)" reads well.
 */
bool command_error(struct response *rs, int status, const char *exception, const char *fmt, ...)
	_printf_(4, 5);
/* {"value": [items]}, more: the token of "@odata.nextLink", NULL: none; warning NULL: none. */
void respond_values(
	const struct call *c, const struct buf *items, const char *more, const char *warning);
/* The mailbox of -Identity: an id, a userPrincipalName, an address, an alias or a name. NULL with
 * the answer filled: nobody's, or several. */
struct object *mailbox_of_identity(const struct call *c, const char *identity);
/* true, false, and the strings "$true", "False"; -1: neither. */
int read_boolean(const json_t *v);
/* One that every command takes and that changes nothing here: Confirm, ErrorAction, "@odata.type".
 */
bool is_common_parameter(const char *name);
