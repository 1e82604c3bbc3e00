/* adsyncctl's commands and options, for its manual page and the completion of bash. */
#include "commands.h"
#include "base/util.h"
#include "sync/run.h"

#include <ctype.h>
#include <stdio.h>

#define OWN_GROUP "rules" /* has a section of its own */

static const struct {
	const char *group, *name, *arguments, *help, *more;
} COMMANDS[] = {
#define COMMAND(group, name, arguments, least, most, function, help, more) \
	{group, name, arguments, help, more},
#include "commands.inc"
#undef COMMAND
};

static const struct {
	const char *word, *argument, *help;
} OPTIONS[] = {
#define OPTION(letter, word, argument, help) {word, argument, help},
#include "commands.inc"
#undef OPTION
};

/* --- the manual --- */

/* Capitals stand for something and are italic, words are as they are typed and bold. */
static void put_arguments(const char *s)
{
	while (*s) {
		size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
		size_t m = n ? n : strspn(s, "abcdefghijklmnopqrstuvwxyz-");
		char word[64];

		if (!m) {
			putchar(*s++);
			continue;
		}
		snprintf(word, sizeof(word), "%.*s", (int)m, s);
		fputs(n ? "\\fI" : "\\fB", stdout);
		put(word);
		fputs("\\fR", stdout);
		s += m;
	}
}

void put_commands(const char *group)
{
	for (unsigned i = 0; i < ARRAY_SIZE(COMMANDS); i++) {
		const char *own = COMMANDS[i].group;
		bool here = group ? own && streq(own, group) : !own || !streq(own, OWN_GROUP);

		if (!here)
			continue;
		fputs(".TP\n\\fB", stdout);
		if (own) {
			put(own);
			putchar(' ');
		}
		put(COMMANDS[i].name);
		fputs(*COMMANDS[i].arguments ? "\\fR " : "\\fR", stdout);
		put_arguments(COMMANDS[i].arguments);
		putchar('\n');
		put(COMMANDS[i].more ? COMMANDS[i].more : COMMANDS[i].help);
		putchar('\n');
	}
}

void put_command_options(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(OPTIONS); i++) {
		fputs(".TP\n\\fB\\-\\-", stdout);
		put(OPTIONS[i].word);
		fputs(OPTIONS[i].argument ? "\\fR " : "\\fR", stdout);
		if (OPTIONS[i].argument)
			put_arguments(OPTIONS[i].argument);
		putchar('\n');
		put(OPTIONS[i].help);
		putchar('\n');
	}
}

/* --- completion --- */

static bool is_path(const char *word, size_t n)
{
	static const char *const paths[] = {"FILE", "DIR", "PATH", "OLD", "NEW"};

	for (unsigned i = 0; i < ARRAY_SIZE(paths); i++)
		if (strlen(paths[i]) == n && strncmp(word, paths[i], n) == 0)
			return true;
	return false;
}

static void put_profiles(void)
{
#define X(name, word, ...) printf(" %s", word);
	RUN_PROFILES(X)
#undef X
}

/* Words that may come: those that are typed as they stand; names of files where they may stand. */
static void put_choices(const char *arguments)
{
	bool files = false;

	fputs(" words=\"", stdout);
	for (const char *s = arguments; *s;) {
		size_t n = strcspn(s, " []|.'");

		if (n && (islower((unsigned char)*s) || *s == '-'))
			printf(" %.*s", (int)n, s);
		else if (n && strncmp(s, "PROFILE", n) == 0)
			put_profiles();
		files = files || is_path(s, n);
		s += n ? n : 1;
	}
	printf("\"%s ;;\n", files ? " files=1" : "");
}

/* The word that a command begins with. */
static const char *first_word(unsigned i)
{
	return COMMANDS[i].group ? COMMANDS[i].group : COMMANDS[i].name;
}

static bool is_first(unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (streq(first_word(k), first_word(i)))
			return false;
	return true;
}

static void put_groups(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(COMMANDS); i++) {
		if (!COMMANDS[i].group || !is_first(i))
			continue;
		printf("\t*\" %s\") words=\"", COMMANDS[i].group);
		for (unsigned k = i; k < ARRAY_SIZE(COMMANDS); k++)
			if (COMMANDS[k].group && streq(COMMANDS[k].group, COMMANDS[i].group))
				printf(" %s", COMMANDS[k].name);
		puts("\" ;;");
	}
}

static void put_all(void)
{
	fputs("\t*) words=\"", stdout);
	for (unsigned i = 0; i < ARRAY_SIZE(COMMANDS); i++)
		if (is_first(i))
			printf(" %s", first_word(i));
	for (unsigned i = 0; i < ARRAY_SIZE(OPTIONS); i++)
		printf(" --%s", OPTIONS[i].word);
	puts("\" ;;");
}

void put_completion(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(OPTIONS); i++) {
		if (!OPTIONS[i].argument)
			continue;
		printf("\t*\" --%s\")", OPTIONS[i].word);
		put_choices(OPTIONS[i].argument);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(COMMANDS); i++)
		if (COMMANDS[i].group && *COMMANDS[i].arguments) {
			printf("\t\"%s %s\")", COMMANDS[i].group, COMMANDS[i].name);
			put_choices(COMMANDS[i].arguments);
		}
	put_groups();
	for (unsigned i = 0; i < ARRAY_SIZE(COMMANDS); i++)
		if (!COMMANDS[i].group && *COMMANDS[i].arguments) {
			printf("\t*\" %s\")", COMMANDS[i].name);
			put_choices(COMMANDS[i].arguments);
		}
	put_all();
}
