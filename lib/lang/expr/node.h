/* The compiled tree of an expression; private to lang. */
#pragma once

#include "lang/expr/term.h"

enum node_kind {
	NODE_CONSTANT,
	NODE_ATTRIBUTE,
	NODE_PARAMETER,
	NODE_VARIABLE,
	NODE_CALL,
	NODE_BINARY,
};

/* X(enum, text, level): a higher level binds tighter */
#define OPERATORS(X)      \
	X(OR, "||", 1)    \
	X(AND, "&&", 1)   \
	X(EQ, "=", 2)     \
	X(NE, "<>", 2)    \
	X(LE, "<=", 2)    \
	X(GE, ">=", 2)    \
	X(LT, "<", 2)     \
	X(GT, ">", 2)     \
	X(CONCAT, "&", 3) \
	X(ADD, "+", 3)    \
	X(SUB, "-", 3)    \
	X(MUL, "*", 3)
enum operator{
#define X(name, text, level) OP_##name,
	OPERATORS(X)
#undef X
		OP_COUNT
};

struct function;

struct node {
	enum node_kind kind;
	unsigned column;             /* in the text, from 1 */
	struct term constant;        /* CONSTANT */
	unsigned attr;               /* ATTRIBUTE; ImportedValue, ValueCount: the quoted one */
	bool link;                   /* ATTRIBUTE: holds references, which are links, not values */
	const char *name;            /* PARAMETER, VARIABLE */
	enum operator op;            /* BINARY */
	const struct function *func; /* CALL */
	struct node **args;          /* CALL, BINARY (2) */
	unsigned n_args;
};

/*
 * A function: a row in functions.c. Eager functions get evaluated terms; lazy ones get the nodes
 * and evaluate what they need. Scalar functions map over the values of a list in argument 1.
 * The signature is read by people and by the type check: "num InStr(str, str[, num start])".
 */
enum {
	FUNC_LAZY = 1 << 0,
	FUNC_MAP = 1 << 1,    /* maps over a multi-valued first argument */
	FUNC_NULL = 1 << 2,   /* NULL in the first argument gives NULL without a call */
	FUNC_SAME1 = 1 << 3,  /* the result has the type of argument 1 */
	FUNC_SAME2 = 1 << 4,  /* ... of argument 2 */
	FUNC_SAME3 = 1 << 5,  /* ... of argument 3; with SAME2: of either */
	FUNC_PAIRS = 1 << 6,  /* Switch: condition, value ...: the result is one of the values */
	FUNC_NAME = 1 << 7,   /* argument 1 is the name of an attribute in quotes */
	FUNC_BIND2 = 1 << 8,  /* argument 1 is a $variable for argument 3, from a list */
	FUNC_LINKS = 1 << 9,  /* argument 1 may hold references */
	FUNC_RANDOM = 1 << 10 /* another result at each call */
};

struct function {
	const char *name;
	unsigned min_args, max_args; /* max 255: any number */
	unsigned flags;
	struct term (*eager)(struct run_state *rs, const struct term *args, unsigned n);
	struct term (*lazy)(struct run_state *rs, struct node **args, unsigned n);
	const char *group; /* of the manual */
	const char *signature;
	const char *help;
	const char *example, *result; /* over expr_example; the result as JSON */
};

extern const struct function functions[];
extern const unsigned n_functions;
const struct function *function_find(const char *name, size_t n);
/* The known name that is spelled most alike. */
const char *function_nearest(const char *name, size_t n);

struct term node_eval(struct run_state *rs, const struct node *node);

struct expr {
	struct arena arena;
	struct node *root;
	unsigned *attrs;
	unsigned n_attrs;
};

/* functions_text.c, functions_list.c, functions_value.c */
#define EAGER(name) struct term name(struct run_state *rs, const struct term *args, unsigned n)
#define LAZY(name) struct term name(struct run_state *rs, struct node **args, unsigned n)

EAGER(f_certextensionoids);
EAGER(f_certformat);
EAGER(f_certfriendlyname);
EAGER(f_certhashstring);
EAGER(f_certissuer);
EAGER(f_certissuerdn);
EAGER(f_certissueroid);
EAGER(f_certkeyalgorithm);
EAGER(f_certkeyalgorithmparams);
EAGER(f_certnameinfo);
EAGER(f_certnotafter);
EAGER(f_certnotbefore);
EAGER(f_certpublickeyoid);
EAGER(f_certpublickeyparametersoid);
EAGER(f_certserialnumber);
EAGER(f_certsignaturealgorithmoid);
EAGER(f_certsubject);
EAGER(f_certsubjectnamedn);
EAGER(f_certsubjectnameoid);
EAGER(f_certthumbprint);
EAGER(f_certversion);
EAGER(f_iscert);
EAGER(f_thumbprint);
EAGER(f_cbin);
EAGER(f_cbool);
EAGER(f_cdate);
EAGER(f_cguid);
EAGER(f_cnum);
EAGER(f_cref);
EAGER(f_cstr);
EAGER(f_frombase64);
EAGER(f_fromutf8hex);
EAGER(f_tobase64);
EAGER(f_toutf8hex);
EAGER(f_stringfromguid);
EAGER(f_stringfromsid);
EAGER(f_dateadd);
EAGER(f_datefromnum);
EAGER(f_formatdatetime);
EAGER(f_now);
EAGER(f_numfromdate);
EAGER(f_dncomponent);
EAGER(f_dncomponentrev);
EAGER(f_escapedncomponent);
EAGER(f_isbitset);
EAGER(f_isdate);
EAGER(f_isempty);
EAGER(f_isguid);
EAGER(f_isnull);
EAGER(f_isnullorempty);
EAGER(f_isnumeric);
EAGER(f_ispresent);
EAGER(f_isstring);
EAGER(f_bitand);
EAGER(f_bitor);
EAGER(f_randomnum);
EAGER(f_contains);
EAGER(f_count);
EAGER(f_item);
EAGER(f_itemornull);
EAGER(f_join);
EAGER(f_removeduplicates);
EAGER(f_split);
LAZY(f_valuecount);
EAGER(f_error);
LAZY(f_iif);
LAZY(f_importedvalue);
LAZY(f_select);
LAZY(f_switch);
LAZY(f_where);
LAZY(f_with);
EAGER(f_guid);
EAGER(f_instr);
EAGER(f_instrrev);
EAGER(f_lcase);
EAGER(f_ltrim);
EAGER(f_left);
EAGER(f_len);
EAGER(f_mid);
EAGER(f_pcase);
EAGER(f_padleft);
EAGER(f_padright);
EAGER(f_rtrim);
EAGER(f_replace);
EAGER(f_replacechars);
EAGER(f_right);
EAGER(f_trim);
EAGER(f_ucase);
EAGER(f_word);
