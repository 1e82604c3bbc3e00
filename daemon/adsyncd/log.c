/* Journal or logfmt. */
#include "log.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/timefmt.h"

#include <systemd/sd-journal.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/uio.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static bool use_journal;

static const char *const LEVELS[] = {
	"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

bool log_target_parse(const char *text, enum log_target *ret)
{
	static const char *const words[] = {"auto", "journal", "stderr"};

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (streq(text, words[i])) {
			*ret = (enum log_target)i;
			return true;
		}
	return false;
}

void log_open(enum log_target t)
{
	use_journal = t == LOG_TARGET_JOURNAL ||
	              (t == LOG_TARGET_AUTO && access(JOURNAL_SOCKET, W_OK) == 0);
	setvbuf(stderr, NULL, _IOLBF, 0);
}

const char *log_target_name(void)
{
	return use_journal ? "journal" : "stderr";
}

/* --- journal --- */

struct fields {
	struct iovec iov[RECORD_FIELDS_MAX + 10];
	char *text[RECORD_FIELDS_MAX + 10];
	int n;
};

static void add(struct fields *f, char *text)
{
	f->text[f->n] = text;
	f->iov[f->n].iov_base = text;
	f->iov[f->n++].iov_len = strlen(text);
}

static int to_journal(const struct record *r)
{
	const struct event *ev = event_get(r->event);
	struct fields f = {0};
	int ret;

	add(&f, xasprintf("MESSAGE=%s", r->message));
	add(&f, xasprintf("MESSAGE_ID=%s", ev->message_id));
	add(&f, xasprintf("PRIORITY=%d", ev->priority));
	add(&f, xstrdup("SYSLOG_IDENTIFIER=adsyncd"));
	add(&f, xasprintf("ADSYNC_EVENT_ID=%d", ev->number));
	add(&f, xasprintf("ADSYNC_SOURCE=%s", ev->source));
	for (unsigned i = 0; i < r->n_fields; i++)
		add(&f, xasprintf("%s=%s", r->fields[i].name, r->fields[i].value));
	ret = sd_journal_sendv(f.iov, f.n);
	for (int i = 0; i < f.n; i++)
		free(f.text[i]);
	return ret;
}

/* --- logfmt --- */

static void add_value(struct buf *b, const char *v)
{
	bool plain = *v != '\0';

	for (const char *p = v; *p && plain; p++)
		plain = *p > ' ' && *p != '"' && *p != '=' && *p != '\\' && (unsigned char)*p < 127;
	if (plain) {
		buf_adds(b, v);
		return;
	}
	buf_addc(b, '"');
	buf_add_json(b, v, strlen(v));
	buf_addc(b, '"');
}

/* ADSYNC_CLOUD_ANCHOR -> cloud_anchor */
static void add_name(struct buf *b, const char *name)
{
	if (str_starts(name, "ADSYNC_"))
		name += strlen("ADSYNC_");
	buf_addc(b, ' ');
	for (; *name; name++)
		buf_addc(b, (char)tolower((unsigned char)*name));
	buf_addc(b, '=');
}

void log_format(const struct record *r, int64_t now, struct buf *b)
{
	const struct event *ev = event_get(r->event);
	char when[TIME_TEXT_SIZE];

	buf_addf(b, "time=%s level=%s event_id=%d source=", time_format(now, when),
		LEVELS[ev->priority], ev->number);
	add_value(b, ev->source);
	buf_adds(b, " msg=");
	add_value(b, r->message);
	for (unsigned i = 0; i < r->n_fields; i++) {
		add_name(b, r->fields[i].name);
		add_value(b, r->fields[i].value);
	}
	buf_addc(b, '\n');
}

static int write_all(const struct buf *b)
{
	size_t done = 0;

	while (done < b->len) {
		ssize_t n = write(STDERR_FILENO, b->data + done, b->len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int log_record(const struct record *r)
{
	_cleanup_buf_ struct buf b = {0};

	if (use_journal)
		return to_journal(r);
	log_format(r, unix_now(), &b);
	return write_all(&b);
}

void log_message(int priority, const char *fmt, ...)
{
	_cleanup_buf_ struct buf b = {0};
	char text[2048], when[TIME_TEXT_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (use_journal) {
		sd_journal_send("MESSAGE=%s", text, "PRIORITY=%d", priority,
			"SYSLOG_IDENTIFIER=adsyncd", NULL);
		return;
	}
	buf_addf(&b, "time=%s level=%s msg=", time_format(unix_now(), when), LEVELS[priority]);
	add_value(&b, text);
	buf_addc(&b, '\n');
	(void)!write_all(&b);
}
