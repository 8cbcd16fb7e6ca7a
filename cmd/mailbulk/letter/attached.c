#include <config.h>

#include "cmd/mailbulk/letter/attached.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/file.h"

#define BLOCK ((size_t)48 << 10)

/* A descriptor of a regular file, or -1. Opening anything else must not wait for somebody to write into it. */
static int open_file(const char *path, struct stat *st, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		err_errno(err, ERR_NOINPUT, errno, "%s", path);
		return -1;
	}
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	err_set(err, ERR_DATA, "%s is not a regular file", path);
	close(fd);
	return -1;
}

/* Can what follows no more change how it is encoded? A text has a charset, which each byte has a say in. */
static bool decided(const struct mime_part *part)
{
	return !str_istarts(str_of(part->type), STR_LIT("text/")) &&
		!str_istarts(str_of(part->type), STR_LIT("message/")) && !part->scan.cr &&
		mime_choose(&part->scan, false) == MIME_BASE64;
}

static bool scan(int fd, const char *path, struct mime_part *part, struct err *err)
{
	struct buf block = { 0 };
	char *room = buf_room(&block, BLOCK);
	long n;

	part->scan = (struct mime_scan){ 0 };
	while ((n = file_read_some(fd, room, BLOCK, path, err)) > 0) {
		mime_scan_add(&part->scan, str_at(room, (size_t)n));
		if (decided(part))
			break;
	}
	buf_free(&block);
	if (n == -2)
		err_set(err, ERR_TEMP, "interrupted");
	return n >= 0;
}

/* What it comes to on the wire, by encoding it. */
static bool count(const struct attached *a, const struct mime_encoder *e, uint64_t *size, struct err *err)
{
	struct attached_reader r = { .open = false };
	struct str octets;
	bool ok = attached_begin(&r, a, e->encoding, e->text, err);

	while ((ok = ok && attached_next(&r, &octets, err)) && octets.n > 0)
		continue;
	*size = r.given;
	attached_end(&r);
	return ok;
}

bool attached_look(struct attached *a, const char *path, struct mime_part *part, struct err *err)
{
	struct mime_encoder e;
	struct stat st;
	const char *type;
	int fd = open_file(path, &st, err);
	bool ok = fd >= 0 && scan(fd, path, part, err);

	*a = (struct attached){ .path = NULL };
	if (fd >= 0)
		close(fd);
	if (!ok)
		return false;
	a->path = mem_copy(path, strlen(path));
	stamp_set(&a->stamp, &st);
	part->file_size = (uint64_t)st.st_size;
	part->encoded_size = part->file_size;
	return !mime_part_stream(part, true, &e, &type) || !e.text || count(a, &e, &part->encoded_size, err);
}

void attached_free(struct attached *a)
{
	mem_free(a->path);
	*a = (struct attached){ .path = NULL };
}

static bool changed(const struct attached *a, struct err *err)
{
	return err_set(err, ERR_IO, "%s was changed during the run", a->path);
}

/* Two halves of two files are neither. */
static bool still_same(const struct attached_reader *r)
{
	struct stat st;

	return fstat(r->fd, &st) == 0 && stamp_same(&r->attached->stamp, &st);
}

bool attached_begin(struct attached_reader *r, const struct attached *a, enum mime_encoding encoding, bool text,
	struct err *err)
{
	struct stat st;

	*r = (struct attached_reader){ .attached = a, .encoder = { .encoding = encoding, .text = text } };
	r->fd = open_file(a->path, &st, err);
	r->open = r->fd >= 0;
	if (!r->open)
		return false;
	return stamp_same(&a->stamp, &st) || changed(a, err);
}

bool attached_next(struct attached_reader *r, struct str *octets, struct err *err)
{
	const struct attached *a = r->attached;
	uint64_t size = (uint64_t)a->stamp.size;

	buf_clear(&r->out);
	while (r->at < size && buf_len(&r->out) == 0) {
		buf_clear(&r->raw);
		char *room = buf_room(&r->raw, BLOCK);
		ssize_t n = read(r->fd, room, BLOCK);

		/* A signal that asks to stop does not cut a message that is on its way. */
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_IO, errno, "%s", a->path);
		r->at += (uint64_t)n;
		if (n == 0 || r->at > size || (r->at == size && !still_same(r)))
			return changed(a, err);
		mime_encode(&r->encoder, &r->out, str_at(room, (size_t)n));
		if (r->at == size)
			mime_encode_end(&r->encoder, &r->out);
	}
	*octets = buf_str(&r->out);
	r->given += octets->n;
	return true;
}

void attached_end(struct attached_reader *r)
{
	if (r->open)
		close(r->fd);
	mime_encoder_free(&r->encoder);
	buf_free(&r->raw);
	buf_free(&r->out);
	*r = (struct attached_reader){ .open = false };
}
