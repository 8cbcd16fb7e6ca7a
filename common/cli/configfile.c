#include <config.h>

#include "cli/configfile.h"

#include <ini.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"

/*
 * inih reads the lines, and this file checks each before: it refuses what inih would silently cut or read in
 * another sense than written (long lines, indentation). Wrong lines are errors, as a mistyped "tls = require" must
 * not be ignored.
 */

#define FILE_LIMIT ((size_t)1 << 20)
#define LINE_LIMIT 4096 /* octets of a line; inih cuts longer ones without a word */
#define NAME_LIMIT 49   /* of a section or a key: the same */

/* The file on its way through inih, which asks for one line after the other. */
struct reading {
	struct config *c;
	struct str rest;
	int line;
	size_t key_indent; /* of the key that a continuation belongs to */
	bool in_value;     /* such a key came, and no empty line since */
	bool continuation; /* the line given last is one */
	struct err err;    /* the first thing that is wrong */
};

static bool wrong(struct reading *r, const char *what)
{
	if (r->err.kind == ERR_NONE)
		err_set(&r->err, ERR_CONFIG, "%s:%d: %s", r->c->path, r->line, what);
	return false;
}

static size_t indent_of(struct str line)
{
	size_t n = 0;

	while (n < line.n && ascii_blank(line.p[n]))
		n++;
	return n;
}

static char *copy_text(const char *text)
{
	return mem_copy(text, strlen(text));
}

static void add_entry(struct reading *r, struct str section, const char *key, const char *value)
{
	struct config *c = r->c;

	c->entries = mem_grow(c->entries, c->n, &c->cap, sizeof *c->entries);
	c->entries[c->n++] = (struct config_entry){ .section = mem_copy(section.p, section.n),
		.key = copy_text(key),
		.value = copy_text(value),
		.line = r->line };
}

/* "[name]" with nothing behind it, as inih would not see to. */
static bool check_section(struct reading *r, struct str *line)
{
	struct str inside = str_sub(*line, 1, line->n);
	struct str name = str_trim(str_cut(&inside, ']'));

	if (inside.p == NULL)
		return wrong(r, "a section's name ends in ]");
	inside = str_trim(inside);
	if (inside.n > 0 && inside.p[0] != '#' && inside.p[0] != ';')
		return wrong(r, "something stands behind the section's name");
	if (name.n == 0 || name.n > NAME_LIMIT)
		return wrong(r, "a section's name has 1 to 49 characters");
	*line = str_sub(*line, 0, 1 + str_find(*line, ']'));
	add_entry(r, name, "", "");
	return true;
}

static bool check_key(struct reading *r, struct str line)
{
	size_t end = 0;

	while (end < line.n && line.p[end] != '=' && line.p[end] != ':')
		end++;
	struct str key = str_trim(str_sub(line, 0, end));

	if (end == line.n)
		return wrong(r, "neither [section] nor key = value");
	if (key.n == 0 || key.n > NAME_LIMIT)
		return wrong(r, "a key has 1 to 49 characters");
	return true;
}

/* What a line is; false for one that is wrong. What inih would take in another sense than written is
 * made plain or refused: it knows no depth of indentation. */
static bool judge(struct reading *r, struct str *line)
{
	size_t indent = indent_of(*line);
	struct str bare = str_trim(*line);

	r->continuation = false;
	for (size_t i = 0; i < bare.n; i++)
		if (ascii_control(bare.p[i]) && bare.p[i] != '\t')
			return wrong(r, "control character");
	if (bare.n > LINE_LIMIT)
		return wrong(r, "the line is too long");
	*line = bare;
	if (bare.n == 0)
		r->in_value = false;
	if (bare.n == 0 || bare.p[0] == '#' || bare.p[0] == ';')
		return true;
	if (r->in_value && indent > r->key_indent) {
		r->continuation = true;
		return true;
	}
	r->in_value = bare.p[0] != '[';
	r->key_indent = indent;
	return bare.p[0] == '[' ? check_section(r, line) : check_key(r, bare);
}

/* ini_reader: as fgets does it. */
static char *next_line(char *room, int size, void *arg)
{
	struct reading *r = arg;
	size_t at = 0;

	if (r->rest.n == 0 || r->err.kind != ERR_NONE) {
		mem_wipe(room, (size_t)size); /* a password may have gone through here */
		return NULL;
	}
	struct str line = str_cut(&r->rest, '\n');

	r->line++;
	if (!judge(r, &line))
		line = STR_NONE;
	if (line.n + 3 > (size_t)size) {
		wrong(r, "the line is too long");
		line = STR_NONE;
	}
	if (r->continuation)
		room[at++] = ' ';
	if (line.n > 0)
		memcpy(room + at, line.p, line.n);
	at += line.n;
	room[at++] = '\n';
	room[at] = '\0';
	return room;
}

static bool append_value(struct config_entry *e, const char *more)
{
	struct buf text = { .limit = FILE_LIMIT };
	bool ok = buf_printf(&text, "%s%s%s", e->value, *e->value != '\0' ? " " : "", more);

	if (ok) {
		mem_wipe(e->value, strlen(e->value));
		mem_free(e->value);
		e->value = mem_copy(buf_text(&text), buf_len(&text));
	}
	buf_wipe(&text);
	return ok;
}

/* A key may stand once in a section; only servers are a list. */
static bool is_given(const struct config *c, struct str section, const char *key)
{
	if (strcmp(key, "smtp") == 0)
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (str_eq(str_of(c->entries[i].section), section) && strcmp(c->entries[i].key, key) == 0)
			return true;
	return false;
}

/* ini_handler: 0 is an error. */
static int take_pair(void *arg, const char *section, const char *key, const char *value)
{
	struct reading *r = arg;
	struct str name = str_trim(str_of(section)); /* "[ name ]" */

	if (r->err.kind != ERR_NONE)
		return 0;
	if (r->continuation)
		return append_value(&r->c->entries[r->c->n - 1], value);
	if (is_given(r->c, name, key))
		return wrong(r, "the key is given twice");
	add_entry(r, name, key, value);
	return 1;
}

/* Debian's inih has its limits and habits as variables; elsewhere they are what it was built with, and
 * next_line refuses what would not fit. */
static void set_habits(void)
{
#if HAVE_DECL_INI_MAX_LINE
	ini_use_stack = false;
	ini_max_line = LINE_LIMIT + 8;
	ini_initial_alloc = LINE_LIMIT + 8;
	ini_allow_inline_comments = false;
#endif
}

bool configfile_parse(struct config *c, const char *name, struct str text, struct err *err)
{
	struct reading r = { .c = c, .rest = text };

	if (c->path == NULL)
		c->path = copy_text(name);
	if (str_starts(text, STR_LIT("\xef\xbb\xbf")))
		r.rest = str_sub(text, 3, text.n);
	set_habits();
	int bad = ini_parse_stream(next_line, &r, take_pair, &r);

	if (r.err.kind == ERR_NONE && bad < 0)
		mem_die();
	if (r.err.kind == ERR_NONE && bad > 0) {
		r.line = bad;
		wrong(&r, "neither [section] nor key = value");
	}
	if (r.err.kind != ERR_NONE && err != NULL)
		*err = r.err;
	return r.err.kind == ERR_NONE;
}

static bool is_secret(const struct config_entry *e)
{
	struct str url = str_of(e->value);

	if (strcmp(e->key, "password") == 0)
		return true;
	if (strcmp(e->key, "proxy") != 0)
		return false;
	/* scheme://user:password@host */
	url = str_sub(url, str_search(url, STR_LIT("://")) + 3, url.n);
	return str_find(url, ':') < str_find(url, '@') && str_find(url, '@') < url.n;
}

/* "group-readable = yes": the file is for the members of a group of its own. */
static bool is_for_group(const struct config *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->entries[i].key, "group-readable") == 0 &&
			str_among(str_of(c->entries[i].value), "yes true 1 on"))
			return true;
	return false;
}

static bool check_mode(const struct config *c, int fd, struct err *err)
{
	mode_t closed = is_for_group(c) ? 037 : 077;
	struct stat st;

	/* What comes through a pipe has no readers but us. */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return true;
	for (size_t i = 0; i < c->n; i++) {
		const struct config_entry *e = &c->entries[i];

		if (is_secret(e) && (st.st_mode & closed) != 0)
			return err_set(err, ERR_CONFIG, "%s:%d: holds a password, and others may read it: chmod %s",
				c->path, e->line, closed == 077 ? "600" : "640");
		if (str_ends(str_of(e->key), STR_LIT("-command")) && (st.st_mode & 022) != 0)
			return err_set(err, ERR_CONFIG, "%s:%d: holds a command, and others may change it: chmod 600",
				c->path, e->line);
	}
	return true;
}

/* True also when there is no such file; then c->path stays NULL. */
static bool read_one(struct config *c, const char *path, bool must, struct err *err)
{
	struct buf text = { 0 };
	struct err why = { 0 };

	/* In a directory that is closed to us there is nothing of ours (a daemon with root's HOME). */
	if (!must && access(path, F_OK) < 0)
		return true;
	int fd = file_open(path, &why);
	bool ok = fd >= 0 && file_read_fd(fd, FILE_LIMIT, &text, path, &why) &&
		configfile_parse(c, path, buf_str(&text), &why) && check_mode(c, fd, &why);

	if (fd >= 0)
		close(fd);
	buf_wipe(&text);
	if (!ok && err != NULL) {
		*err = why;
		err->kind = ERR_CONFIG;
	}
	return ok;
}

void configfile_user_path(struct buf *path)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = file_home();

	if (config != NULL && *config == '/')
		buf_printf(path, "%s/pipemail/config", config);
	else if (home != NULL)
		buf_printf(path, "%s/.config/pipemail/config", home);
}

bool configfile_read(struct config *c, const char *path, struct err *err)
{
	struct buf user = { 0 };
	bool ok = true;

	if (path == NULL)
		configfile_user_path(&user);
	const char *const places[] = { path != NULL ? path : buf_text(&user), SYSCONFDIR "/pipemail/config",
		"/etc/pipemail/config" };

	*c = (struct config){ 0 };
	for (size_t i = 0; ok && c->path == NULL && i < (path != NULL ? 1 : 3); i++)
		if (*places[i] != '\0')
			ok = read_one(c, places[i], path != NULL, err);
	buf_free(&user);
	if (!ok)
		configfile_free(c);
	return ok;
}

void configfile_free(struct config *c)
{
	for (size_t i = 0; i < c->n; i++) {
		mem_free(c->entries[i].section);
		mem_free(c->entries[i].key);
		mem_wipe(c->entries[i].value, strlen(c->entries[i].value));
		mem_free(c->entries[i].value);
	}
	mem_free(c->entries);
	mem_free(c->path);
	*c = (struct config){ 0 };
}

bool configfile_has(const struct config *c, const char *section)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->entries[i].section, section) == 0)
			return true;
	return false;
}
