/* What an Active Directory object can hold, and the wire forms of its values. */
#pragma once

#include "model/entry.h"
#include "model/schema.h"

extern const struct schema ad_schema;

struct ad_attr {
	unsigned id; /* of the process */
	enum value_type type;
};

/*
 * The attribute under a name as a server or a file spells it (any case, without options). An
 * attribute that the table lacks is a string. id 0: not a possible name.
 */
struct ad_attr ad_attr_find(const char *name, size_t n);

/* The same, but 0 for a name that nobody has asked for: a file's names do not fill the table. */
struct ad_attr ad_attr_look(const char *name, size_t n);

/* An attribute's name with its options (RFC 4512, 2.5.2). */
struct ad_name {
	size_t n;      /* bytes of the attribute's name; all when an option makes it another one */
	bool in_range; /* the values have numbers ([MS-ADTS] 3.1.1.3.1.3.3) ... */
	int64_t first, last; /* ... from first (-1: they cannot be read) to last (-1: the end) */
};
struct ad_name ad_name_parse(const char *name, size_t len);
/* These are all values of the attribute. */
static inline bool ad_name_is_whole(const struct ad_name *n)
{
	return !n->in_range || (n->first == 0 && n->last < 0);
}

/*
 * Adds one value in its wire form: text for numbers and booleans, raw bytes for binary, a DN for
 * references. NULL, or what is wrong with it.
 */
const char *ad_value_add(
	struct entry *en, struct ad_attr attr, const char *data, size_t n) _must_check_;

/*
 * The class of an object from its objectClass values: the most specific that we know, NULL when
 * we import none of them.
 */
const char *ad_class(const struct value *classes, unsigned n);
/* An OU or another folder that objects of ours may lie in. */
bool ad_is_container(const struct value *classes, unsigned n);

/* Is the attribute in the table, so that its type is known without asking the directory? */
bool ad_attr_in_table(const char *name, size_t n);
/* Forgets what another directory's schema said. */
void ad_attr_forget(void);
/* The type that the directory's schema gives to an attribute that the table lacks. */
void ad_attr_learn(const char *name, enum value_type type);
/*
 * attributeSyntax of the directory's schema ([MS-ADTS] 3.1.1.2.2.2) as a type; what cannot be
 * more than text is a string.
 */
enum value_type ad_syntax_type(const char *syntax);

#define AD_CONSTRUCTED                                                                          \
	"the domain controller computes it at each question (constructed), so no change of it " \
	"is ever told"
#define AD_NOT_REPLICATED \
	"domain controllers do not replicate it, so its value depends on the one that is asked"
#define AD_SECURITY "it says who may do what in Active Directory, and means nothing elsewhere"
/* operational.c; names in any case */
/*
 * Why an attribute cannot be given to another directory, as far as it is known without asking
 * (constructed, not replicated, a secret); half of a sentence. NULL: nothing speaks against it.
 */
const char *ad_attr_refused(const char *name);
/* Is the attribute the directory's own business, which nobody misses in another directory? */
bool ad_attr_operational(const char *name);
/* The row of the table, by a name in any case; NULL: it has none. Nothing is interned. */
const struct schema_attr *ad_attr_row(const char *name);
