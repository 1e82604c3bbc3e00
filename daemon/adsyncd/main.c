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

static bool parse_descriptor(const char *text, int *ret)
{
	char *end;
	long n = strtol(text, &end, 10);

	*ret = (int)n;
	return *text && !*end && n >= STDOUT_FILENO && n < 1 << 20;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"log", required_argument, NULL, 'l'},
		{"worker", no_argument, NULL, 'w'},
		{"question", required_argument, NULL, 'q'},
		{"profile", required_argument, NULL, 'p'},
		{"connector", required_argument, NULL, 'n'},
		{"report", required_argument, NULL, 'r'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct worker_options wo = {
		.config = ADSYNC_CONFDIR "/adsyncd.conf", .profile = "delta", .report = -1};
	enum log_target target = LOG_TARGET_AUTO;
	bool worker = false;
	_cleanup_free_ char *absolute = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			wo.config = optarg;
			break;
		case 'l':
			if (!log_target_parse(optarg, &target)) {
				usage(stderr);
				return 2;
			}
			break;
		case 'w':
			worker = true;
			break;
		case 'q':
			wo.question = optarg;
			break;
		case 'p':
			wo.profile = optarg;
			break;
		case 'n':
			wo.connector = optarg;
			break;
		case 'r':
			if (!parse_descriptor(optarg, &wo.report)) {
				usage(stderr);
				return 2;
			}
			break;
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
	if (optind < argc) {
		usage(stderr);
		return 2;
	}
	log_open(target);
	/* a reload and the workers must find it whatever becomes of the current folder */
	absolute = realpath(wo.config, NULL);
	wo.config = absolute ? absolute : wo.config;
	return worker ? worker_main(&wo) : daemon_main(wo.config);
}
