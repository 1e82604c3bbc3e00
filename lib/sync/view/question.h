/*
 * The methods of the control interface that need the configuration, the store or the directories,
 * by their names. A new one is a row of the table in question.c with its function, and its line in
 * daemon/adsyncd/org.adsyncd.Control.varlink: with its row the daemon offers it as a method.
 */
#pragma once

#include "sync/config.h"
#include "sync/work.h"

#include <jansson.h>

enum question_kind {
	QUESTION_QUICK,     /* reads a few rows and waits for nobody: for a loop */
	QUESTION_LONG,      /* loads rules, or walks through rows: for a process of its own */
	QUESTION_CHANGE,    /* takes the lock of a run, and writes */
	QUESTION_DIRECTORY, /* talks to a directory or service */
	/*
	 * May take hours, tells its progress, and ends early when the one who asked goes away. The
	 * second also takes the lock of a run, and keeps it to its end.
	 */
	QUESTION_WORK,
	QUESTION_WORK_CHANGE,
};

/* Who may ask: the control socket is for root and a group, the status socket for everybody. */
enum question_socket {
	QUESTION_ON_CONTROL, /* the control socket only */
	QUESTION_ON_BOTH,    /* the status socket, too */
};

struct question {
	const char *name;
	enum question_kind kind;
	enum question_socket socket;
	const char *strings[3]; /* parameters that it must have; NULL: no more */
	const char *number;     /* one that may be there: not negative; NULL: none */
	int (*answer)(const struct config *cfg, const json_t *p, json_t **ret, struct err *e);
	/* of QUESTION_WORK and QUESTION_WORK_CHANGE, instead of `answer` */
	int (*work)(const struct config *cfg, const json_t *p, const struct work_host *host,
		json_t **ret, struct err *e);
	/*
	 * What it tells on its way belongs to the answer: nothing of it may be left out, and the
	 * work waits for the one who asked to read it.
	 */
	bool keeps_pace;
};

/* Does it take long, and tell its progress? */
static inline bool question_is_work(const struct question *q)
{
	return q->work != NULL;
}
/* Does it need the lock of a run? */
static inline bool question_changes(const struct question *q)
{
	return q->kind == QUESTION_CHANGE || q->kind == QUESTION_WORK_CHANGE;
}

/* The whole table. */
const struct question *question_all(unsigned *ret_n);
/* NULL: there is no such method. */
const struct question *question_find(const char *name);
/* The parameter that is missing or of a wrong type; NULL: none. */
const char *question_wrong(const struct question *q, const json_t *parameters);
/*
 * Answers. host: for one that is work, else it may be NULL. *ret: a new reference to the reply's
 * parameters. -ENOENT: there is no such object, or no cycle has run yet. -EBUSY: somebody else has
 * the store.
 */
int question_answer(const struct config *cfg, const struct question *q, const json_t *parameters,
	const struct work_host *host, json_t **ret, struct err *e) _must_check_;

/* Loads and checks the rules of a configuration, and forgets them. */
int question_check_rules(const struct config *cfg, struct err *e) _must_check_;
/* A store of an older version is brought to this one; none is made. */
int question_upgrade_store(const struct config *cfg, struct err *e) _must_check_;
