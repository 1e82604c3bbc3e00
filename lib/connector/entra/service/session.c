/* The session, see session.h. */
#include "connector/entra/service/session.h"
#include "base/codec.h"
#include "base/timefmt.h"
#include "connector/entra/call.h"
#include "connector/entra/extension.h"
#include "connector/entra/service/dry.h"
#include "net/nbfx.h"

#include <ctype.h>
#include <errno.h>

/*
 * Until references find a new object: the 30 seconds that AzureADConnect_Samba4, an open tool that
 * writes to the real service, waits before it sends members.
 */
#define FRESH_MS 30000

struct service_session *service_session_new(void)
{
	struct service_session *s = xcalloc(1, sizeof(*s));

	s->links_max = SERVICE_LINKS_MAX;
	return s;
}

void service_session_free(struct service_session *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < ENTRA_CLASS_COUNT; i++)
		service_bag_free(s->bags[i]);
	hashset_done(&s->added);
	free(s);
}

enum conn_result service_ask(struct connector *c, const char *operation, service_write *write,
	void *ctx, struct arena *a, struct service_answer *ret, bool *ret_unknown, struct err *e)
{
	*ret_unknown = false;
	if (c->host->dry)
		return service_dry_call(
			&c->service, c->host->dry, operation, write, ctx, a, ret, e);
	for (int tries = 1;; tries++) {
		enum conn_result r =
			service_call(&c->service, operation, write, ctx, a, ret, ret_unknown, e);

		if (r != CONN_DOWN || *ret_unknown || tries == ENTRA_TRIES)
			return r;
		if (http_sleep(c->http, entra_backoff(tries, c->service.retry_after))) {
			err_set(e, -ECANCELED, c->service.host, 0, "the export was stopped");
			return CONN_CANCELED;
		}
	}
}

static void write_question(struct buf *b, void *ctx)
{
	nbfx_leaf(b, 0, "includeLicenseInformation", "false");
}

enum conn_result service_probe(struct connector *c, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct service_session *s = c->session;
	struct service_answer answer;
	bool unknown;
	enum conn_result r = service_ask(
		c, "GetCompanyConfiguration", write_question, NULL, &a, &answer, &unknown, e);

	if (r == CONN_OBJECT_BAD) /* it asks for nothing that could be refused */
		return CONN_RUN_BAD;
	if (r != CONN_OK)
		return r;
	s->configuration = answer.configuration;
	s->configuration.prevention = s->configuration.allowed = s->configuration.machine =
		s->configuration.name = s->configuration.tenant_id = NULL;
	if (answer.configuration.links_max > 0)
		s->links_max =
			(unsigned)MIN(answer.configuration.links_max, (int64_t)SERVICE_LINKS_MAX);
	s->configured = true;
	return CONN_OK;
}

enum conn_result service_configure(struct connector *c, struct err *e)
{
	return c->session->configured ? CONN_OK : service_probe(c, e);
}

const struct service_bag *service_bag_of(struct connector *c, enum entra_class class)
{
	const struct schema *schema =
		c->extensions ? c->extensions->schema : entra_schema(c->surface);
	struct service_bag **bag = &c->session->bags[class];

	if (!*bag)
		*bag = service_bag_new(
			schema_class_find(schema, entra_classes[class].name), c->extensions);
	return *bag;
}

static uint64_t key_of(const char *anchor)
{
	char folded[128];
	size_t n = 0;

	for (; anchor[n] && n < sizeof(folded); n++)
		folded[n] = (char)tolower((unsigned char)anchor[n]);
	return hash64(folded, n);
}

void service_note_added(struct service_session *s, const char *anchor)
{
	hashset_add(&s->added, key_of(anchor));
	s->added_at = monotonic_ms();
}

bool service_is_fresh(const struct service_session *s, const char *anchor)
{
	return s->added_at && monotonic_ms() - s->added_at < FRESH_MS &&
	       hashset_has(&s->added, key_of(anchor));
}
