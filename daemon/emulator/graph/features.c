/*
 * directory/onPremisesSynchronization: the tenant's switches for synchronization
 * (learn.microsoft.com/graph/api/resources/onpremisesdirectorysynchronization).
 */
#include "graph/features.h"

#include "tenant/body.h"

#include "base/err.h"

static void render(const struct emulator *em, struct buf *b)
{
	buf_addf(b,
		"\"id\":\"%s\",\"configuration\":{\"accidentalDeletionPrevention\":{"
		"\"synchronizationPreventionType\":\"enabledForCount\",\"alertThreshold\":500},"
		"\"customerRequestedSynchronizationInterval\":null,"
		"\"synchronizationInterval\":\"PT30M\"},\"features\":{",
		em->tenant->id);
	for (unsigned i = 0; i < FEATURE_COUNT; i++)
		buf_addf(b, "%s\"%s\":%s", i ? "," : "", feature_name((enum feature)i),
			em->features[i] ? "true" : "false");
	buf_addc(b, '}');
}

static bool is_one_way(enum feature f)
{
	return f == FEATURE_SOFT_MATCH_UPN || f == FEATURE_SYNC_UPN;
}

/* All or nothing. */
static bool change(struct emulator *em, const json_t *body, struct response *rs)
{
	bool wanted[FEATURE_COUNT];
	const char *key;
	json_t *v;

	memcpy(wanted, em->features, sizeof(wanted));
	json_object_foreach (body_get(body, "features"), key, v) {
		int f = feature_find(key);

		if (*key == '@')
			continue;
		if (f < 0 || !json_is_boolean(v)) {
			respond_error(rs, 400, "Request_BadRequest",
				"Invalid value specified for property '%s' of resource "
				"'onPremisesDirectorySynchronizationFeature'.",
				key);
			return false;
		}
		if (is_one_way((enum feature)f) && em->features[f] && json_is_false(v)) {
			respond_error(rs, 400, "Request_BadRequest",
				"Feature '%s' cannot be disabled once it is enabled.", key);
			return false;
		}
		wanted[f] = json_is_true(v);
	}
	memcpy(em->features, wanted, sizeof(wanted));
	return true;
}

/* /directory/onPremisesSynchronization[/{id}] */
void handle_features(struct emulator *em, struct request *rq, struct response *rs)
{
	bool one = rq->n_segments == 3;

	if (rq->n_segments > 3 || (one && strcasecmp(rq->segments[2], em->tenant->id) != 0)) {
		respond_not_found(rs, rq->segments[rq->n_segments - 1]);
	} else if (rq->method == M_GET) {
		if (!has_role(rq, ROLE_SYNC_READ) && !has_role(rq, ROLE_SYNC_WRITE)) {
			respond_forbidden(rs);
			return;
		}
		rs->status = 200;
		buf_addf(&rs->body,
			"{\"@odata.context\":\"%s/%s/"
			"$metadata#directory/onPremisesSynchronization%s\",%s",
			rq->base, rq->version, one ? "/$entity" : "", one ? "" : "\"value\":[{");
		render(em, &rs->body);
		buf_adds(&rs->body, one ? "}" : "}]}");
	} else if (rq->method == M_PATCH && one) {
		if (!has_role(rq, ROLE_SYNC_WRITE))
			respond_forbidden(rs);
		else if (change(em, rq->body, rs))
			rs->status = 204;
	} else {
		respond_method(rs);
	}
}
