/* Reads adsyncd.conf with inih; the tables below say what may be in it. */
#include "sync/config.h"
#include "sync/own.h"
#include "base/buf.h"
#include "base/file.h"

#define INI_HANDLER_LINENO 1 /* as Debian's library is built; a test looks at the numbers */
#include <ini.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define CONFIG_MAX (1024 * 1024)
#define LINE_BYTES_MAX 198   /* of inih, which cuts longer ones */
#define SECTION_BYTES_MAX 49 /* of inih, too */
#define CONNECTORS_LIMIT 64

/*
 * Words beside numbers. For a share, "off" is -1 and "strict" is 0: only a few may pass. A 0 in the
 * file means "off" in [export] and "strict" in [import]; old files need that, so it must stay.
 */
static const struct option_word number_words[] = {{.word = "off", .value = 0}, {.word = NULL}};
static const struct option_word share_words[] = {
	{.word = "off", .value = -1},
	{.word = "strict", .value = 0},
	{.word = "0", .value = -1},
	{.word = NULL},
};
static const struct option_word obsoletion_words[] = {
	{.word = "off", .value = -1},
	{.word = "strict", .value = 0},
	{.word = "0",
		.value = 0,
		.warning = "0 means \"strict\" here, but \"off\" in [export]; write the word that "
			   "you mean"},
	{.word = NULL},
};
#define NUMBER_WORDS .choices = "off", .words = number_words
#define SHARE_WORDS .choices = "off|strict", .words = share_words

static const struct option_def adsyncd_options[] = {
	{"state_directory", OPTION_PATH, ADSYNC_STATEDIR, .help = "database and schedule"},
	{"rules", OPTION_LIST, ADSYNC_DATADIR "/rules, " ADSYNC_CONFDIR "/rules.d",
		.help = "folders of rule files; a missing folder counts as empty"},
	{"metaverse", OPTION_PATH, ADSYNC_DATADIR "/metaverse.json",
		.help = "the metaverse's schema"},
	{"control_socket", OPTION_PATH, ADSYNC_RUNDIR "/control", .help = "for adsyncctl"},
	{"status_socket", OPTION_PATH, ADSYNC_RUNDIR "/status", .help = "status, for everybody"},
	{"control_group", OPTION_STRING, .help = "group that may use the control socket"},
};
static const struct option_def scheduler_options[] = {
	{"sync_cycle_enabled", OPTION_BOOLEAN, "yes", .help = "start cycles automatically"},
	{"sync_cycle_interval", OPTION_DURATION, "00:30:00", .min = 60, .max = 7 * 86400,
		.help = "time from one start to the next"},
	{"run_history_purge_interval", OPTION_DURATION, "7.00:00:00", .min = 3600,
		.help = "older runs are deleted from the history"},
	{"run_timeout", OPTION_DURATION, "12:00:00", .min = 60,
		.help = "a run that takes longer is stopped"},
};
static const struct option_def import_options[] = {
	{"obsoletion_limit", OPTION_NUMBER, "50", .min = 0, .max = 100, .own = OPTION_OWN_CONNECTOR,
		.choices = "off|strict", .words = obsoletion_words,
		.help = "percent of a connector's objects that may be missing from one import; up "
			"to 20 objects always may. strict: 20 objects and no more; off: any "
			"number, but not all"},
};
static const struct option_def export_options[] = {
	{"deletion_threshold", OPTION_NUMBER, "500", .min = 0, .max = 1000000000,
		.own = OPTION_OWN_TARGET | OPTION_OWN_CLASS, NUMBER_WORDS,
		.help = "an export with more deletes is stopped before it begins. off (or 0) also "
			"switches off those of classes and deletion_limit. "
			"deletion_threshold.CLASS: the same for one class, checked in addition "
			"(also written deletion_threshold_user, _group, _contact)"},
	{"deletion_limit", OPTION_NUMBER, "50", .min = 0, .max = 100,
		.own = OPTION_OWN_TARGET | OPTION_OWN_CLASS, SHARE_WORDS,
		.help = "percent of the objects of one class, or of all references, that one "
			"export may delete; up to 20 always may. strict: 20 and no more; off (or "
			"0): any share. deletion_limit.CLASS: for that class instead"},
	{"member_removal_threshold", OPTION_NUMBER, "500", .min = 0, .max = 1000000000,
		.own = OPTION_OWN_TARGET, NUMBER_WORDS,
		.help = "a group that would lose more members in one export keeps them all; off "
			"(or 0): any number"},
	{"member_removal_limit", OPTION_NUMBER, "90", .min = 0, .max = 100,
		.own = OPTION_OWN_TARGET, SHARE_WORDS,
		.help = "the same as percent of its members; strict and off (or 0) as above"},
	{"soa_confirm_above", OPTION_NUMBER, "50", .min = 0, .max = 1000000,
		.help = "adsyncctl soa convert and rollback of more objects than this ask for "
			"their number"},
	{"staging_mode", OPTION_BOOLEAN, "no",
		.help = "import and synchronize, export nothing; an export that is started by hand "
			"ends with no-start-ma"},
};

const struct config_section config_sections[] = {
	{"adsyncd", adsyncd_options, ARRAY_SIZE(adsyncd_options)},
	{"scheduler", scheduler_options, ARRAY_SIZE(scheduler_options)},
	{"import", import_options, ARRAY_SIZE(import_options)},
	{"export", export_options, ARRAY_SIZE(export_options)},
};
const unsigned config_n_sections = ARRAY_SIZE(config_sections);

static void settings_init(struct settings *s, const char *name, const char *file, int line,
	const struct option_def *defs, unsigned n)
{
	*s = (struct settings){
		.name = xstrdup(name), .file = file, .line = line, .defs = defs, .n_defs = n};
	s->values = xcalloc(n, sizeof(*s->values));
	s->lines = xcalloc(n, sizeof(*s->lines));
}

static void settings_done(struct settings *s)
{
	for (unsigned i = 0; s->values && i < s->n_defs; i++)
		free(s->values[i]);
	free(s->values);
	free(s->lines);
	free((char *)s->name);
	own_free(s);
}

void config_free(struct config *c)
{
	if (!c)
		return;
	settings_done(&c->adsyncd);
	settings_done(&c->scheduler);
	settings_done(&c->import);
	settings_done(&c->export);
	for (unsigned i = 0; i < c->n_connectors; i++)
		settings_done(&c->connectors[i].settings);
	for (unsigned i = 0; i < c->n_warnings; i++)
		free(c->warnings[i]);
	free(c->warnings);
	free(c->connectors);
	free(c->path);
	free(c);
}

const struct connector_config *config_connector(const struct config *c, const char *name)
{
	for (unsigned i = 0; i < c->n_connectors; i++)
		if (streq(c->connectors[i].settings.name, name))
			return &c->connectors[i];
	return NULL;
}

/* --- one file being read --- */

struct reader {
	struct config *cfg;
	struct err *e;
	int failed;
	char section[128];        /* the one that the current line is in */
	struct settings *current; /* NULL: a connector whose type is not known yet */
	int section_line;
	bool type_seen;
};

/* Letters that two words share in order; good enough to guess a misspelling. */
static unsigned likeness(const char *a, const char *b)
{
	unsigned n = 0;

	for (; *a; a++) {
		const char *p = strchr(b, *a);

		if (p) {
			n++;
			b = p + 1;
		}
	}
	return n;
}

static const char *nearest(const struct option_def *defs, unsigned n, const char *name, bool own)
{
	const char *best = NULL;
	unsigned best_score = 0;

	for (unsigned i = 0; i < n; i++) {
		size_t len = MAX(strlen(name), strlen(defs[i].name));
		unsigned score = (unsigned)(likeness(name, defs[i].name) * 100 / len);

		if (score > best_score && (!own || defs[i].own)) {
			best_score = score;
			best = defs[i].name;
		}
	}
	return best_score >= 60 ? best : NULL;
}

static int fail(struct reader *rd, int line, const char *fmt, ...) _printf_(3, 4);
static int fail(struct reader *rd, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!rd->failed)
		rd->failed = err_set(rd->e, -EINVAL, rd->cfg->path, line, "%s", text);
	return 0; /* for inih: an error */
}

/* The type of the section's connector; NULL: it is not the section of a connector. */
static const struct connector_type *section_type(const struct reader *rd)
{
	const struct config *cfg = rd->cfg;
	const struct connector_config *last =
		cfg->n_connectors ? &cfg->connectors[cfg->n_connectors - 1] : NULL;

	return last && rd->current == &last->settings ? last->type : NULL;
}

static int done(struct reader *rd, int line, const char *name, const char *warning)
{
	struct config *c = rd->cfg;

	if (!*warning)
		return 1;
	c->warnings = xrealloc(c->warnings, (c->n_warnings + 1) * sizeof(*c->warnings));
	c->warnings[c->n_warnings++] =
		xasprintf("%s:%d: [%s] %s: %s", c->path, line, rd->section, name, warning);
	return 1;
}

static int set_value(struct reader *rd, int line, const char *name, const char *v)
{
	const struct connector_type *type = section_type(rd);
	struct settings *s = rd->current;
	const char *near;
	char why[256];
	int r;

	for (unsigned i = 0; i < s->n_defs; i++) {
		if (!streq(s->defs[i].name, name))
			continue;
		if (s->lines[i] && s->defs[i].kind == OPTION_LIST) {
			char *old = s->values[i];

			/* a continued line: inih gives each as a value of its own */
			s->values[i] = xasprintf("%s\n%s", old, v);
			free(old);
			return 1;
		}
		if (s->lines[i])
			return fail(rd, line, "[%s] %s was set in line %d already", rd->section,
				name, s->lines[i]);
		if (!*v)
			return fail(rd, line, "[%s] %s has no value", rd->section, name);
		s->values[i] = setting_normalise(&s->defs[i], v, why, sizeof(why));
		s->lines[i] = line;
		return s->values[i] ? done(rd, line, name, why)
		                    : fail(rd, line, "[%s] %s: %s", rd->section, name, why);
	}
	if (streq(name, "type") && str_starts(rd->section, "connector"))
		return fail(rd, line, "[%s] is configured twice", rd->section);
	r = own_put(s, type ? &rd->cfg->import : s, type, name, v, line, why, sizeof(why));
	if (r == 0 && type)
		r = own_put(s, &rd->cfg->export, type, name, v, line, why, sizeof(why));
	if (r != 0)
		return r > 0 ? done(rd, line, name, why)
		             : fail(rd, line, "[%s] %s%s", rd->section, name, why);
	near = nearest(s->defs, s->n_defs, name, false);
	if (!near && type)
		near = nearest(rd->cfg->export.defs, rd->cfg->export.n_defs, name, true);
	return fail(rd, line, "[%s] unknown key \"%s\"%s%s%s", rd->section, name,
		near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* [connector "NAME"]: the name, or NULL. */
static char *connector_name(const char *section)
{
	const char *p = section;
	size_t n;

	if (!str_starts(p, "connector"))
		return NULL;
	p += strlen("connector");
	p += strspn(p, " \t");
	n = strlen(p);
	if (n < 3 || p[0] != '"' || p[n - 1] != '"' || memchr(p + 1, '"', n - 2))
		return NULL;
	return xstrndup(p + 1, n - 2);
}

static int begin_connector(struct reader *rd, char *name, int line)
{
	struct config *cfg = rd->cfg;

	if (config_connector(cfg, name))
		return fail(rd, line, "connector \"%s\" is configured twice", name);
	if (cfg->n_connectors == CONNECTORS_LIMIT)
		return fail(rd, line, "more than %d connectors", CONNECTORS_LIMIT);
	cfg->connectors =
		xrealloc(cfg->connectors, (cfg->n_connectors + 1) * sizeof(*cfg->connectors));
	cfg->connectors[cfg->n_connectors] = (struct connector_config){0};
	settings_init(
		&cfg->connectors[cfg->n_connectors++].settings, name, cfg->path, line, NULL, 0);
	rd->current = NULL;
	return 1;
}

static int begin_section(struct reader *rd, const char *section, int line)
{
	struct settings *all[] = {
		&rd->cfg->adsyncd, &rd->cfg->scheduler, &rd->cfg->import, &rd->cfg->export};
	_cleanup_free_ char *name = connector_name(section);

	snprintf(rd->section, sizeof(rd->section), "%s", section);
	rd->section_line = line;
	if (name)
		return begin_connector(rd, name, line);
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		if (streq(section, config_sections[i].name)) {
			rd->current = all[i];
			rd->current->line = line;
			return 1;
		}
	return fail(rd, line, "unknown section [%s]", section);
}

static int unknown_type(struct reader *rd, int line, const char *v)
{
	_cleanup_buf_ struct buf names = {0};

	for (unsigned i = 0; connector_types[i]; i++)
		buf_addf(&names, "%s%s",
			!i                       ? ""
			: connector_types[i + 1] ? ", "
						 : " and ",
			connector_types[i]->name);
	return fail(rd, line, "[%s] unknown type \"%s\"; the types are %s", rd->section, v,
		buf_str(&names));
}

/* The first key of a connector says what it is. */
static int connector_type_set(struct reader *rd, int line, const char *name, const char *v)
{
	struct connector_config *cc = &rd->cfg->connectors[rd->cfg->n_connectors - 1];
	const char *connector = cc->settings.name;

	if (!streq(name, "type"))
		return fail(rd, line, "[%s] the first key must be \"type\"", rd->section);
	cc->type = connector_type_find(v);
	if (!cc->type)
		return unknown_type(rd, line, v);
	free(cc->settings.values);
	free(cc->settings.lines);
	settings_init(&cc->settings, connector, rd->cfg->path, cc->settings.line, cc->type->options,
		cc->type->n_options);
	free((char *)connector);
	rd->current = &cc->settings;
	return 1;
}

static int on_value(void *ctx, const char *section, const char *name, const char *value, int line)
{
	struct reader *rd = ctx;

	if (rd->failed) /* inih goes on after an error */
		return 0;
	if (!*section)
		return fail(rd, line, "\"%s\" stands before the first [section]", name);
	if (!streq(section, rd->section) && !begin_section(rd, section, line))
		return 0;
	if (!rd->current)
		return connector_type_set(rd, line, name, value);
	return set_value(rd, line, name, value);
}

static int check_settings(struct reader *rd, struct settings *s, const char *section)
{
	for (unsigned i = 0; i < s->n_defs; i++) {
		const struct option_def *d = &s->defs[i];
		char why[256];

		if (!s->values[i] && d->def)
			s->values[i] = setting_normalise(d, d->def, why, sizeof(why));
		if (!s->values[i] && d->required)
			return fail(
				rd, s->line, "[%s] %s is missing: %s", section, d->name, d->help);
	}
	return 1;
}

/* Rules are for all connectors of a type: the settings that choose joins must be the same. */
static int check_agreement(struct reader *rd, const char *name, const struct settings *first,
	const struct settings *other)
{
	const char *x = setting_text(first, name), *y = setting_text(other, name);

	if ((!x && !y) || (x && y && streq(x, y)))
		return 0;
	return setting_error(other, name, rd->e,
		"it is %s here and %s in connector \"%s\" (line %d); all connectors of one type "
		"must have the same value",
		y ? y : "not set", x ? x : "not set", first->name, setting_line(first, name));
}

static int check_matches(struct reader *rd)
{
	const struct config *cfg = rd->cfg;

	for (unsigned i = 0; i < cfg->n_connectors; i++)
		for (unsigned k = i + 1; k < cfg->n_connectors; k++) {
			const struct settings *x = &cfg->connectors[i].settings;
			const struct settings *y = &cfg->connectors[k].settings;
			const struct connector_type *t = cfg->connectors[i].type;

			if (t != cfg->connectors[k].type || !t->match_setting)
				continue;
			TRY(check_agreement(rd, t->match_setting, x, y));
			TRY(check_agreement(rd, t->match_attr_setting, x, y));
		}
	return 0;
}

static int check_all(struct reader *rd)
{
	struct config *cfg = rd->cfg;

	if (!check_settings(rd, &cfg->adsyncd, "adsyncd") ||
		!check_settings(rd, &cfg->scheduler, "scheduler") ||
		!check_settings(rd, &cfg->import, "import") ||
		!check_settings(rd, &cfg->export, "export"))
		return rd->failed;
	for (unsigned i = 0; i < cfg->n_connectors; i++) {
		struct connector_config *cc = &cfg->connectors[i];
		char section[160];

		snprintf(section, sizeof(section), "connector \"%.120s\"", cc->settings.name);
		if (!cc->type)
			fail(rd, cc->settings.line, "[%s] type is missing", section);
		else if (check_settings(rd, &cc->settings, section) && cc->type->check)
			rd->failed = cc->type->check(&cc->settings, rd->e);
		if (rd->failed)
			return rd->failed;
		TRY(own_check(&cc->settings, cc->type, section, rd->e));
		TRY(own_check_idle(
			&cfg->export, &cc->settings, "deletion_threshold", "deletion_", rd->e));
	}
	TRY(own_check(&cfg->export, NULL, "export", rd->e));
	return check_matches(rd);
}

/* 0, or the number of a line that inih would cut. */
static int long_line(const char *text)
{
	for (int line = 1; *text; line++) {
		size_t n = strcspn(text, "\n");

		if (n > LINE_BYTES_MAX)
			return line;
		text += n + (text[n] == '\n');
	}
	return 0;
}

static bool section_known(const char *name)
{
	_cleanup_free_ char *connector = connector_name(name);

	for (unsigned i = 0; i < config_n_sections; i++)
		if (streq(name, config_sections[i].name))
			return true;
	return connector != NULL;
}

/* inih reports a section only with its first key, so the names are checked here. */
static void check_section_names(struct reader *rd, const char *text)
{
	for (int line = 1; *text; line++) {
		size_t n = strcspn(text, "\n");
		const char *end = *text == '[' ? memchr(text, ']', n) : NULL;
		_cleanup_free_ char *name =
			end ? xstrndup(text + 1, (size_t)(end - text - 1)) : NULL;

		if (name && strlen(name) > SECTION_BYTES_MAX)
			fail(rd, line, "the name of the section is longer than %d bytes: [%s]",
				SECTION_BYTES_MAX, name);
		else if (name && !section_known(name))
			fail(rd, line,
				"unknown section [%s]; the sections are [adsyncd], [scheduler], "
				"[import], [export] and [connector \"NAME\"]",
				name);
		text += n + (text[n] == '\n');
	}
}

int config_load(const char *path, struct config **ret, struct err *e)
{
	_cleanup_config_ struct config *cfg = xcalloc(1, sizeof(*cfg));
	_cleanup_free_ char *text = NULL;
	struct settings *all[] = {&cfg->adsyncd, &cfg->scheduler, &cfg->import, &cfg->export};
	struct reader rd = {.cfg = cfg, .e = e};
	int r = file_read(path, CONFIG_MAX, &text, NULL, e);

	if (r < 0)
		return r;
	if (long_line(text))
		return err_set(e, -EINVAL, path, long_line(text),
			"the line is longer than %d bytes; a list can be continued in indented "
			"lines",
			LINE_BYTES_MAX);
	cfg->path = xstrdup(path);
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		settings_init(all[i], config_sections[i].name, cfg->path, 0,
			config_sections[i].options, config_sections[i].n_options);
	check_section_names(&rd, text);
	r = rd.failed ? 0 : ini_parse_string(text, on_value, &rd);
	if (rd.failed)
		return rd.failed;
	if (r != 0)
		return err_set(e, -EINVAL, path, MAX(r, 0),
			"the line is neither a [section] nor \"key = value\"");
	r = check_all(&rd);
	if (r < 0)
		return r;
	*ret = steal(&cfg);
	return 0;
}
