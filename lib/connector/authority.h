/* Somebody else's authority over objects of a directory. */
#pragma once

#include "base/err.h"
#include "model/authority.h"

/*
 * Somebody else who may have the authority over an object of the directory, and over what of it.
 * Over which objects, the import tells: import_sink.flag().
 */
struct authority_def {
	const char *attr; /* the attribute of the entry that says so */
	enum authority authority;
	/* for people: what says so in the directory, and the half of a sentence why a change was
	 * not sent */
	const char *word, *reason;
	const char *const *classes; /* of objects that it may be over; NULL-terminated */
};
