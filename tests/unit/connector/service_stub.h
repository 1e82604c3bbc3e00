/*
 * The provisioning service and a source of items, for tests of the export: what came is kept in
 * messages[], how the service behaves is said by variables that set_up() puts back, and what became
 * of each item is in outcomes[].
 */
#pragma once

#include "connector/entra/graph.h"
#include "connector/entra/service/export.h"
#include "connector/entra/service/session.h"

#define OBJECTS_MAX 64

/* An object of a request, as far as a test wants to know. */
struct sent {
	char source[64], cloud[64], operation[8];
	unsigned adds, removes;
	char target[64]; /* the last one */
	bool bad;        /* a target, or the object itself, is the bad one */
};

struct message {
	bool second; /* ...Objects2 */
	struct sent objects[OBJECTS_MAX];
	unsigned n, links;
};

struct outcome {
	unsigned times;
	enum conn_result result;
	char anchor[64], type[64], text[400];
	bool soa, outside;
};

/* --- what came --- */

extern struct message messages[256];
extern unsigned n_messages, n_configurations, n_finals;
extern char total[24], total_good[24]; /* of FinalizeExport */

/* --- how the service behaves; set_up() puts all of it back --- */

extern const char *bad;    /* anchors that begin so are refused */
extern bool bad_is_fault;  /* ... and the whole request with them */
extern const char *poison; /* with this one in it a whole request is refused */
extern const char *words;  /* why; after a colon stands the anchor */
extern unsigned refuses;   /* so many refusals, then everything is taken; 0: for ever */
extern unsigned busy;      /* requests that are answered so */
extern unsigned cut;       /* ... that are not answered */
extern bool cut_works;     /* Graph shows what was asked in them */
extern bool shuffled, nameless, anchorless, short_answer, no_final;
extern const char *warning;
extern long links_max;

/* --- the connector, and the items that it gets --- */

extern struct connector c;
extern char *values[5]; /* of its settings */
extern bool stop;       /* the host asks to stop */
extern struct arena arena;
extern struct export_item *items;
extern struct outcome *outcomes; /* by item */
extern unsigned n_items, n_given, n_sending;

/* Makes room for n items; there are none then. */
void room(unsigned n);
/* "prefix" and the number, in the arena. */
const char *anchor_text(const char *prefix, unsigned i);
void add_user(const char *source_anchor);
void add_link(const char *attr, const char *of, const char *to, enum delta_op op);
/* Room, and n of them. */
void add_users(unsigned n);
void add_members(unsigned n);

enum conn_result export(struct err *e);
/* The export ends well, and each item has one outcome. */
void export_well(void);
/* How many items were refused. */
unsigned refused(void);

/* Of the group of tests: the folder with the credentials. */
int group_set_up(void **state);
int group_tear_down(void **state);
int set_up(void **state);
int tear_down(void **state);
