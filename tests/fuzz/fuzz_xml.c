/* Connect Sync's XML: a rule, or one error; what is read comes back the same when it is written. */
#include "fuzz.h"
#include "lang/import/syncrule.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *read_rule(const char *text, size_t n, struct arena *a)
{
	json_t *notes = json_array(), *rule = NULL;
	struct xml_node *root;
	struct err e = {0};

	if (xml_read("fuzz", text, n, a, &root, &e) < 0) {
		if (!e.text[0])
			abort();
	} else {
		rule = syncrule_from_xml("fuzz", root, notes, a, &e);
		if (!rule && !e.text[0])
			abort();
	}
	json_decref(notes);
	return rule;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0};
	json_t *rule = read_rule((const char *)data, n, &a), *again;

	if (!rule)
		return 0;
	syncrule_to_xml(rule, &b);
	again = read_rule(buf_str(&b), b.len, &a);
	if (!again || !json_equal(rule, again)) {
		json_dumpf(rule, stderr, JSON_INDENT(1));
		json_dumpf(again, stderr, JSON_INDENT(1));
		abort();
	}
	json_decref(rule);
	json_decref(again);
	return 0;
}
