/*
 * Fills the tables of the program into a manual page: tables PAGE.in, to standard output. A line
 * that is only @NAME@ is replaced: @FUNCTIONS@, @OBJECT@, @OPERATORS@, @LINKTYPES@, @MERGETYPES@,
 * @SECTION:NAME@ and @TYPE:NAME@ (options of adsyncd.conf), @COMMANDS@, @COMMANDS:rules@,
 * @ERRORS@, @FINDINGS@, @OPTIONS@ and @COMPLETION@ (of adsyncctl). Anywhere else in a line,
 * @CONFDIR@,
 * @DATADIR@, @RUNDIR@ and @STATEDIR@ are the folders of this installation. A key of rule files that
 * the page does not speak of is an error, which ends the build.
 */
#include "commands.h"
#include "base/file.h"
#include "connector/readiness.h"
#include "lang/expr/functions.h"
#include "lang/import/offline.h"
#include "lang/rule/ruleset.h"
#include "lang/rule/scope.h"
#include "report/error_type.h"
#include "sync/config.h"

#include <stdio.h>

struct word {
	const char *word, *help;
};

static const struct word OPERATORS_[] = {
#define X(name, word, help) {word, help},
	SCOPE_OPERATORS(X)
#undef X
};
static const struct word LINK_TYPES_[] = {
#define X(name, word, help) {word, help},
	LINK_TYPES(X)
#undef X
};
static const struct word MERGE_TYPES_[] = {
#define X(name, word, help) {word, help},
	MERGE_TYPES(X)
#undef X
};

/* Text for troff: a backslash is doubled, a dot or quote at the beginning is protected. */
void put(const char *s)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", stdout);
	for (; *s; s++) {
		if (*s == '\\')
			fputs("\\e", stdout);
		else if (*s == '-')
			fputs("\\-", stdout);
		else
			putchar(*s);
	}
}

static void put_words(const struct word *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		printf(".TP\n.B %s\n", w[i].word);
		put(w[i].help);
		putchar('\n');
	}
}

/* Names of errors: what to do, and when the object is tried again. */
static void put_errors(void)
{
	for (unsigned i = 0; i < ERROR_TYPE_COUNT; i++) {
		const char *advice = error_type_advice((enum error_type)i);

		printf(".TP\n.B ");
		put(error_type_word((enum error_type)i));
		putchar('\n');
		put(advice ? advice : "see the text");
		printf(".\nThe object is ");
		put(error_type_retry((enum error_type)i));
		puts(".");
	}
}

static void put_findings(void)
{
	for (unsigned i = 0; i < READINESS_COUNT; i++) {
		const struct readiness_row *r = &readiness_rows[i];

		printf(".TP\n.B ");
		put(r->code);
		printf(" \\fR(");
		put(readiness_severity_word(r->severity));
		puts(")");
		put(r->why);
		printf(".\nTo do: ");
		put(r->advice);
		puts(".");
	}
}

static void put_functions(void)
{
	const char *group = "";

	for (unsigned i = 0; i < n_functions; i++) {
		const struct function *f = &functions[i];

		if (!streq(group, f->group))
			printf(".SS %s\n", f->group);
		group = f->group;
		printf(".TP\n\\fB");
		put(f->signature);
		printf("\\fR\n");
		put(f->help);
		printf("\n.br\n");
		put(f->example);
		printf(" \\(-> ");
		put(f->result);
		putchar('\n');
	}
}

static void put_object(void)
{
	for (const char *p = expr_example; *p;) {
		size_t n = strcspn(p, "\n");
		char line[2000];

		/* the certificate fills many lines and tells people nothing */
		snprintf(line, sizeof(line), "%.*s", (int)(n > 90 ? 60 : n), p);
		put(line);
		puts(n > 90 ? "...\"}," : "");
		p += n + (p[n] == '\n');
	}
}

static void put_options(const struct option_def *o, unsigned n)
{
	static const char *const kinds[] = {
		[OPTION_STRING] = "string",
		[OPTION_LIST] = "list",
		[OPTION_BOOLEAN] = "boolean",
		[OPTION_NUMBER] = "number",
		[OPTION_DURATION] = "duration",
		[OPTION_PATH] = "path",
		[OPTION_SECRET] = "secret",
		[OPTION_CHOICE] = "choice",
	};

	for (unsigned i = 0; i < n; i++) {
		printf(".TP\n.B %s\n(", o[i].name);
		if (o[i].kind != OPTION_CHOICE)
			printf("%s%s", kinds[o[i].kind], o[i].choices ? "|" : "");
		printf("%s", o[i].choices ? o[i].choices : "");
		if (o[i].def)
			printf(", default %s", o[i].def);
		printf("%s%s%s) ", o[i].required ? ", required" : "",
			o[i].own & ~(unsigned)OPTION_OWN_CLASS ? ", also in a connector's section"
							       : "",
			o[i].own & OPTION_OWN_CLASS ? ", also for one class" : "");
		put(o[i].help);
		putchar('\n');
	}
}

/* @SECTION:name@ and @TYPE:name@ of adsyncd.conf. */
static bool put_section(const char *line)
{
	char name[64];

	if (sscanf(line, "@SECTION:%63[a-z]@", name) == 1)
		for (unsigned i = 0; i < config_n_sections; i++)
			if (streq(config_sections[i].name, name)) {
				put_options(
					config_sections[i].options, config_sections[i].n_options);
				return true;
			}
	if (sscanf(line, "@TYPE:%63[a-z]@", name) == 1 && connector_type_find(name)) {
		const struct connector_type *t = connector_type_find(name);

		put_options(t->options, t->n_options);
		return true;
	}
	return false;
}

/* A line of text, with the folders in it. */
static void put_text(const char *line)
{
	static const struct {
		const char *mark, *folder;
	} folders[] = {
		{"@CONFDIR@", ADSYNC_CONFDIR},
		{"@DATADIR@", ADSYNC_DATADIR},
		{"@RUNDIR@", ADSYNC_RUNDIR},
		{"@STATEDIR@", ADSYNC_STATEDIR},
	};
	unsigned i;

	while (*line) {
		for (i = 0; i < ARRAY_SIZE(folders); i++)
			if (str_starts(line, folders[i].mark))
				break;
		if (i == ARRAY_SIZE(folders)) {
			putchar(*line++);
			continue;
		}
		fputs(folders[i].folder, stdout);
		line += strlen(folders[i].mark);
	}
	putchar('\n');
}

static int put_line(const char *line)
{
	if (put_section(line))
		return 0;
	if (streq(line, "@FUNCTIONS@"))
		put_functions();
	else if (streq(line, "@OBJECT@"))
		put_object();
	else if (streq(line, "@OPERATORS@"))
		put_words(OPERATORS_, ARRAY_SIZE(OPERATORS_));
	else if (streq(line, "@LINKTYPES@"))
		put_words(LINK_TYPES_, ARRAY_SIZE(LINK_TYPES_));
	else if (streq(line, "@MERGETYPES@"))
		put_words(MERGE_TYPES_, ARRAY_SIZE(MERGE_TYPES_));
	else if (streq(line, "@COMMANDS@"))
		put_commands(NULL);
	else if (streq(line, "@COMMANDS:rules@"))
		put_commands("rules");
	else if (streq(line, "@ERRORS@"))
		put_errors();
	else if (streq(line, "@FINDINGS@"))
		put_findings();
	else if (streq(line, "@OPTIONS@"))
		put_command_options();
	else if (streq(line, "@COMPLETION@"))
		put_completion();
	else if (line[0] == '@' && line[strlen(line) - 1] == '@')
		return 1;
	else
		put_text(line);
	return 0;
}

static int check_keys(const char *page, const char *const *keys)
{
	int missing = 0;

	for (; *keys; keys++) {
		if (strstr(page, *keys))
			continue;
		fprintf(stderr, "the manual does not speak of the key %s\n", *keys);
		missing = 1;
	}
	return missing;
}

int main(int argc, char **argv)
{
	_cleanup_free_ char *page = NULL;
	struct err e = {0};
	char text[512];

	if (argc != 2 || file_read(argv[1], 1 << 20, &page, NULL, &e) < 0) {
		fprintf(stderr, "%s\n",
			argc == 2 ? err_format(&e, text, sizeof(text)) : "usage: tables PAGE.in");
		return 1;
	}
	if (strstr(argv[1], "rules") &&
		(check_keys(page, rule_file_keys) || check_keys(page, flow_file_keys)))
		return 1;
	for (char *line = page, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (put_line(line)) {
			fprintf(stderr, "%s: there is no table %s\n", argv[1], line);
			return 1;
		}
	}
	return 0;
}
