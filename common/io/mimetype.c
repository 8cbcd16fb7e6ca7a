#include <config.h>

#include "io/mimetype.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/file.h"

#define GLOBS_LIMIT ((size_t)4 << 20)

/* For systems without the database: what people attach. */
static const char *const known[][2] = {
	{ "pdf", "application/pdf" },
	{ "png", "image/png" },
	{ "jpg", "image/jpeg" },
	{ "jpeg", "image/jpeg" },
	{ "gif", "image/gif" },
	{ "webp", "image/webp" },
	{ "avif", "image/avif" },
	{ "svg", "image/svg+xml" },
	{ "txt", "text/plain" },
	{ "log", "text/x-log" },
	{ "csv", "text/csv" },
	{ "html", "text/html" },
	{ "htm", "text/html" },
	{ "css", "text/css" },
	{ "md", "text/markdown" },
	{ "patch", "text/x-patch" },
	{ "diff", "text/x-patch" },
	{ "ics", "text/calendar" },
	{ "vcf", "text/vcard" },
	{ "json", "application/json" },
	{ "xml", "application/xml" },
	{ "zip", "application/zip" },
	{ "gz", "application/gzip" },
	{ "tgz", "application/gzip" },
	{ "tar", "application/x-tar" },
	{ "bz2", "application/x-bzip2" },
	{ "xz", "application/x-xz" },
	{ "zst", "application/zstd" },
	{ "7z", "application/x-7z-compressed" },
	{ "eml", "message/rfc822" },
	{ "mp3", "audio/mpeg" },
	{ "ogg", "audio/ogg" },
	{ "wav", "audio/x-wav" },
	{ "mp4", "video/mp4" },
	{ "webm", "video/webm" },
	{ "asc", "application/pgp-encrypted" },
	{ "doc", "application/msword" },
	{ "xls", "application/vnd.ms-excel" },
	{ "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
	{ "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
	{ "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
	{ "odt", "application/vnd.oasis.opendocument.text" },
	{ "ods", "application/vnd.oasis.opendocument.spreadsheet" },
};

/* One line "weight:type:glob[:flags]". Pointers go into the file's octets, with NULs behind. */
struct mimetype_glob {
	const char *type;
	const char *pattern;
	size_t length; /* of the pattern */
	size_t level;  /* of its file: a lower one is asked first */
	uint64_t weight;
	bool exact;  /* its case counts */
	bool ending; /* a "*" and nothing else that fnmatch would have to judge */
};

/* What may stand in a Content-Type field: type/subtype, nothing that ends a line or a value. */
static bool is_type(struct str s)
{
	size_t slash = str_find(s, '/');

	for (size_t i = 0; i < s.n; i++)
		if (!ascii_alpha(s.p[i]) && !ascii_digit(s.p[i]) &&
			(s.p[i] == '\0' || strchr("/!#$&^_.+-", s.p[i]) == NULL))
			return false;
	return slash > 0 && slash + 1 < s.n;
}

static bool read_line(struct str line, struct mimetype_glob *g)
{
	struct str weight = str_cut(&line, ':');
	struct str type = str_cut(&line, ':');
	struct str pattern = str_cut(&line, ':');

	if (pattern.n == 0 || !is_type(type) || !str_number(weight, 1000, &g->weight))
		return false;
	g->type = type.p;
	g->pattern = pattern.p;
	g->length = pattern.n;
	g->exact = str_search(line, STR_LIT("cs")) < line.n;
	return true;
}

/* All lines of the database in one data directory. The ":" behind a type and the ":" or line end
 * behind a pattern make room for the NULs. */
static void load_file(struct mimetypes *m, struct str directory)
{
	struct buf path = { 0 };
	struct buf globs = { 0 };
	size_t cap = m->n;

	buf_add(&path, directory);
	buf_add_text(&path, "/mime/globs2");
	if (!file_read(buf_text(&path), GLOBS_LIMIT, &globs, NULL)) {
		buf_free(&globs);
		goto out;
	}
	buf_text(&globs);
	for (struct str rest = buf_str(&globs); rest.p != NULL;) {
		struct str line = str_cut(&rest, '\n');
		struct mimetype_glob g = { .level = m->n_files };

		if (!read_line(line, &g))
			continue;
		size_t at = (size_t)(g.pattern - globs.p);

		globs.p[at - 1] = '\0';
		globs.p[at + g.length] = '\0';
		g.ending = g.pattern[0] == '*' && strpbrk(g.pattern + 1, "*?[\\") == NULL;
		m->globs = mem_grow(m->globs, m->n, &cap, sizeof *m->globs);
		m->globs[m->n++] = g;
	}
	m->files = mem_resize(m->files, m->n_files + 1, sizeof *m->files);
	m->files[m->n_files++] = globs;
out:
	buf_free(&path);
}

void mimetype_load(struct mimetypes *m)
{
	const char *data = getenv("XDG_DATA_HOME");
	const char *dirs = getenv("XDG_DATA_DIRS");
	const char *home = file_home();
	struct buf own = { 0 };
	struct str rest = str_of(dirs != NULL && *dirs != '\0' ? dirs : "/usr/local/share:/usr/share");

	if (data != NULL && *data != '\0')
		buf_add_text(&own, data);
	else if (home != NULL)
		buf_printf(&own, "%s/.local/share", home);
	if (buf_len(&own) > 0)
		load_file(m, buf_str(&own));
	buf_free(&own);
	while (rest.p != NULL) {
		struct str directory = str_cut(&rest, ':');

		if (directory.n > 0)
			load_file(m, directory);
	}
}

static bool matches(const struct mimetype_glob *g, const char *name)
{
	/* Nearly all are *.ext: those are judged without fnmatch. */
	if (!g->ending)
		return fnmatch(g->pattern, name, g->exact ? 0 : FNM_CASEFOLD) == 0;
	struct str rest = str_at(g->pattern + 1, g->length - 1);

	return g->exact ? str_ends(str_of(name), rest) : str_iends(str_of(name), rest);
}

/* By weight first, then by the longer glob. */
static bool is_better(const struct mimetype_glob *g, const struct mimetype_glob *best)
{
	return best == NULL || g->weight > best->weight || (g->weight == best->weight && g->length > best->length);
}

const char *mimetype_find(const struct mimetypes *m, const char *name)
{
	const struct mimetype_glob *best = NULL;
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; i < m->n; i++) {
		const struct mimetype_glob *g = &m->globs[i];

		if (best != NULL && g->level > best->level)
			break;
		if (is_better(g, best) && matches(g, name))
			best = g;
	}
	if (best != NULL)
		return best->type;
	for (size_t i = 0; dot != NULL && i < sizeof known / sizeof known[0]; i++)
		if (str_ieq(str_of(dot + 1), str_of(known[i][0])))
			return known[i][1];
	return NULL;
}

void mimetype_free(struct mimetypes *m)
{
	for (size_t i = 0; i < m->n_files; i++)
		buf_free(&m->files[i]);
	mem_free(m->files);
	mem_free(m->globs);
	*m = (struct mimetypes){ .n = 0 };
}
