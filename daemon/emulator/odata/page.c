/* Links and counts. */
#include "odata/page.h"

#include "odata/query.h"
#include "odata/url.h"

void add_next_link(const struct request *rq, unsigned long token, struct buf *b)
{
	buf_addf(b, "\"@odata.nextLink\":\"%s/%s", rq->base, rq->version);
	for (unsigned i = 0; i < rq->n_segments; i++) {
		buf_addc(b, '/');
		if (rq->segments[i][0] == '$')
			buf_addc(b, '$');
		url_encode(b, rq->segments[i] + (rq->segments[i][0] == '$'));
	}
	buf_addf(b, "?$skiptoken=%lu", token);
	if (rq->query->options) {
		const char *o = rq->query->options;

		buf_add_json(b, o, strlen(o));
	}
	buf_adds(b, "\",");
}

void add_count_only(const struct request *rq, unsigned long n, struct response *rs)
{
	if (!rq->eventual) {
		respond_error(rs, 400, "Request_BadRequest", "$count is not currently supported.");
		return;
	}
	rs->status = 200;
	rs->type = "text/plain";
	buf_addf(&rs->body, "%lu", n);
}
