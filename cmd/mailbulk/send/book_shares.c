#include <config.h>

#include "cmd/mailbulk/send/book.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/say.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/settings.h"
#include "io/file.h"

/* Journals of other shares. Those of one campaign are beside each other, whatever they are called; only a first record
 * is read of each file. */

#define FILES_MOST 10000
#define RECORD_MOST 512 /* of a C record, in bytes */

/* Learn whose a journal is. False: it is none. */
static bool read_campaign(const char *path, struct ledger *l)
{
	struct journal_scan scan = { .replay = ledger_replay, .arg = l };
	struct buf start = { 0 };
	struct stat st;
	uint64_t whole;

	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return false;
	int fd = file_open(path, NULL);
	char *room = buf_room(&start, RECORD_MOST);
	long n = fd >= 0 && room != NULL ? file_read_some(fd, room, RECORD_MOST, path, NULL) : -1;
	struct str line = str_at(room, n > 0 ? (size_t)n : 0);

	if (fd >= 0)
		(void)close(fd);
	line = str_sub(line, 0, str_find(line, '\n') + 1);
	bool ok = str_starts(line, STR_LIT("C\t")) && journal_scan_feed(&scan, line, NULL);

	ok = journal_scan_end(&scan, &whole, NULL) && ok && l->id[0] != '\0';
	buf_free(&start);
	return ok;
}

/* May both be sent? Not when they cut the same list into different numbers of shares. */
static bool fits(const struct book *b, const char *path, struct err *err)
{
	struct ledger l = { 0 };
	bool same = read_campaign(path, &l) && strcmp(l.fingerprint, b->campaign->fingerprint) == 0 &&
		strcmp(l.list_key, b->list_key) == 0;
	const char *theirs = strchr(l.share, '/');
	const char *ours = strchr(b->share, '/');

	ledger_free(&l);
	if (!same || strcmp(theirs != NULL ? theirs : "", ours != NULL ? ours : "") == 0)
		return true;
	if (theirs == NULL || ours == NULL) {
		/* A trial, perhaps. */
		say_note("warning: %s is of %s of the same message and list: some may get it twice", path,
			theirs != NULL ? "a share" : "the whole");
		return true;
	}
	return err_set(err, ERR_DATA,
		"%s is of share %s of the same message and list, and this run is of share %s: some would get it twice. "
		"Use the same number of shares, or move that journal away",
		path, l.share, b->share);
}

bool book_shares(const struct book *b, struct err *err)
{
	const char *journal = b->settings->journal;
	size_t slash = str_after_last(str_of(journal), '/');
	struct buf path = { 0 };
	bool ok = true;

	buf_add(&path, slash > 0 ? str_sub(str_of(journal), 0, slash) : STR_LIT("./"));
	size_t folder = buf_len(&path);
	DIR *dir = opendir(buf_text(&path));

	for (int i = 0; ok && dir != NULL && i < FILES_MOST; i++) {
		const struct dirent *entry = readdir(dir);

		if (entry == NULL)
			break;
		buf_cut(&path, folder);
		buf_add_text(&path, entry->d_name);
		ok = strcmp(entry->d_name, journal + slash) == 0 || fits(b, buf_text(&path), err);
	}
	if (dir != NULL)
		closedir(dir);
	buf_free(&path);
	return ok;
}
