/*
 * adsyncd: options, then the daemon or, executed again by it, the worker of one run
 * or one question. See adsyncd(8).
 */
#include "daemon.h"
#include "log.h"
#include "worker.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static void usage(FILE *f)
{
	fputs("Usage: adsyncd [--config FILE] [--log auto|journal|stderr]\n"
	      "       adsyncd --worker --profile PROFILE [--connector NAME] [--report FD]   (one "
	      "run, then exit)\n"
	      "       adsyncd --worker --question METHOD [--report FD]   (one answer; its "
	      "parameters\n"
	      "              are read from standard input)\n"
	      "       adsyncd --version\n"
	      "Profiles: delta, initial, full-import, delta-import, full-sync, delta-sync, "
	      "export.\n",
		f);
}

static int wrong(const char *what, const char *given, const char *wanted)
{
	fprintf(stderr, "adsyncd: %s: %s was expected, not \"%s\"\n", what, wanted, given);
	return 2;
}

static bool parse_descriptor(const char *text, int *ret)
{
	char *end;
	long n = strtol(text, &end, 10);

	*ret = (int)n;
	return *text && !*end && n >= STDOUT_FILENO && n < 1 << 20;
}

/* What the command line says. */
struct program {
	struct worker_options wo;
	enum log_target target;
	bool worker;
	const char *for_worker; /* an option that only a worker has */
};

#define GO_ON (-1)

/* The exit code when there is nothing more to do, else GO_ON. */
static int take_option(struct program *p, int option)
{
	switch (option) {
	case 'c':
		p->wo.config = optarg;
		return GO_ON;
	case 'l':
		if (!log_target_parse(optarg, &p->target))
			return wrong("--log", optarg, "auto, journal or stderr");
		return GO_ON;
	case 'w':
		p->worker = true;
		return GO_ON;
	case 'q':
		p->for_worker = "--question";
		p->wo.question = optarg;
		return GO_ON;
	case 'u':
		p->for_worker = "--uid";
		p->wo.uid = strtoll(optarg, NULL, 10);
		return GO_ON;
	case 'p':
		p->for_worker = "--profile";
		p->wo.profile = optarg;
		return GO_ON;
	case 'n':
		p->for_worker = "--connector";
		p->wo.connector = optarg;
		return GO_ON;
	case 'r':
		p->for_worker = "--report";
		if (!parse_descriptor(optarg, &p->wo.report))
			return wrong("--report", optarg, "the number of an open descriptor");
		return GO_ON;
	case 'v':
		puts("adsyncd " ADSYNC_VERSION);
		return 0;
	case 'h':
		usage(stdout);
		return 0;
	default:
		usage(stderr);
		return 2;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"log", required_argument, NULL, 'l'},
		{"worker", no_argument, NULL, 'w'},
		{"question", required_argument, NULL, 'q'},
		{"uid", required_argument, NULL, 'u'},
		{"profile", required_argument, NULL, 'p'},
		{"connector", required_argument, NULL, 'n'},
		{"report", required_argument, NULL, 'r'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct program p = {.wo = {.config = ADSYNC_CONFDIR "/adsyncd.conf",
				    .profile = "delta",
				    .report = -1,
				    .uid = -1},
		.target = LOG_TARGET_AUTO};
	_cleanup_free_ char *absolute = NULL;
	int c, code = GO_ON;

	while (code == GO_ON && (c = getopt_long(argc, argv, "", options, NULL)) != -1)
		code = take_option(&p, c);
	if (code != GO_ON)
		return code;
	if (optind < argc)
		return wrong("the command line", argv[optind], "nothing but options");
	if (p.for_worker && !p.worker) {
		fprintf(stderr,
			"adsyncd: %s is for one run or one question, which begin with --worker\n",
			p.for_worker);
		return 2;
	}
	log_open(p.target);
	/* a reload and the workers must find it whatever becomes of the current folder */
	absolute = realpath(p.wo.config, NULL);
	p.wo.config = absolute ? absolute : p.wo.config;
	return p.worker ? worker_main(&p.wo) : daemon_main(p.wo.config);
}
