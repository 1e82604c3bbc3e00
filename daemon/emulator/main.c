/*
 * entra-emulator: an Entra tenant on a laptop, as far as directory synchronization sees it.
 * Options, state folder, event loop. See entra-emulator(8).
 */
#include "http/connection.h"
#include "http/server.h"
#include "http/tls.h"
#include "order/orders.h"
#include "soap/element.h"
#include "soap/names.h"
#include "tenant/clock.h"
#include "tenant/housekeeping.h"
#include "tenant/json_pool.h"
#include "tenant/persist.h"

#include "base/codec.h"
#include "base/file.h"

#include <openssl/rand.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#define FLUSH_MS 250
#define MESSAGE_MAX (64 * 1024 * 1024) /* of --names */

/* learn.microsoft.com/graph/throttling-limits: writes in 150 s, resource units in 10 s */
#define WRITES 3000
#define UNITS 3500

struct program {
	const char *tenant, *state, *port_file, *record, *names;
	struct server_config config;
	bool memory, throttle;
	bool failing; /* the last flush */
	struct tls_config tls;
	struct emulator em;
	struct event_base *base;
	struct server *server;
	struct persist *persist;
	char *snapshots;
};

static void usage(FILE *f)
{
	fputs("Usage: entra-emulator --tenant FILE --state DIR [OPTION]...\n"
	      "  --tenant FILE        the tenant: ids, verified domains, applications\n"
	      "  --state DIR          certificate and database; made when missing\n"
	      "  --listen HOST:PORT   default 127.0.0.1:8443; port 0 takes a free one\n"
	      "  --port-file FILE     the port is written there when the server listens\n"
	      "  --name NAME          a name more in a new certificate; may be given several "
	      "times\n"
	      "  --memory             keep the objects in memory only\n"
	      "  --cert-days N        validity of a new certificate, default 365\n"
	      "  --stable-ids         ids of synchronized objects follow from their sourceAnchor\n"
	      "  --record FILE        appends each $batch body and each message to the\n"
	      "                       provisioning service, without its token, to the file,\n"
	      "                       with its length\n"
	      "  --max-connections N  open at a time, default 4096; more wait until others end\n"
	      "  --request-timeout S  seconds for a whole request to arrive, default 120\n"
	      "  --throttle           3,000 writes in 150 s and 3,500 resource units in 10 s for\n"
	      "                       an application, as Graph's own limits for a small tenant\n"
	      "  --names FILE         prints the names in a recorded message of the service, "
	      "without\n"
	      "                       its values, and ends\n"
	      "  --help, --version\n"
	      "\n"
	      "Clients trust DIR/ca.pem, sign in at https://HOST:PORT/TENANT/oauth2/v2.0/token "
	      "and\n"
	      "call https://HOST:PORT/v1.0. /emulator/ has faults, statistics, a clock and\n"
	      "snapshots. See entra-emulator(8).\n",
		f);
}

static bool parse_listen(struct program *p, const char *text)
{
	const char *colon = strrchr(text, ':');
	char *end;
	long port;

	if (!colon || (size_t)(colon - text) >= sizeof(p->config.address))
		return false;
	snprintf(p->config.address, sizeof(p->config.address), "%.*s", (int)(colon - text), text);
	port = strtol(colon + 1, &end, 10);
	p->config.port = (unsigned short)port;
	return colon[1] && !*end && port >= 0 && port < 65536;
}

/* A body as it was recorded, application/soap+msbin1. */
static int print_names(const char *path, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf names = {0};
	_cleanup_free_ char *data = NULL;
	const struct element *root;
	size_t n;

	TRY(file_read(path, MESSAGE_MAX, &data, &n, e));
	root = element_decode(data, n, &a, e);
	if (!root)
		return e->code;
	names_write(root, &names);
	fputs(buf_str(&names), stdout);
	return 0;
}

/* 0: go on; else exit with that less 1. */
static int set_option(struct program *p, int c, const char *arg)
{
	switch (c) {
	case 't':
		p->tenant = arg;
		break;
	case 's':
		p->state = arg;
		break;
	case 'l':
		if (parse_listen(p, arg))
			break;
		fprintf(stderr, "entra-emulator: --listen takes HOST:PORT, not %s\n", arg);
		return 3;
	case 'p':
		p->port_file = arg;
		break;
	case 'n':
		if (p->tls.n_names < TLS_NAMES_MAX && tls_name_valid(arg)) {
			p->tls.names[p->tls.n_names++] = arg;
			break;
		}
		fprintf(stderr, "entra-emulator: --name takes a host's name, at most %d times\n",
			TLS_NAMES_MAX);
		return 3;
	case 'm':
		p->memory = true;
		break;
	case 'c':
		p->tls.days = atoi(arg);
		break;
	case 'i':
		p->em.stable_ids = true;
		break;
	case 'r':
		p->record = arg;
		break;
	case 'x':
		p->config.max_connections = (unsigned)MAX(atoi(arg), 1);
		break;
	case 'q':
		p->config.request_seconds = MAX(atoi(arg), 1);
		break;
	case 'o':
		p->throttle = true;
		break;
	case 'a':
		p->names = arg;
		break;
	case 'h':
		usage(stdout);
		return 1;
	case 'v':
		puts("entra-emulator " ADSYNC_VERSION);
		return 1;
	default:
		usage(stderr);
		return 3;
	}
	return 0;
}

/* As set_option(). */
static int parse_options(struct program *p, int argc, char **argv)
{
	static const struct option options[] = {
		{"tenant", required_argument, NULL, 't'},
		{"state", required_argument, NULL, 's'},
		{"listen", required_argument, NULL, 'l'},
		{"port-file", required_argument, NULL, 'p'},
		{"name", required_argument, NULL, 'n'},
		{"memory", no_argument, NULL, 'm'},
		{"cert-days", required_argument, NULL, 'c'},
		{"stable-ids", no_argument, NULL, 'i'},
		{"record", required_argument, NULL, 'r'},
		{"max-connections", required_argument, NULL, 'x'},
		{"request-timeout", required_argument, NULL, 'q'},
		{"throttle", no_argument, NULL, 'o'},
		{"names", required_argument, NULL, 'a'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	int c, r;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		r = set_option(p, c, optarg);
		if (r)
			return r;
	}
	if ((p->names || (p->tenant && p->state)) && optind == argc)
		return 0;
	usage(stderr);
	return 3;
}

static void on_signal(evutil_socket_t sig, short what, void *ctx)
{
	event_base_loopbreak(ctx);
}

static void flush(struct program *p)
{
	struct err e = {0};
	char text[1100];
	bool good = !p->persist || persist_flush(p->persist, &p->em, &e) == 0;

	if (!good && !p->failing) /* it is tried again four times a second */
		fprintf(stderr, "entra-emulator: %s\n", err_format(&e, text, sizeof(text)));
	p->failing = !good;
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct program *p = ctx;

	tenant_housekeeping(&p->em);
	flush(p);
}

static int announce(struct program *p, struct err *e)
{
	char text[16];
	int n;

	p->config.port = server_port(p->server);
	printf("entra-emulator: %s (CA: %s/ca.pem)\n", server_base(p->server), p->state);
	fflush(stdout);
	n = snprintf(text, sizeof(text), "%u\n", p->config.port);
	return p->port_file ? file_write(p->port_file, 0644, text, (size_t)n, e) : 0;
}

static int run(struct program *p, struct err *e)
{
	struct timeval tv = {0, FLUSH_MS * 1000};
	struct event *term, *intr, *timer;
	SSL_CTX *tls = NULL;
	int r;

	p->tls.address = p->config.address;
	r = tls_context(p->state, &p->tls, &tls, e);
	if (r == 0)
		r = server_new(p->base, tls, &p->em, &p->config, &p->server, e);
	if (r == 0)
		r = announce(p, e);
	if (r == 0) {
		term = evsignal_new(p->base, SIGTERM, on_signal, p->base);
		intr = evsignal_new(p->base, SIGINT, on_signal, p->base);
		timer = event_new(p->base, -1, EV_PERSIST, on_timer, p);
		event_add(term, NULL);
		event_add(intr, NULL);
		event_add(timer, &tv);
		event_base_dispatch(p->base);
		flush(p);
		event_free(term);
		event_free(intr);
		event_free(timer);
	}
	server_free(p->server);
	SSL_CTX_free(tls);
	return r;
}

/* "provisioningService" of the tenant's file. */
static int check_service(const struct program *p, const json_t *settings, struct err *e)
{
	struct service_orders o = {0};
	const char *wrong;

	service_orders_init(&o, NULL);
	wrong = settings ? service_orders_set(&o, settings) : NULL;
	service_orders_done(&o);
	return wrong ? err_set(e, -EINVAL, p->tenant, 0,
			       "provisioningService: unknown key, or a value that it cannot have: "
	                       "%s",
			       wrong)
	             : 0;
}

static int prepare(struct program *p, struct err *e)
{
	struct tenant *tenant;
	int r = tenant_load(p->tenant, &tenant, e);

	if (r < 0)
		return r;
	emulator_init(&p->em, tenant);
	TRY(dir_make(p->state, 0700, e));
	if (p->record)
		p->config.record = open(p->record, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (p->record && p->config.record < 0)
		return err_set(e, -errno, p->record, 0, "cannot write: %s", strerror(errno));
	p->snapshots = xasprintf("%s/snapshots", p->state);
	p->em.orders = orders_new(p->snapshots, tenant->service);
	p->em.visibility_ms = p->em.orders->service.visibility_ms;
	TRY(check_service(p, tenant->service, e));
	p->em.orders->throttle = p->throttle ? throttle_new(WRITES, UNITS) : NULL;
	if (!p->memory) {
		r = persist_open(p->state, &p->em, &p->persist, e);
		p->em.persist = p->persist;
		if (r == 0)
			tenant_housekeeping(&p->em); /* what has become too old meanwhile */
		return r;
	}
	p->em.last_release = tenant_now(&p->em);
	uuid_random(p->em.epoch);
	RAND_bytes(p->em.key, sizeof(p->em.key));
	return 0;
}

static void done(struct program *p)
{
	emulator_done(&p->em);
	orders_free(p->em.orders);
	persist_close(p->persist);
	free(p->snapshots);
	tenant_free(p->em.tenant);
	event_base_free(p->base);
}

int main(int argc, char **argv)
{
	static struct program p = {
		.config = {"127.0.0.1", 8443, CONNECTIONS_MAX, REQUEST_SECONDS, -1},
		.tls.days = 365,
	};
	struct err e = {0};
	char text[1100];
	int r;

	json_pool_use();
	r = parse_options(&p, argc, argv);
	if (r)
		return r - 1;
	if (p.names) {
		r = print_names(p.names, &e);
		if (r < 0)
			fprintf(stderr, "entra-emulator: %s: %s\n", p.names, e.text);
		return r < 0;
	}
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	p.base = event_base_new();
	r = prepare(&p, &e);
	if (r == 0)
		r = run(&p, &e);
	done(&p);
	if (r < 0)
		fprintf(stderr, "entra-emulator: %s\n", err_format(&e, text, sizeof(text)));
	return r < 0;
}
