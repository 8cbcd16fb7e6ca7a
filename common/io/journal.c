#include <config.h>

#include "io/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"

/*
 * What makes the journal safe:
 *
 * - Records are lines with a CRC, so a torn write at the end is recognised.
 * - What is found when the journal is opened is synced before it is read. A killed run may have written records
 * without syncing them, and the new run acts on them: they must not disappear in a power failure afterwards.
 * - After a failed write or sync nothing is promised any more. The kernel may mark the pages clean after a failed
 * fdatasync, so a second one would succeed for data that never reached the disk.
 * - A full disk leaves a part of a record; it is cut off at once, or by its CRC at the next start.
 */

#define CHUNK ((size_t)256 << 10)

/* Lead the whole file through scan. */
static bool read_all(struct journal *j, struct journal_scan *scan, uint64_t *whole, struct err *err)
{
	char *chunk = mem_alloc(CHUNK);
	bool ok = true;
	long n = 0;

	while (ok && (n = file_read_some(j->fd, chunk, CHUNK, j->path, err)) > 0) {
		ok = journal_scan_feed(scan, str_at(chunk, (size_t)n), err);
		j->size += (uint64_t)n;
	}
	mem_free(chunk);
	if (n == -2)
		err_set(err, ERR_TEMP, "%s: interrupted", j->path);
	return journal_scan_end(scan, whole, ok ? err : NULL) && ok && n == 0;
}

/* Make the file end behind its last whole record. */
static bool mend_end(struct journal *j, uint64_t whole, bool open_end, struct err *err)
{
	j->cut = j->size - whole;
	if (j->cut > 0 && ftruncate(j->fd, (off_t)whole) < 0)
		return err_errno(err, ERR_IO, errno, "%s: the torn end cannot be cut off", j->path);
	j->size = whole;
	if (open_end) {
		if (!file_write(j->fd, STR_LIT("\n"), j->path, err))
			return false;
		j->size++;
	}
	return (j->cut == 0 && !open_end) || file_sync(j->fd, j->path, err);
}

/* What a killed run wrote and did not sync is acted on from now on: it has to stay when the power fails. */
static bool sync_found(struct journal *j, const struct journal_reader *reader, struct err *err)
{
	struct stat st;

	if (fstat(j->fd, &st) == 0 && st.st_size == 0)
		return true;
	if (file_sync(j->fd, j->path, reader->unsynced == NULL ? err : NULL))
		return true;
	if (reader->unsynced == NULL)
		return false;
	reader->unsynced(reader->arg);
	return true;
}

static bool replay_all(struct journal *j, const struct journal_reader *reader, struct err *err)
{
	struct journal_scan scan = {
		.replay = reader->replay, .after_damage = reader->after_damage, .arg = reader->arg
	};
	uint64_t whole = 0;

	if (!sync_found(j, reader, err))
		return false;
	if (read_all(j, &scan, &whole, err) && !scan.foreign)
		return mend_end(j, whole, scan.open_end, err);
	if (scan.foreign)
		return err_set(err, ERR_DATA, "%s is not a journal", j->path);
	if (err != NULL && scan.bad_number > 0 && err->kind == ERR_DATA)
		err_prefix(err, "%s", j->path);
	return false;
}

static bool open_file(struct journal *j, struct err *err)
{
	struct stat st;
	int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	j->fd = open(j->path, flags | O_CREAT | O_EXCL, 0600);
	if (j->fd < 0 && errno == EEXIST)
		j->fd = open(j->path, flags);
	if (j->fd < 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", j->path);
	if (fstat(j->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_CANTCREAT, "%s: is no regular file", j->path);
	/* The name has to survive a power failure too. An empty file may be of a run that was killed before this. */
	return st.st_size > 0 || file_sync_dir(j->path, err);
}

bool journal_read(const char *path, const struct journal_reader *reader, uint64_t *whole, struct err *err)
{
	struct journal_scan scan = {
		.replay = reader->replay, .after_damage = reader->after_damage, .arg = reader->arg
	};
	char *chunk = mem_alloc(CHUNK);
	int fd = file_open(path, err);
	uint64_t left = *whole;
	bool ok = fd >= 0;
	long n = 0;

	while (ok && left > 0 && (n = file_read_some(fd, chunk, left < CHUNK ? (size_t)left : CHUNK, path, err)) > 0) {
		ok = journal_scan_feed(&scan, str_at(chunk, (size_t)n), err);
		left -= (uint64_t)n;
	}
	mem_free(chunk);
	if (fd >= 0)
		(void)close(fd);
	if (n == -2)
		err_set(err, ERR_TEMP, "%s: interrupted", path);
	ok = journal_scan_end(&scan, whole, ok ? err : NULL) && ok && n >= 0;
	if (ok && scan.foreign)
		return err_set(err, ERR_DATA, "%s is not a journal", path);
	if (!ok && fd >= 0 && err != NULL && err->kind == ERR_DATA)
		err_prefix(err, "%s", path);
	return ok;
}

bool journal_open_as(struct journal *j, const char *path, const struct journal_reader *reader, struct err *err)
{
	*j = (struct journal){ .fd = -1, .path = mem_copy(path, strlen(path)) };
	if (open_file(j, err) && file_lock(j->fd, path, 0, err) && replay_all(j, reader, err))
		return true;
	journal_close(j);
	return false;
}

bool journal_open(struct journal *j, const char *path, journal_replay *replay, void *arg, struct err *err)
{
	const struct journal_reader reader = { .replay = replay, .arg = arg };

	return journal_open_as(j, path, &reader, err);
}

bool journal_ordered(const struct journal *j)
{
	/* statfs(2); not all of them are in the system's headers. */
	static const unsigned long known[] = { 0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x01021994, 0x794c7630 };
	struct statfs fs;

	if (fstatfs(j->fd, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (((unsigned long)fs.f_type & 0xffffffff) == known[i])
			return true;
	return false;
}

bool journal_add(struct journal *j, struct str record, struct err *err)
{
	if (record.n > JOURNAL_RECORD_MAX)
		return err_set(err, ERR_SOFTWARE, "%s: a record of %zu octets", j->path, record.n);
	for (size_t i = 0; i < record.n; i++)
		if (ascii_control(record.p[i]) && record.p[i] != '\t')
			return err_set(err, ERR_SOFTWARE, "%s: control character in a record", j->path);
	size_t before = buf_len(&j->pending);

	if (journal_format(&j->pending, record))
		return true;
	buf_cut(&j->pending, before);
	return err_set(err, ERR_SOFTWARE, "%s: too much waits to be written", j->path);
}

static bool fail_before(struct journal *j, struct err *err)
{
	return err_set(err, ERR_IO, "%s: writing failed before", j->path);
}

bool journal_flush(struct journal *j, struct err *err)
{
	if (j->failed)
		return fail_before(j, err);
	if (buf_len(&j->pending) == 0)
		return true;
	j->unsynced = true;
	if (!file_write(j->fd, buf_str(&j->pending), j->path, err)) {
		j->failed = true;
		/* A full disk leaves a piece of a record: take it back. When that fails too, its CRC
		 * will show it. */
		if (ftruncate(j->fd, (off_t)j->size) < 0)
			err_prefix(err, "a torn end is left");
		return false;
	}
	j->size += buf_len(&j->pending);
	buf_clear(&j->pending);
	return true;
}

bool journal_commit(struct journal *j, struct err *err)
{
	if (!journal_flush(j, err))
		return false;
	if (!j->unsynced)
		return true;
	if (fdatasync(j->fd) < 0) {
		j->failed = true;
		return err_errno(err, ERR_IO, errno, "%s: cannot be synced to disk", j->path);
	}
	j->unsynced = false;
	return true;
}

bool journal_at(const struct journal *j, uint64_t at, struct buf *record, struct err *err)
{
	char block[1024];
	size_t end = 0;

	buf_clear(record);
	for (;;) {
		ssize_t n = pread(j->fd, block, sizeof block, (off_t)(at + buf_len(record)));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_IO, errno, "%s", j->path);
		size_t before = buf_len(record);

		buf_add(record, str_at(block, (size_t)n));
		end = before + str_find(str_at(block, (size_t)n), '\n');
		if (end < buf_len(record) || n == 0 || end > JOURNAL_RECORD_MAX)
			break;
	}
	/* A TAB and the CRC come after the text. */
	if (end == buf_len(record) || end < 9)
		return err_set(err, ERR_DATA, "%s: there is no record at byte %llu", j->path, (unsigned long long)at);
	buf_cut(record, end - 9);
	return true;
}

void journal_close(struct journal *j)
{
	if (j->path != NULL && j->fd >= 0)
		close(j->fd);
	mem_free(j->path);
	buf_free(&j->pending);
	*j = (struct journal){ .fd = -1 };
}
