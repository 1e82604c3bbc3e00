/*
 * What is asked of the tenant as a whole: its configuration and features, the end of an export, and
 * versions.
 */
#include "soap/operations.h"

#include "order/orders.h"
#include "soap/encode.h"
#include "tenant/clock.h"

#include <errno.h>
#include <stdio.h>

/* DirSyncFeatures: a bit for some of the tenant's features. Those of no feature here are kept. */
static const struct {
	unsigned bit;
	enum feature feature;
} bits[] = {
	{1, FEATURE_PASSWORD_SYNC},
	{2, FEATURE_PASSWORD_WRITEBACK},
	{4, FEATURE_DIRECTORY_EXTENSIONS},
	{8, FEATURE_QUARANTINE_UPN},
	{16, FEATURE_SOFT_MATCH_UPN},
	{32, FEATURE_QUARANTINE_PROXY},
	{512, FEATURE_CLOUD_PASSWORD_POLICY},
	{1024, FEATURE_UNIFIED_WRITEBACK},
	{2048, FEATURE_USER_WRITEBACK},
	{4096, FEATURE_DEVICE_WRITEBACK},
	{8192, FEATURE_SYNC_UPN},
	{16384, FEATURE_FORCE_PASSWORD_CHANGE},
	{524288, FEATURE_BLOCK_SOFT_MATCH},
	{1048576, FEATURE_BLOCK_TAKEOVER},
};

static int64_t features_of(const struct emulator *em)
{
	int64_t v = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++)
		if (em->features[bits[i].feature])
			v |= bits[i].bit;
	return v;
}

static void put_long(struct buf *b, const char *name, int64_t v)
{
	encode_start(b, 0, name);
	encode_long_end(b, v);
}

static void put_bool(struct buf *b, const char *name, bool v)
{
	encode_start(b, 0, name);
	encode_bool_end(b, v);
}

/* One open tool looks for it in DirSyncConfiguration, another one beside it. */
static void put_write_back(struct buf *b, const char *name)
{
	encode_start(b, 0, name);
	encode_nil(b, 0, "UnifiedGroupContainer");
	encode_nil(b, 0, "UserContainer");
	encode_end(b);
}

static void put_sync_configuration(const struct emulator *em, struct buf *b)
{
	encode_start(b, 0, "DirSyncConfiguration");
	encode_leaf(b, 0, "AnchorAttribute", "mS-DS-ConsistencyGuid");
	encode_leaf(b, 0, "ApplicationVersion", "6eb59a73-39b2-4c23-a70f-e2e3ce8965b1");
	encode_leaf(b, 0, "ClientVersion", "2.6.3.0");
	encode_start(b, 0, "CurrentExport");
	encode_leaf(b, 0, "DirSyncClientMachineName", "");
	put_long(b, "TotalConnectorSpaceObjects", 0);
	encode_end(b);
	put_bool(b, "IsTrackingChanges", false);
	encode_start(b, 0, "PreventAccidentalDeletion");
	encode_leaf(b, 0, "DeletionPrevention", "EnabledForCount");
	put_long(b, "ThresholdCount", 500);
	put_long(b, "ThresholdPercentage", 0);
	encode_end(b);
	put_write_back(b, "Writeback");
	encode_end(b);
}

void operation_configuration(struct emulator *em, const struct soap_call *call, struct response *rs)
{
	struct buf *b = &rs->body;

	answer_begin(call, true, rs);
	encode_leaf(b, 0, "AllowedFeatures", "ObjectWriteback PasswordWriteback");
	put_sync_configuration(em, b);
	put_long(b, "DirSyncFeatures", features_of(em));
	encode_leaf(b, 0, "DisplayName", em->tenant->name ? em->tenant->name : "");
	put_bool(b, "IsDirSyncing", em->syncs);
	put_bool(b, "IsPasswordSyncing", em->features[FEATURE_PASSWORD_SYNC]);
	put_long(b, "MaxLinksSupportedAcrossBatchInProvision2", em->orders->service.batch_links);
	encode_start(b, 0, "SynchronizationInterval");
	encode_span_end(b, 1800);
	encode_leaf(b, 0, "TenantId", em->tenant->id);
	put_write_back(b, "WriteBack");
	answer_end(true, rs);
}

void operation_set_features(struct emulator *em, const struct soap_call *call, struct response *rs)
{
	const char *text = element_child_text(call->body, "dirsyncFeatures");
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (!*text || *end || errno) {
		answer_fault(call, 0, "dirsyncFeatures is not a number.", rs);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++)
		em->features[bits[i].feature] = v & bits[i].bit;
	answer_begin(call, false, rs);
	answer_end(false, rs);
}

void operation_finalize(struct emulator *em, const struct soap_call *call, struct response *rs)
{
	if (em->orders->service.finalize_moves_sync)
		em->synced_at = tenant_now(em);
	answer_begin(call, false, rs);
	answer_end(false, rs);
}

void operation_capabilities(struct emulator *em, const struct soap_call *call, struct response *rs)
{
	static const char text[] =
		"<ServiceCapability><MicrosoftOnline><Protocol><Application>"
		"<LatestProductVersion>3.2</LatestProductVersion>"
		"<MinimumProductVersion>1.0</MinimumProductVersion>"
		"<BlackList Enabled=\"false\"><ClientVersion>1.0</ClientVersion></BlackList>"
		"</Application></Protocol></MicrosoftOnline></ServiceCapability>";

	answer_begin(call, false, rs);
	encode_leaf(&rs->body, 0, "CapabilitiesResult", text);
	answer_end(false, rs);
}
