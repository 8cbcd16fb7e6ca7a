#include <config.h>

#include "io/journal.h"

#include "base/crc32.h"
#include "text/hex.h"

/*
 * Damage at the end is a write that was interrupted: it is cut off. Damage in the middle is something else (a bad
 * disk, an editor) and is an error, as records after it were relied on. One exception: zeros up to the end of a
 * disk block show that this write and those after it were never synced, although a later block of theirs arrived;
 * nothing relied on them.
 */

#define BLOCK 512 /* the least that a disk writes at once */

static void format_crc(char out[8], uint32_t crc)
{
	for (int i = 7; i >= 0; i--, crc >>= 4)
		out[i] = hex_lower[crc & 15];
}

bool journal_format(struct buf *out, struct str record)
{
	char crc[8];

	format_crc(crc, crc32_add(0, record));
	return buf_add(out, record) && buf_add_char(out, '\t') && buf_add(out, str_at(crc, 8)) &&
		buf_add_char(out, '\n');
}

/* The record in a line without its LF. */
static bool take_record(struct str line, struct str *record)
{
	char crc[8];

	if (line.n < 9 || line.p[line.n - 9] != '\t')
		return false;
	*record = str_sub(line, 0, line.n - 9);
	format_crc(crc, crc32_add(0, *record));
	return memcmp(crc, line.p + line.n - 8, 8) == 0;
}

/* Does the line hold octets that never reached the disk? They read as zeros up to the end of a block, though a later
 * block of the same write arrived. */
static bool has_hole(const struct journal_scan *s, struct str line)
{
	size_t n = line.n;

	while (n > 0 && line.p[n - 1] != '\0')
		n--;
	return n > 0 && (s->at + n) % BLOCK == 0;
}

/* Which line it is belongs in front of what the caller says about it. */
static bool damage_counts(const struct journal_scan *s, struct err *err)
{
	if (err != NULL)
		err_prefix(err, "line %llu is damaged", (unsigned long long)s->bad_number);
	return false;
}

/* A torn or lost write leaves no complete line that is neither a record nor has zeros in it: another program's file. */
static bool is_foreign(const struct journal_scan *s, struct str line)
{
	return s->number == 0 && !s->ended && (line.n < 9 || line.p[line.n - 9] != '\t') &&
		str_find(line, '\0') == line.n;
}

static bool take_line(struct journal_scan *s, struct str line, struct err *err)
{
	struct str record;

	if (s->long_line || !take_record(line, &record)) {
		if (s->bad_number == 0) {
			s->bad_at = s->at;
			s->bad_number = s->number + 1;
			s->hole = has_hole(s, line);
			s->foreign = is_foreign(s, line);
		}
		return true;
	}
	s->foreign = false;
	if (s->bad_number > 0 && s->after_damage != NULL)
		return s->after_damage(s->arg, record, err) || damage_counts(s, err);
	/* A sync after the hole would have filled it: what follows was not synced either, and nothing relied on it. */
	if (s->hole && s->at - s->bad_at <= JOURNAL_RECORD_MAX)
		return true;
	if (s->bad_number > 0)
		return err_set(err, ERR_DATA, "line %llu is damaged and is not the last",
			(unsigned long long)s->bad_number);
	return s->replay == NULL || s->replay(s->arg, record, err);
}

bool journal_scan_feed(struct journal_scan *s, struct str octets, struct err *err)
{
	s->line.limit = JOURNAL_RECORD_MAX + 16;
	while (octets.n > 0) {
		size_t end = str_find(octets, '\n');
		struct str piece = str_sub(octets, 0, end);
		bool whole = end < octets.n;

		octets = str_sub(octets, end + 1, octets.n);
		/* The common case, a line within the octets, is not copied. */
		bool direct = whole && buf_len(&s->line) == 0 && !s->long_line;

		if (!direct && !buf_add(&s->line, piece))
			s->long_line = true;
		s->length += piece.n;
		if (!whole)
			return true;
		struct str line = direct ? piece : buf_str(&s->line);

		if (!take_line(s, line, err))
			return false;
		s->at += s->length + 1;
		s->length = 0;
		s->number++;
		buf_clear(&s->line);
		s->long_line = false;
	}
	return true;
}

bool journal_scan_end(struct journal_scan *s, uint64_t *whole, struct err *err)
{
	bool ok = true;
	struct str rest = buf_str(&s->line);

	if (rest.n > 0 || s->long_line) {
		uint64_t bad = s->bad_number;

		s->ended = true;

		/* Only its LF is missing: what it says was meant, so to keep it is the safe side. */
		ok = take_line(s, rest, err);
		s->open_end = ok && s->bad_number == 0 && bad == 0;
		s->at += s->length;
	}
	*whole = s->bad_number > 0 ? s->bad_at : s->at;
	buf_free(&s->line);
	return ok;
}
