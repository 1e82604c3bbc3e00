/* Files with what objects were, see backup.h. */
#include "sync/migration/backup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/timefmt.h"
#include "model/entry_json.h"
#include "sync/migration/gather_priv.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define VERSION 1
#define FILE_MAX (64 * 1024 * 1024)

static char *folder_of(const struct migration *m)
{
	return xasprintf("%s/soa", setting_text(&m->cfg->adsyncd, "state_directory"));
}

/* An anchor as the begin of a file's name: letters, digits and "-_" stay, the rest is hex. */
static char *stem_of(const char *anchor)
{
	_cleanup_buf_ struct buf b = {0};

	for (; *anchor; anchor++) {
		bool plain = (*anchor >= '0' && *anchor <= '9') ||
		             (*anchor >= 'a' && *anchor <= 'z') ||
		             (*anchor >= 'A' && *anchor <= 'Z') || *anchor == '-' || *anchor == '_';

		if (plain)
			buf_addc(&b, *anchor);
		else
			buf_addf(&b, "%%%02x", (unsigned char)*anchor);
	}
	return buf_steal(&b);
}

static json_t *side_json(const char *connector, const struct entry *en, struct arena *a)
{
	json_t *o;

	if (!en)
		return json_null();
	o = json_pack("{s:s, s:s?, s:s?, s:s?}", "connector", connector, "class", en->class, "dn",
		en->dn, "anchor", en->anchor);
	json_object_set_new(o, "attributes", entry_to_json(en, a));
	return o;
}

static json_t *backup_json(struct gather *g, const struct subject *s, const struct entry *source,
	const struct entry *target, const struct backup_about *about)
{
	_cleanup_arena_ struct arena a = {0};
	char when[TIME_TEXT_SIZE];
	json_t *o = json_pack("{s:i, s:s, s:I, s:s, s:s, s:s, s:s, s:s}", "version", VERSION,
		"time", time_format(unix_now(), when), "job", (json_int_t)about->job, "operation",
		about->kind, "authority", about->authority, "who", about->who, "from",
		about->from ? about->from : place_word(s->place), "to", about->to);

	json_object_set_new(o, "object", subject_json(g->m, s));
	json_object_set_new(o, "target", side_json(g->m->target->settings.name, target, &a));
	json_object_set_new(o, "source",
		side_json(migration_connector_name(g->m, s->source.connector), source, &a));
	return o;
}

static int write_one(struct gather *g, const struct subject *s, const struct entry *source,
	const struct entry *target, const struct backup_about *about, struct err *e)
{
	_cleanup_json_ json_t *o = backup_json(g, s, source, target, about);
	_cleanup_free_ char *folder = folder_of(g->m), *stem = stem_of(s->target.anchor);
	_cleanup_free_ char *path = xasprintf(
		"%s/%s.%" PRId64 ".%" PRId64 ".json", folder, stem, unix_now(), about->job);
	_cleanup_free_ char *text = json_dumps(o, JSON_INDENT(1));

	TRY(dir_make(folder, 0700, e));
	return file_write(path, 0600, text, strlen(text), e);
}

int backup_write(struct gather *g, const struct subject *s, unsigned n,
	const struct backup_about *about, const char **ret_problems, struct err *e)
{
	struct gather_live *source, *target;

	arena_reset(&g->batch);
	source = arena_zalloc(&g->batch, (n + 1) * sizeof(*source));
	target = arena_zalloc(&g->batch, (n + 1) * sizeof(*target));
	for (unsigned i = 0; i < g->n_sources; i++)
		TRY(gather_ask_source(g, &g->sources[i], s, n, source, e));
	TRY(gather_ask_target(g, s, n, true, target, e));
	for (unsigned i = 0; i < n; i++) {
		const char *why = target[i].unread ? target[i].unread : source[i].unread;

		ret_problems[i] = NULL;
		if (!target[i].entry || why) {
			ret_problems[i] = arena_printf(&g->m->arena, "there is no backup: %s",
				why ? why : "the target does not have it any more");
			continue;
		}
		TRY(write_one(g, &s[i], source[i].entry, target[i].entry, about, e));
	}
	return 0;
}

/*
 * Is the file a backup of the stem, and a newer one? Its time comes first, since numbers of jobs
 * begin anew with a new database, and must not hide, or overwrite, what older ones have kept.
 */
static bool is_newer(const char *name, const char *stem, int64_t *time, int64_t *job)
{
	size_t n = strlen(stem);
	int64_t t, j;
	char *end;

	if (strncmp(name, stem, n) != 0 || name[n] != '.')
		return false;
	t = strtoll(name + n + 1, &end, 10);
	if (*end != '.')
		return false;
	j = strtoll(end + 1, &end, 10);
	if (!streq(end, ".json") || t < *time || (t == *time && j <= *job))
		return false;
	*time = t;
	*job = j;
	return true;
}

int backup_read(struct migration *m, const struct subject *s, json_t **ret, struct err *e)
{
	_cleanup_free_ char *folder = folder_of(m), *text = NULL, *path = NULL;
	_cleanup_free_ char *stem = stem_of(s->target.anchor ? s->target.anchor : "");
	DIR *dir = opendir(folder);
	const struct dirent *de;
	int64_t time = -1, job = -1;
	size_t len;

	while (dir && (de = readdir(dir)))
		if (is_newer(de->d_name, stem, &time, &job)) {
			free(path);
			path = xasprintf("%s/%s", folder, de->d_name);
		}
	if (dir)
		closedir(dir);
	if (!path)
		return err_set(e, -ENOENT, NULL, 0, "there is no backup of %s", s->identity);
	TRY(file_read(path, FILE_MAX, &text, &len, e));
	*ret = json_loadb(text, len, 0, NULL);
	return *ret ? 0 : err_set(e, -EUCLEAN, path, 0, "this is not a backup");
}
