#include <config.h>

#include "cmd/popfetch/archive/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/siphash.h"
#include "cmd/popfetch/archive/card.h"
#include "cmd/popfetch/archive/folder.h"
#include "io/file.h"
#include "io/random.h"
#include "text/date.h"
#include "text/hex.h"
#include "text/utf8.h"

#define LINE_LIMIT ((size_t)16 << 10)
#define CHUNK ((size_t)256 << 10)
#define FROM_MAX 200
#define TO_MAX 300
#define SUBJECT_MAX 400

/* 1980-01-01 and 2200-01-01. */
#define FIRST_DATE INT64_C(315532800)
#define LAST_DATE INT64_C(7258118400)

static const char head_line[] = "page\tdate\tfrom\tto\tsubject\tsize\tattachments\tmessage_id\tparent\troot\n";

/* --- lines --- */

static bool parse(struct str line, struct record *r)
{
	struct str *const fields[] = { &r->key, &r->date, &r->from, &r->to, &r->subject, &r->size, &r->attachments,
		&r->message_id, &r->parent, &r->root };
	unsigned char key[16];

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		*fields[i] = line.p != NULL ? str_cut(&line, '\t') : STR_NONE;
	return r->root.p != NULL && line.p == NULL && r->key.n == 2 * sizeof key && hex_decode(key, r->key);
}

/* Values have no controls (card.h), so that a TAB separates and a LF ends. */
static void add_value(struct buf *out, const struct buf *value, size_t most)
{
	buf_add_char(out, '\t');
	utf8_show(out, buf_str(value), most);
}

static void add_line(struct buf *out, const struct card *card)
{
	buf_add_text(out, card->key);
	buf_add_char(out, '\t');
	if (card->dated)
		date_add_iso(out, card->date);
	add_value(out, &card->from, FROM_MAX);
	add_value(out, &card->to, TO_MAX);
	add_value(out, &card->subject, SUBJECT_MAX);
	buf_printf(out, "\t%llu\t%u", (unsigned long long)card->size, card->attachments);
	add_value(out, &card->message_id, 1000);
	add_value(out, &card->parent, 1000);
	add_value(out, &card->root, 1000);
	buf_add_char(out, '\n');
}

/* --- in memory --- */

static uint64_t hash_of(const struct catalog *c, const char key[16])
{
	return siphash(c->threads.secret, str_at(key, 16));
}

/* One more message, whose line has n bytes and is at c->end and what is pending. */
static uint64_t take(struct catalog *c, const struct record *r, uint64_t at, size_t n)
{
	struct threads_hint hint = {
		.id = r->message_id, .parent = r->parent, .root = r->root, .subject = r->subject, .key = r->key
	};
	struct catalog_entry *e;
	int64_t date = 0;

	c->entries = mem_grow(c->entries, c->n, &c->cap, sizeof *c->entries);
	e = &c->entries[c->n++];
	(void)hex_decode((unsigned char *)e->key, r->key);
	e->at = at;
	e->n = (uint32_t)n;
	e->date = date_parse_any(r->date, &date) == DATE_OK && date >= FIRST_DATE && date < LAST_DATE ? date
												      : CATALOG_UNDATED;
	table_set(&c->keys, hash_of(c, e->key), (uint32_t)c->n);
	return threads_add(&c->threads, &hint);
}

static uint32_t find(const struct catalog *c, struct str key)
{
	char octets[16];
	uint32_t at = hex_decode((unsigned char *)octets, key) ? table_find(&c->keys, hash_of(c, octets)) : 0;

	return at > 0 && memcmp(c->entries[at - 1].key, octets, sizeof octets) == 0 ? at : 0;
}

uint32_t catalog_find(const struct catalog *c, const char *key)
{
	return find(c, str_at(key, 32));
}

uint64_t catalog_add(struct catalog *c, const struct card *card)
{
	struct record r;
	size_t before = buf_len(c->pending);

	add_line(c->pending, card);
	struct str line = str_sub(buf_str(c->pending), before, SIZE_MAX);

	/* What is read back is what counts: the next run knows no more. */
	(void)parse(str_sub(line, 0, line.n - 1), &r);
	return take(c, &r, c->end + before, line.n);
}

/* --- the file --- */

static bool load_lines(struct catalog *c, struct buf *octets)
{
	for (;;) {
		struct str rest = buf_str(octets);
		size_t n = str_find(rest, '\n');
		struct record r;

		if (n == rest.n)
			return rest.n < LINE_LIMIT;
		if (c->end == 0) {
			if (!str_eq(str_sub(rest, 0, n + 1), STR_LIT(head_line)))
				return false;
		} else if (parse(str_sub(rest, 0, n), &r) && find(c, r.key) == 0) {
			(void)take(c, &r, c->end, n + 1);
		}
		c->end += n + 1;
		buf_drop(octets, n + 1);
	}
}

static bool load(struct catalog *c, struct err *err)
{
	struct buf octets = { .limit = 2 * CHUNK };
	bool ok = true;
	long n = 1;

	while (ok && n > 0) {
		char *room = buf_room(&octets, CHUNK);

		n = file_read_some(c->fd, room, CHUNK, CATALOG_FILE, err);
		ok = n >= 0 || (n == -2 && err_set(err, ERR_TEMP, "interrupted"));
		if (n > 0)
			buf_added(&octets, (size_t)n);
		if (ok && !load_lines(c, &octets))
			ok = err_set(err, ERR_DATA, "%s/%s: was not written by popfetch", c->path, CATALOG_FILE);
	}
	/* A first line that is cut off is ours too. */
	if (ok && c->end == 0 && !str_starts(STR_LIT(head_line), buf_str(&octets)))
		ok = err_set(err, ERR_DATA, "%s/%s: was not written by popfetch", c->path, CATALOG_FILE);
	if (ok && buf_len(&octets) > 0 && ftruncate(c->fd, (off_t)c->end) != 0)
		ok = err_errno(err, ERR_IO, errno, "%s/%s", c->path, CATALOG_FILE);
	if (ok && c->end == 0)
		ok = file_write(c->fd, STR_LIT(head_line), CATALOG_FILE, err);
	if (c->end == 0)
		c->end = sizeof head_line - 1;
	c->loaded = c->n;
	buf_free(&octets);
	return ok;
}

bool catalog_open(struct catalog *c, const struct folder *f, struct err *err)
{
	*c = (struct catalog){ .path = f->path };
	random_bytes(c->threads.secret, sizeof c->threads.secret);
	c->pending = mem_alloc(sizeof *c->pending);
	c->fd = openat(f->fd, CATALOG_FILE, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (c->fd < 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s/%s", f->path, CATALOG_FILE);
	if (!file_lock(c->fd, f->path, 0, err))
		return false;
	return load(c, err);
}

bool catalog_commit(struct catalog *c, struct err *err)
{
	struct str lines = buf_str(c->pending);

	if (lines.n == 0)
		return true;
	if (!file_write(c->fd, lines, CATALOG_FILE, err) || !file_sync(c->fd, CATALOG_FILE, err)) {
		/* What was written of it is no line that the next run may believe. */
		if (ftruncate(c->fd, (off_t)c->end) != 0)
			(void)err_prefix(err, "%s: cannot be repaired", CATALOG_FILE);
		return err_prefix(err, "%s", c->path);
	}
	c->end += lines.n;
	buf_clear(c->pending);
	return true;
}

bool catalog_read(const struct catalog *c, size_t i, struct buf *line, struct record *r, struct err *err)
{
	const struct catalog_entry *e = &c->entries[i];
	char *room;

	buf_clear(line);
	if (e->at >= c->end) {
		buf_add(line, str_sub(buf_str(c->pending), (size_t)(e->at - c->end), e->n));
	} else {
		room = buf_room(line, e->n);
		ssize_t n = room != NULL ? pread(c->fd, room, e->n, (off_t)e->at) : -1;

		if (n < 0)
			return err_errno(err, ERR_IO, errno, "%s/%s", c->path, CATALOG_FILE);
		buf_added(line, (size_t)n);
	}
	if (buf_len(line) != e->n || !parse(str_sub(buf_str(line), 0, e->n - 1), r))
		return err_set(err, ERR_DATA, "%s/%s: was changed by another program", c->path, CATALOG_FILE);
	return true;
}

void catalog_close(struct catalog *c)
{
	if (c->fd >= 0 && c->pending != NULL)
		(void)close(c->fd);
	if (c->pending != NULL)
		buf_free(c->pending);
	mem_free(c->pending);
	mem_free(c->entries);
	table_free(&c->keys);
	threads_free(&c->threads);
	*c = (struct catalog){ .fd = -1 };
}
