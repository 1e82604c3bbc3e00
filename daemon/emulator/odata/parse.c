/* Path and options, taken apart. */
#include "odata/parse.h"

#include "odata/query.h"
#include "odata/url.h"

#include "base/err.h"

void request_done(struct request *rq)
{
	for (unsigned i = 0; i < rq->n_segments; i++)
		free(rq->segments[i]);
	rq->n_segments = 0;
	query_done(rq->query);
	rq->query = NULL;
	json_decref(rq->body);
	rq->body = NULL;
}

static bool split_path(struct request *rq, char *path, struct response *rs)
{
	char *save = NULL;

	for (char *p = strtok_r(path, "/", &save); p; p = strtok_r(NULL, "/", &save)) {
		size_t n = strlen(p);

		if (rq->n_segments == 0 && (streq(p, "v1.0") || streq(p, "beta"))) {
			rq->version = streq(p, "beta") ? "beta" : "v1.0";
			continue;
		}
		if (rq->n_segments == SEGMENTS_MAX || !path_decode(p)) {
			respond_error(rs, 400, "BadRequest", "The URL is malformed.");
			return false;
		}
		if (n > 2 && streq(p + n - 2, "()"))
			p[n - 2] = '\0';
		rq->segments[rq->n_segments++] = xstrdup(p);
	}
	return true;
}

bool request_parse(struct request *rq, const char *url, struct response *rs)
{
	_cleanup_free_ char *copy = xstrdup(url);
	char *options = strchr(copy, '?');

	rq->query = xcalloc(1, sizeof(*rq->query));
	if (options)
		*options++ = '\0';
	if (!split_path(rq, copy, rs))
		return false;
	return !options || query_parse(rq->query, options, rs);
}
