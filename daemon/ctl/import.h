/* adsyncctl rules import, shared by rules_import.c (reading), import_fit.c and import_write.c. */
#pragma once

#include "ctl.h"
#include "lang/import/syncrule.h"
#include "sync/run.h"

#include <stdio.h>

struct import {
	const struct ctl *ctl;
	const char *output; /* absolute; NULL: only a check */
	struct arena a;
	json_t *rules;      /* in order of precedence */
	json_t *connectors; /* of Connectors: {"id", "name", "category", ...} */
	json_t *notes;
	json_t *described; /* schemas by connector id in lower case, DESCRIBED_MV: the metaverse's
	                    */
	json_t *metaverse; /* {"classes": ...}, with what the rules add */
	unsigned n_files, n_disabled, n_left_out, n_new;
	struct rule_schema schemas[RULES_SCHEMAS_MAX];
	unsigned n_schemas;
};

#define IMPORT_WHOLE_RULE "the rule" /* "what" of a note */
#define DESCRIBED_MV "metaverse"

static inline const char *import_text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* Adds the attributes that the rules name to im->metaverse, and notes each. */
void import_extend_metaverse(struct import *im);
/* Leaves out flows, and disables rules, that the engine cannot run; notes each with its reason. */
void import_fit_rules(struct import *im);
/* Would the engine take these rules? */
int import_try_rules(struct import *im, const json_t *rules, struct err *e);
/* {"rules": [...]} as text; the caller frees. */
char *import_wrap(const json_t *rules);
/* Rule files, metaverse.json, adsyncd.conf.proposal and report.txt in the folder of --output. */
int import_write(struct import *im, struct err *e);
/* The notes, one in a line. */
void import_print_notes(FILE *f, const json_t *notes);
