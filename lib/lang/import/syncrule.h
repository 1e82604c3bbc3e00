/*
 * syncrule: one rule between the XML of Connect Sync (folder SynchronizationRules of
 * Get-ADSyncServerConfiguration) and a rule of our files, as JSON. Both ways keep everything:
 * reading what was written gives the same rule. What the file format cannot hold is told through
 * notes, never dropped in silence.
 */
#pragma once

#include "lang/import/xml.h"

#include <jansson.h>

/* The Entra connector has the same identifier in every installation. */
#define SYNCRULE_ENTRA_ID "{b891884f-051e-4a83-95af-2544101c9083}"

/*
 * Reads <synchronizationRule>. A new reference. `notes` is an array that receives
 * {"rule", "what", "reason", "lost"} for all that has no counterpart. NULL with *e when it is no
 * rule. The rule has "connectorId" (but for the Entra connector) and "connectorType": entra or ad;
 * the caller may put the name of a connector in its place.
 */
json_t *syncrule_from_xml(const char *path, const struct xml_node *root, json_t *notes,
	struct arena *a, struct err *e) _must_check_;

/* Writes the XML. `rule` is one that ruleset_load() accepts. */
void syncrule_to_xml(const json_t *rule, struct buf *b);
/* "{...}": the id of a rule, or one made of its name for those that have none. */
void syncrule_file_id(const json_t *rule, char ret[40]);

/* Appends a note of something that is lost, or only of what is worth to know. */
void syncrule_note(json_t *notes, const char *rule, const char *what, const char *reason);
void syncrule_remark(json_t *notes, const char *rule, const char *what, const char *reason);
