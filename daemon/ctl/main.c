/*
 * adsyncctl, and start-sync-cycle under that name: clients of the control socket. A new command is
 * a row of commands.inc and a function.
 */
#include "ctl.h"
#include "base/text.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>

static const struct command commands[] = {
#define COMMAND(group, name, arguments, least, most, function, help, more) \
	{group, name, arguments, help, least, most, command_##function},
#include "commands.inc"
#undef COMMAND
};

static void usage(FILE *f)
{
	fputs("Usage: adsyncctl [--json] [--socket PATH] COMMAND\n"
	      "       start-sync-cycle [delta|initial] [--wait]\n\n",
		f);
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];
		char line[128];

		snprintf(line, sizeof(line), "%s%s%s %s", c->group ? c->group : "",
			c->group ? " " : "", c->name, c->arguments);
		fprintf(f, "  %-58s %s\n", line, c->help);
	}
	fputs("\nExit codes: 0 good, 1 ended with errors or not found, 2 usage, 3 a run is in\n"
	      "progress already, 4 adsyncd cannot be reached.\n",
		f);
}

static const struct command *find(int argc, char **argv, int *ret_words)
{
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];

		*ret_words = c->group ? 2 : 1;
		if (argc < *ret_words)
			continue;
		if (c->group ? streq(argv[0], c->group) && streq(argv[1], c->name)
			     : streq(argv[0], c->name))
			return c;
	}
	return NULL;
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	const struct command *c;
	int words;

	if (argc == 0) {
		usage(stderr);
		return CTL_USAGE;
	}
	c = find(argc, argv, &words);
	if (!c) {
		fprintf(stderr, "adsyncctl: unknown command \"%s%s%s\"; see adsyncctl --help\n",
			argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
		return CTL_USAGE;
	}
	argc -= words;
	if (argc < c->min || argc > c->max) {
		fprintf(stderr, "Usage: adsyncctl %s%s%s %s\n", c->group ? c->group : "",
			c->group ? " " : "", c->name, c->arguments);
		return CTL_USAGE;
	}
	return c->run(ctl, argc, argv + words);
}

/* What goes to the daemon goes as JSON, which has no other text: it must not get lost on the way.
 */
static bool names_are_text(const struct ctl *c)
{
	const struct {
		const char *option, *value;
	} names[] = {
		{"--connector", c->connector},
		{"--group", c->of_group},
		{"--ou", c->ou},
		{"--filter", c->filter},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].value && !utf8_valid(names[i].value, strlen(names[i].value))) {
			fprintf(stderr, "adsyncctl: the value of %s is not text in UTF-8\n",
				names[i].option);
			return false;
		}
	return true;
}

/* Where the options go: by their letters in commands.inc. */
struct place {
	int letter;
	size_t offset;
};
static const struct place texts[] = {
	{'s', offsetof(struct ctl, socket)},
	{'c', offsetof(struct ctl, connector)},
	{'f', offsetof(struct ctl, config)},
	{'m', offsetof(struct ctl, metaverse)},
	{'o', offsetof(struct ctl, output)},
	{'e', offsetof(struct ctl, expr)},
	{'n', offsetof(struct ctl, entry)},
	{'F', offsetof(struct ctl, file)},
	{'G', offsetof(struct ctl, of_group)},
	{'O', offsetof(struct ctl, ou)},
	{'T', offsetof(struct ctl, filter)},
	{'H', offsetof(struct ctl, html)},
	{'S', offsetof(struct ctl, wave_size)},
	{'L', offsetof(struct ctl, failed)},
	{'W', offsetof(struct ctl, wave)},
};
static const struct place flags[] = {
	{'j', offsetof(struct ctl, json)},
	{'w', offsetof(struct ctl, wait)},
	{'k', offsetof(struct ctl, check)},
	{'u', offsetof(struct ctl, custom)},
	{'l', offsetof(struct ctl, lineage)},
	{'C', offsetof(struct ctl, csv)},
	{'R', offsetof(struct ctl, rollback)},
	{'p', offsetof(struct ctl, preview)},
	{'D', offsetof(struct ctl, dry_run)},
	{'X', offsetof(struct ctl, exchange)},
	{'K', offsetof(struct ctl, go_on)},
	{'B', offsetof(struct ctl, force)},
	{'E', offsetof(struct ctl, everything)},
	{'x', offsetof(struct ctl, wire)},
};

/* False: there is no such option. */
static bool take_option(struct ctl *ctl, int letter)
{
	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].letter == letter) {
			*(const char **)((char *)ctl + texts[i].offset) = optarg;
			return true;
		}
	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].letter == letter) {
			*(bool *)((char *)ctl + flags[i].offset) = true;
			return true;
		}
	return false;
}

/* Takes --yes-N out of the arguments; the number, -1: it is not there. */
static int64_t take_yes(int *argc, char **argv)
{
	int64_t ret = -1, n;
	int k = 1;

	for (int i = 1; i < *argc; i++)
		if (str_starts(argv[i], "--yes-") && ctl_number(argv[i] + strlen("--yes-"), &n))
			ret = n;
		else
			argv[k++] = argv[i];
	argv[k] = NULL;
	*argc = k;
	return ret;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
#define OPTION(letter, word, argument, help) \
	{word, argument ? required_argument : no_argument, NULL, letter},
#include "commands.inc"
#undef OPTION
		{0},
	};
	struct ctl ctl = {
		.socket = getenv("ADSYNCD_SOCKET"), .config = ADSYNC_CONFDIR "/adsyncd.conf"};
	const char *self = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	int o;

	ctl.socket = ctl.socket ? ctl.socket : ADSYNC_RUNDIR "/control";
	ctl.yes = take_yes(&argc, argv);
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case 'h':
			usage(stdout);
			return 0;
		case 'v':
			printf("%s " ADSYNC_VERSION "\n", self);
			return 0;
		default:
			if (take_option(&ctl, o))
				break;
			usage(stderr);
			return CTL_USAGE;
		}
	}
	if (!names_are_text(&ctl))
		return CTL_USAGE;
	if (streq(self, "start-sync-cycle")) {
		if (argc - optind > 1) {
			fputs("Usage: start-sync-cycle [delta|initial] [--wait]\n", stderr);
			return CTL_USAGE;
		}
		return command_start(&ctl, argc - optind, argv + optind);
	}
	return run(&ctl, argc - optind, argv + optind);
}
