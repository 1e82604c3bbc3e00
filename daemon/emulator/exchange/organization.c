/*
 * Get-OrganizationConfig, Set-OrganizationConfig: whether the mailboxes of synchronized users begin
 * as managed in the cloud. It is about new mailboxes, and clears no flag.
 */
#include "exchange/answer.h"
#include "exchange/commands.h"
#include "tenant/body.h"

#include <strings.h>

static const char TO_CLOUD[] = "ExchangeAttributesCloudManagedByDefault";
static const char TO_SERVER[] = "ExchangeAttributesServerManagedByDefault";

void get_organization(const struct call *c)
{
	const struct tenant *t = c->em->tenant;
	_cleanup_json_ json_t *o = json_pack("{s:s, s:s, s:s, s:b}", "Name", t->initial_domain,
		"Identity", t->initial_domain, "DisplayName", t->name ? t->name : "", TO_CLOUD,
		c->em->exchange_default);
	_cleanup_buf_ struct buf item = {0};

	body_dump(&item, o, JSON_COMPACT);
	respond_values(c, &item, NULL, NULL);
}

/* Both are switches: given as false they are not given. */
void set_organization(const struct call *c)
{
	const char *key;
	bool cloud = false, server = false;
	json_t *v;

	json_object_foreach (c->parameters, key, v) {
		bool *given = strcasecmp(key, TO_CLOUD) == 0    ? &cloud
		              : strcasecmp(key, TO_SERVER) == 0 ? &server
		                                                : NULL;

		if (is_common_parameter(key))
			continue;
		if (!given || read_boolean(v) < 0) {
			command_error(c->rs, 400, EXCEPTION_PARAMETER,
				"A parameter cannot be found that matches parameter name '%.100s'.",
				key);
			return;
		}
		*given = read_boolean(v);
	}
	if (cloud && server) {
		command_error(c->rs, 400, EXCEPTION_PARAMETER,
			"Parameter set cannot be resolved using the specified named parameters.");
		return;
	}
	if (cloud || server)
		c->em->exchange_default = cloud;
	respond_values(c, &(struct buf){0}, NULL, NULL);
}
