/* Reading AD over LDAP: the server, whole objects, changes. Inside the AD connector only. */
#pragma once

#include "connector/ad/ad.h"
#include "net/ldap.h"

#define AD_CLASS_FILTER                                                \
	"(|(objectClass=user)(objectClass=group)(objectClass=contact)" \
	"(objectClass=foreignSecurityPrincipal))"
#define AD_CONTAINER_CLASSES                                      \
	"(objectClass=organizationalUnit)(objectClass=container)" \
	"(objectClass=builtinDomain)(objectClass=domain)(objectClass=lostAndFound)"

/* Not an error: the changes cannot be told, everything must be read. */
#define AD_NEEDS_FULL 1

#define AD_NAME_SIZE 1024

/* One domain controller, or another LDAP server, and what its root says. */
struct ad_server {
	struct directory *dir;
	char service[AD_NAME_SIZE]; /* dsServiceName: DN of its NTDS settings; "" none */
	char invocation[64];        /* invocationId of its database, hex; "" unknown */
	char schema_nc[AD_NAME_SIZE], config_nc[AD_NAME_SIZE];
	char default_nc[AD_NAME_SIZE], root_nc[AD_NAME_SIZE]; /* its domain, the forest's first */
	int64_t usn;                                          /* highestCommittedUSN; -1: none */
	int forest_level, domain_level, dc_level; /* msDS-Behavior-Version; -1: not told */
	bool has_dirsync, has_deleted;
	bool is_samba; /* reads CN=Deleted Objects with the account's rights even for DirSync */
	bool hosts;    /* the naming context that was asked for */
};

enum conn_result ad_ladder(int r) _must_check_;
/*
 * Connects to a server of the list, or of DNS, that answers and holds the naming context:
 * `preferred` first when it is one of them (NULL: none). Negative errno as net/ldap.h.
 */
int ad_server_open(const struct connector *con, const char *base, const char *preferred,
	struct ad_server *ret, struct err *e) _must_check_;
void ad_server_close(struct ad_server *s);
/* 1: the account can read CN=Deleted Objects of the naming context, 0: not. */
int ad_reads_deleted(struct ad_server *s, const char *base, struct err *e) _must_check_;

/* One naming context in an import. */
struct ad_domain {
	struct ad_import *im;
	const char *base;
	const char *filter;     /* what the configuration asks for beside the class; "" nothing */
	const char *group_guid; /* of include_group; NULL: none */
	const char **attrs;     /* that are asked for; NULL-terminated */
	/*
	 * Of these, what a full read needs: the schema has it. A domain controller looks at each
	 * name for each object (Samba: a third of the time for a hundred that do not exist).
	 */
	const char **all_attrs;
	struct ad_server server;
	const struct ad_cursor_domain *last; /* at the last import; NULL: none */
	enum ad_method method;
	int method_before;    /* at the last import; -1: none */
	const char *notes[4]; /* about the way, in the arena */
	unsigned n_notes;
	struct directory_sync sync; /* its cookie so far */
	int64_t usn;                /* changes after it are not read yet */
	/* collected by a pass over the changes */
	struct {
		unsigned char (*guids)[16];
		bool *restored;
		unsigned n, cap;
	} later; /* objects to read whole */
	struct container_move *moves;
	unsigned n_moves, cap_moves;
	const char *full_reason; /* of AD_NEEDS_FULL */
	struct arena arena;      /* of the pass */
	struct {
		char *name;
		int64_t next; /* first value not yet read */
	} ranged[16];
	unsigned n_ranged;
	int64_t got_from; /* the next value that is left of one; -1: none */
	bool part_came;   /* the server answered for it */
};

/* A read of AD over LDAP: its domains, and what is known of the last import. See ldap.c. */
struct ldap_import {
	struct ad_import *im;
	struct ad_domain *domains;
	unsigned n_domains;
	struct ad_cursor last; /* empty: none */
	struct ad_cursor next;
	uint64_t digest;
	bool signed_in; /* to each server: what is refused from here on is a matter of rights */
	struct arena arena;
};

/* Connects to a server of each domain. ad_ldap_end() also when it fails. */
int ad_ldap_begin(struct ldap_import *li, struct err *e) _must_check_;
void ad_ldap_end(struct ldap_import *li);
/* Looks up the folders and the group that the settings choose. */
int ad_ldap_resolve(struct ldap_import *li, struct err *e) _must_check_;
/* What the directory's schema said of attributes that our table lacks, at the last import. */
void ad_ldap_use_types(const struct ad_cursor_type *types, unsigned n);

/* What CN=Partitions says; nothing where it cannot be read. */
int ad_names_read(struct ad_server *s, struct ad_names *ret, struct err *e) _must_check_;

/* --- whole objects: read.c --- */

/* Begins the object under construction and adds an entry's values, ranges included. */
int ad_read_whole(
	struct ad_domain *d, const struct directory_entry *item, struct err *e) _must_check_;
/* Containers, and objects of the naming context that the scope and the filter choose. */
int ad_read_all(struct ad_domain *d, struct err *e) _must_check_;
/* Puts an object on the list of those to read; then reads them. Those gone are told. */
void ad_read_later(struct ad_domain *d, const unsigned char guid[16], bool restored);
int ad_read_listed(struct ad_domain *d, struct err *e) _must_check_;

/* --- changes: delta.c --- */

/*
 * Finds out how changes can be told, best way first, and from where on: called before everything
 * is read.
 */
int ad_delta_begin(struct ad_domain *d, struct err *e) _must_check_;
/* Delivers the changes since d->last, or since ad_delta_begin(). 0 or AD_NEEDS_FULL. */
int ad_delta_read(struct ad_domain *d, struct err *e) _must_check_;

/* --- schema: directory_schema.c --- */

/* The server names no schema, or the account cannot read it whole. */
#define AD_SCHEMA_NONE 1
/*
 * Looks the rules' attributes up in the directory's schema: types of those that our table lacks,
 * and the names of those that do not exist. 0, or AD_SCHEMA_NONE with empty lists: then nothing
 * may be concluded. The lists live in the arena.
 */
int ad_schema_read(struct ad_server *s, const struct import_request *req, struct arena *a,
	struct ad_cursor_type **ret, unsigned *ret_n, const char ***ret_missing,
	unsigned *ret_n_missing, struct err *e) _must_check_;
/* "a, b, c and 7 more" */
const char *ad_name_list(const char *const *names, unsigned n, struct arena *a);
