#include <config.h>

#include "cmd/mailsend/mimetype.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "base/buf.h"
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
	{ "asc", "application/pgp-encrypted" },
	{ "doc", "application/msword" },
	{ "xls", "application/vnd.ms-excel" },
	{ "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
	{ "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
	{ "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
	{ "odt", "application/vnd.oasis.opendocument.text" },
	{ "ods", "application/vnd.oasis.opendocument.spreadsheet" },
};

/* The best of the lines "weight:type:glob[:flags]" for name; weight first, then the longer glob. */
struct best {
	uint64_t weight;
	size_t length;
	struct str type;
};

static void try_line(struct str line, const char *name, struct best *best)
{
	struct str weight = str_cut(&line, ':');
	struct str type = str_cut(&line, ':');
	struct str glob = str_cut(&line, ':');
	char pattern[128];
	uint64_t w;

	if (glob.n == 0 || glob.n >= sizeof pattern || !str_number(weight, 1000, &w) ||
		w < best->weight || (w == best->weight && glob.n <= best->length))
		return;
	memcpy(pattern, glob.p, glob.n);
	pattern[glob.n] = '\0';
	/* Nearly all are *.ext: those are judged without fnmatch. */
	struct str rest = str_sub(glob, 1, glob.n);

	if (glob.p[0] == '*' && strpbrk(pattern + 1, "*?[\\") == NULL) {
		bool exact = str_search(line, STR_LIT("cs")) < line.n;

		if (!(exact ? str_ends(str_of(name), rest) : str_iends(str_of(name), rest)))
			return;
	} else if (fnmatch(pattern, name, FNM_CASEFOLD) != 0) {
		return;
	}
	*best = (struct best){ w, glob.n, type };
}

static bool search_globs(const char *directory, size_t n, const char *name, struct buf *out)
{
	struct buf path = { 0 };
	struct buf globs = { 0 };
	struct best best = { 0, 0, STR_NONE };

	buf_add(&path, str_at(directory, n));
	buf_add_text(&path, "/mime/globs2");
	if (file_read(buf_text(&path), GLOBS_LIMIT, &globs, NULL)) {
		struct str rest = buf_str(&globs);

		while (rest.p != NULL) {
			struct str line = str_cut(&rest, '\n');

			if (line.n > 0 && line.p[0] != '#')
				try_line(line, name, &best);
		}
	}
	if (best.length > 0)
		buf_add(out, best.type);
	buf_free(&globs);
	buf_free(&path);
	return best.length > 0;
}

bool mimetype_of_name(const char *name, struct buf *out)
{
	const char *home = getenv("HOME");
	const char *data = getenv("XDG_DATA_HOME");
	const char *dirs = getenv("XDG_DATA_DIRS");
	struct buf own = { 0 };
	struct str rest =
		str_of(dirs != NULL && *dirs != '\0' ? dirs : "/usr/local/share:/usr/share");

	if (data != NULL && *data != '\0')
		buf_add_text(&own, data);
	else if (home != NULL)
		buf_printf(&own, "%s/.local/share", home);
	bool found = buf_len(&own) > 0 && search_globs(own.p + own.off, buf_len(&own), name, out);

	buf_free(&own);
	while (!found && rest.p != NULL) {
		struct str directory = str_cut(&rest, ':');

		found = directory.n > 0 && search_globs(directory.p, directory.n, name, out);
	}
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; !found && dot != NULL && i < sizeof known / sizeof known[0]; i++) {
		found = str_ieq(str_of(dot + 1), str_of(known[i][0]));
		if (found)
			buf_add_text(out, known[i][1]);
	}
	return found;
}
