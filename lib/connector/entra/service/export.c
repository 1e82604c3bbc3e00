/*
 * The export through the service: items of the source fill two batches, one for each version of
 * the operation, and a batch that is full is sent. One request is in flight. How a batch is sent
 * until each of its items has an outcome is send.h's.
 */
#include "connector/entra/service/export.h"
#include "connector/entra/error.h"
#include "connector/entra/service/result.h"
#include "connector/entra/service/send.h"
#include "net/nbfx.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* Of an object: a value that no message can hold. */
static const char *unfit(const struct export_item *it)
{
	if (it->kind != EXPORT_OBJECT)
		return NULL;
	return service_problem(it->wanted, it->op == DELTA_ADD ? NULL : it->delta);
}

/* True: it has its outcome, nothing is to be sent. */
static bool report_unsent(struct sender *x, const struct export_item *it, int *ret)
{
	const char *outside = service_outside(x->c, it), *attr;
	struct export_outcome o = {
		.result = CONN_OBJECT_BAD, .text = outside, .outside_surface = true};

	*ret = 0;
	if (outside) {
		*ret = sender_report(x, it, &o);
		return true;
	}
	attr = unfit(it);
	if (!attr)
		return false;
	arena_reset(&x->arena);
	o = (struct export_outcome){.result = CONN_OBJECT_BAD,
		.error_type = entra_error_word(ENTRA_ERROR_DATA_VALIDATION_FAILED),
		.text = arena_printf(
			&x->arena, "%s: the value has characters that no message can hold", attr)};
	*ret = sender_report(x, it, &o);
	return true;
}

static enum conn_result stopped(struct sender *x)
{
	err_set(x->e, -ECANCELED, x->c->service.host, 0, "the export was stopped");
	return CONN_CANCELED;
}

static bool is_canceled(const struct connector *c)
{
	return c->host->canceled && c->host->canceled(c->host->ctx);
}

static enum conn_result flush(struct sender *x, struct service_batch *b)
{
	enum conn_result r;

	if (!b->n_items)
		return CONN_OK;
	if (is_canceled(x->c))
		return stopped(x);
	r = sender_send(x, b);
	service_batch_clear(b);
	return r;
}

/* True: nothing of the item is left to be sent, and it has its outcome. */
static bool reduce(struct sender *x, struct export_item *item, int *ret)
{
	struct service_reduced *r = service_reduce(x->c, item, &x->kept);
	struct export_outcome o = {0};

	if (r && item->op != DELTA_ADD && !r->delta.n_attrs) {
		service_reduced_outcome(r, false, &x->kept, &o);
		*ret = sender_report(x, item, &o);
		return true;
	}
	if (r) {
		r->next = x->reduced;
		x->reduced = r;
	}
	return false;
}

static enum conn_result take(
	struct sender *x, struct service_batch batches[2], struct export_item *item)
{
	struct service_batch *b;
	int r;

	if (report_unsent(x, item, &r) || reduce(x, item, &r))
		return r < 0 ? CONN_RUN_BAD : CONN_OK;
	b = &batches[service_takes_version2(x->c, item)];
	if (!service_batch_fits(b, x->c, item)) {
		enum conn_result cr = flush(x, b);

		if (cr != CONN_OK)
			return cr;
	}
	service_batch_add(b, item);
	return CONN_OK;
}

static enum conn_result run(struct sender *x, struct service_batch batches[2])
{
	enum conn_result r = CONN_OK;
	struct export_item item;
	int more;

	while (r == CONN_OK) {
		more = x->source->next(x->source, &item, x->e);
		if (more < 0)
			return CONN_RUN_BAD;
		if (!more)
			break;
		r = take(x, batches, &item);
	}
	for (unsigned i = 0; i < 2 && r == CONN_OK; i++)
		r = flush(x, &batches[i]);
	return r;
}

enum conn_result service_export(struct connector *c, struct export_source *source, struct err *e)
{
	struct service_batch batches[2] = {{.version2 = false}, {.version2 = true}};
	struct sender x = {.c = c, .source = source, .e = e};
	enum conn_result r = service_configure(c, e);

	if (r == CONN_OK)
		r = run(&x, batches);
	for (unsigned i = 0; i < 2; i++)
		service_batch_done(&batches[i]);
	sender_done(&x);
	return r;
}

/* --- the end --- */

static void write_totals(struct buf *b, void *ctx)
{
	const struct service_session *s = ctx;
	char number[24];

	snprintf(number, sizeof(number), "%" PRId64, s->exported);
	nbfx_leaf(b, 0, "totalExported", number);
	snprintf(number, sizeof(number), "%" PRId64, s->good);
	nbfx_leaf(b, 0, "successfulExportCount", number);
}

enum conn_result service_export_end(struct connector *c, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct service_answer answer;
	bool unknown;
	struct err why = {0};
	enum conn_result r;

	if (!c->session || !c->session->exported)
		return CONN_OK;
	r = service_ask(c, "FinalizeExport", write_totals, c->session, &a, &answer, &unknown, &why);
	if (r != CONN_OK)
		err_set(e, why.code, why.source, 0,
			"everything was exported, but the service did not take the end of the "
			"export (FinalizeExport): %s",
			why.text);
	return r;
}
