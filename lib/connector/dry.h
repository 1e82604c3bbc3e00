/*
 * A dry run: what an export would send is told instead of sent. The connector makes its requests as
 * ever, and takes for each the answer that all of it was done; nothing connects.
 */
#pragma once

#include "base/err.h"

struct dry_value {
	char change; /* of a reference: '+', '-'; 0: it is a value */
	const char *text;
	const char *dn; /* of the object that the reference means; NULL: not known, or a value */
};

/* An attribute under the name that it has on the wire. */
struct dry_property {
	const char *name;
	const char *type; /* "d:string"; NULL: it is cleared */
	const struct dry_value *values;
	unsigned n;
};

/* One object of a message. */
struct dry_object {
	const char *dn;               /* in the connector space; NULL: not known */
	const char *type, *operation; /* "User", "Set" */
	const struct dry_property *properties;
	unsigned n;
};

struct dry_message {
	const char *name; /* of the request: "ProvisionAzureADSyncObjects" */
	/* one of the two, as the sink wants it */
	const char *text;   /* all of it but what is secret, for people */
	const char *ending; /* of a file that holds it: "xml" */
	const struct dry_object *objects;
	unsigned n;
};

struct dry_sink {
	bool objects; /* not the text */
	int (*message)(struct dry_sink *s, const struct dry_message *m, struct err *e) _must_check_;
};
