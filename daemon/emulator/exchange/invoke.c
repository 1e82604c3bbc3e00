/*
 * The endpoint that Microsoft's own module for PowerShell sends its commands to. It is not
 * documented; the shapes are those that its users know: {"CmdletInput": {"CmdletName",
 * "Parameters"}} in, {"value", "@odata.nextLink"} or {"error": {"code", "message", "details"}} out.
 * A page is asked for by the same body once more. X-AnchorMailbox tells a front end which server is
 * near: here there is one.
 */
#include "exchange/invoke.h"

#include "exchange/answer.h"
#include "exchange/commands.h"
#include "odata/query.h"
#include "tenant/body.h"

#include <strings.h>

static const struct {
	const char *name;
	void (*run)(const struct call *c);
} commands[] = {
	{"Get-Mailbox", get_mailbox},
	{"Set-Mailbox", set_mailbox},
	{"Get-OrganizationConfig", get_organization},
	{"Set-OrganizationConfig", set_organization},
};

static void run(struct emulator *em, struct request *rq, struct response *rs)
{
	const json_t *input = body_get(rq->body, "CmdletInput");
	const char *name = body_text(input, "CmdletName");
	json_t *parameters = body_get(input, "Parameters");
	_cleanup_json_ json_t *none = json_object();
	struct call c = {em, rq, rs, parameters ? parameters : none};

	if (!json_is_object(input) || !*name || !json_is_object(c.parameters)) {
		respond_error(rs, 400, "BadRequest",
			"CmdletInput with CmdletName and Parameters was expected.");
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcasecmp(commands[i].name, name) == 0) {
			commands[i].run(&c);
			return;
		}
	command_error(rs, 400, EXCEPTION_COMMAND,
		"The term '%.100s' is not recognized as the name of a cmdlet, function, script "
		"file, or operable program.",
		name);
}

static bool is_names(const char *select)
{
	return !select || select[strspn(select, "abcdefghijklmnopqrstuvwxyz"
						"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,")] == '\0';
}

/* ADMINAPI/beta/TENANT/InvokeCommand */
void exchange_route(struct emulator *em, struct request *rq, struct response *rs)
{
	const char *tenant = rq->n_segments == 4 ? rq->segments[2] : "";

	if (rq->n_segments != 4 || strcasecmp(rq->segments[1], "beta") != 0 ||
		strcasecmp(rq->segments[3], "InvokeCommand") != 0 ||
		(strcasecmp(tenant, em->tenant->id) != 0 && !tenant_verified(em->tenant, tenant)))
		respond_error(rs, 404, "NotFound", "There is nothing here.");
	else if (rq->method != M_POST)
		respond_method(rs);
	else if (!has_role(rq, ROLE_EXCHANGE))
		respond_error(rs, 403, "Forbidden",
			"The role assigned to application %s isn't supported in this scenario. "
			"Please check online documentation for assigning correct Directory Roles "
			"to Azure AD Application for EXO App-Only Authentication.",
			rq->app->app_id);
	else if (!is_names(rq->query->select))
		respond_error(rs, 400, "BadRequest", "$select was expected to name properties.");
	else
		run(em, rq, rs);
}
