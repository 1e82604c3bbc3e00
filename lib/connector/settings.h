/*
 * Settings: a section of adsyncd.conf after checking, and the table rows that check, print,
 * complete and document it. A new setting is a row.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* One setting of adsyncd.conf: a row checks, prints, completes and documents it. */
enum option_kind {
	OPTION_STRING,
	OPTION_LIST,     /* may go on in indented lines; they are kept apart by newlines */
	OPTION_BOOLEAN,  /* yes|no|true|false|on|off */
	OPTION_NUMBER,   /* min..max */
	OPTION_DURATION, /* [d.]HH:MM:SS or seconds; stored as seconds */
	OPTION_PATH,
	OPTION_SECRET, /* path of a 0600 file, or credential:NAME */
	OPTION_CHOICE, /* one word of choices, separated by '|' */
};

/* Who may have a value of its own, beside the one for all (sync/own.h). */
enum option_own {
	OPTION_OWN_CONNECTOR = 1 << 0, /* any connector, in its section */
	OPTION_OWN_TARGET = 1 << 1,    /* a connector that can be exported to */
	OPTION_OWN_CLASS = 1 << 2,     /* also one class of objects: NAME.CLASS */
};

/* A word, or a number as it is written, that stands for a number. The last one has no word. */
struct option_word {
	const char *word;
	int64_t value;
	const char
		*warning; /* what to tell who has written it; NULL: nothing; OPTION_CHOICE: why */
};

struct option_def {
	const char *name;
	enum option_kind kind;
	const char *def; /* default as text, NULL for none */
	bool required;
	int64_t min, max;    /* OPTION_NUMBER */
	const char *choices; /* OPTION_CHOICE; OPTION_NUMBER: the words, for people */
	const char *help;    /* one line for people */
	unsigned own;        /* enum option_own */
	/* OPTION_NUMBER: what may stand there, too; OPTION_CHOICE: what no longer may; or NULL */
	const struct option_word *words;
};

/* Such a value, in the section of a connector, or in its own section for one class. */
struct setting_own {
	const struct option_def *def;
	char *class;   /* NULL: for all classes */
	char *written; /* the key as it stands in the file */
	char *value;
	int line;
};

/* A section of adsyncd.conf, after checking: text values by name. Immutable while in use. */
struct settings {
	const char *name; /* the connector's name, "contoso.com" */
	const char *file;
	int line; /* of the section */
	const struct option_def *defs;
	unsigned n_defs;
	char **values; /* parallel to defs; NULL when unset and without default */
	int *lines;    /* parallel: the line that set it, 0 for a default */
	struct setting_own *own;
	unsigned n_own;
};

/*
 * The text in the form that the functions below read; the caller frees. In why stands a warning, or
 * "". NULL: the text may not stand there, why says what may.
 */
char *setting_normalise(const struct option_def *d, const char *text, char *why, size_t size);
/* The word that people write for a number, "off"; NULL: there is none. */
const char *setting_word(const struct option_def *d, int64_t n);

/* Value of a setting that the defs list; NULL when unset. asserts that the name exists. */
const char *setting_text(const struct settings *s, const char *name);
/* The line that set it; of the section, when it is a default. */
int setting_line(const struct settings *s, const char *name) _must_check_;
bool setting_bool(const struct settings *s, const char *name);
int64_t setting_number(const struct settings *s, const char *name); /* also durations */
/* A list split at the separator and at line ends, trimmed; NULL-terminated, strings and array in
 * the arena. */
char **setting_list(const struct settings *s, const char *name, char separator, struct arena *a);
/* Fills *e with file, line and the text; returns -EINVAL. */
int setting_error(const struct settings *s, const char *name, struct err *e, const char *fmt, ...)
	_printf_(4, 5) _must_check_;
