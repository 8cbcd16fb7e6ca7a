#include <config.h>

#include "tests/tap.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/file.h"
#include "io/journal.h"

static char directory[] = "/tmp/pipemail-journal-XXXXXX";
static char path[100];
static const char *const records[] = { "T 1 a@example.org", "S 1 250 2.0.0\tok", "", "T 2 b@example.org" };
#define RECORDS (sizeof records / sizeof *records)

static void put(struct str octets)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || !file_write(fd, octets, path, NULL))
		abort();
	close(fd);
}

/* Joins what it is given with "|". */
static bool gather(void *arg, struct str record, struct err *err)
{
	(void)err;
	return buf_add(arg, record) && buf_add_char(arg, '|');
}

/* Open, replay and close; what came. */
static const char *replay(struct err *err, uint64_t *cut)
{
	static struct buf got;
	struct journal j;

	buf_clear(&got);
	*err = (struct err){ 0 };
	if (journal_open(&j, path, gather, &got, err))
		*cut = j.cut;
	journal_close(&j);
	return buf_text(&got);
}

static size_t write_all(struct buf *whole)
{
	struct journal j;
	struct err err;
	bool ok = journal_open(&j, path, NULL, NULL, &err);

	for (size_t i = 0; ok && i < RECORDS; i++)
		ok = journal_add(&j, str_of(records[i]), &err) && (i % 2 == 0 || journal_commit(&j, &err));
	check(ok, "written: %s", ok ? "" : err.text);
	journal_close(&j);
	file_read(path, 1 << 20, whole, &err);
	return buf_len(whole);
}

/* The records that are whole in the first n octets, joined as gather does. */
static const char *wanted(struct str whole, size_t n)
{
	static struct buf want;
	struct str rest = str_sub(whole, 0, n);

	buf_clear(&want);
	while (rest.n > 0) {
		struct str line = str_cut(&rest, '\n');

		if (rest.p == NULL && n < whole.n && whole.p[n] != '\n')
			break;
		buf_add(&want, str_sub(line, 0, line.n - 9));
		buf_add_char(&want, '|');
	}
	return buf_text(&want);
}

static void test_cut(struct str whole)
{
	struct err err;
	uint64_t cut = 0;
	bool ok = true;

	for (size_t n = 0; n <= whole.n && ok; n++) {
		put(str_sub(whole, 0, n));
		const char *want = wanted(whole, n);
		struct journal j;
		struct buf after = { 0 };

		ok = strcmp(replay(&err, &cut), want) == 0 && err.kind == ERR_NONE;
		/* What is added then stands on a line of its own. */
		ok = ok && journal_open(&j, path, NULL, NULL, &err) && j.cut == 0 &&
			journal_add(&j, STR_LIT("next"), &err) && journal_commit(&j, &err);
		journal_close(&j);
		buf_printf(&after, "%snext|", want);
		ok = ok && strcmp(replay(&err, &cut), buf_text(&after)) == 0 && cut == 0;
		buf_free(&after);
		if (!ok)
			printf("# cut at %zu\n", n);
	}
	check(ok, "cut at every octet: the whole records stay, and it goes on");
}

static void test_damage(struct str whole)
{
	char *copy = malloc(whole.n);
	size_t last = whole.n - 1;
	struct err err;
	uint64_t cut;
	bool ok = true;

	while (last > 0 && copy != NULL && whole.p[last - 1] != '\n')
		last--;
	for (size_t i = 0; i < whole.n && ok; i++)
		for (unsigned bit = 0; bit < 8 && ok; bit++) {
			memcpy(copy, whole.p, whole.n);
			copy[i] = (char)(copy[i] ^ (1 << bit));
			put(str_at(copy, whole.n));
			const char *got = replay(&err, &cut);

			/* The LF before the last record joins the two last lines. */
			if (i >= last - 1)
				ok = err.kind == ERR_NONE && strlen(got) < whole.n &&
					strncmp(got, "T 1 a@example.org|S 1 ", 22) == 0;
			else
				ok = err.kind == ERR_DATA && strstr(err.text, ": line ") != NULL;
			if (!ok)
				printf("# octet %zu bit %u: %d %s\n", i, bit, err.kind, got);
		}
	check(ok, "every bit turned over: the last record is cut, any other is an error with its line");
	put(str_at(copy, 0));
	free(copy);
}

static void test_tail_of_zeros(struct str whole)
{
	struct buf text = { 0 };
	struct err err;
	uint64_t cut = 0;
	char *zeros = calloc(1, 3 << 20);

	buf_add(&text, whole);
	buf_add(&text, str_at(zeros, 3 << 20));
	put(buf_str(&text));
	check(strcmp(replay(&err, &cut), wanted(whole, whole.n)) == 0 && cut == 3 << 20,
		"blocks that never reached the disk are a torn tail");
	buf_clear(&text);
	buf_add(&text, str_at(zeros, 2 << 20));
	buf_add_char(&text, '\n');
	buf_add(&text, whole);
	put(buf_str(&text));
	replay(&err, &cut);
	check(err.kind == ERR_DATA && strstr(err.text, "line 1 ") != NULL, "%s", err.text);
	put(STR_NONE);
	free(zeros);
	buf_free(&text);
}

/* Records, some octets that read as zeros, records: what is replayed, or the error. */
static const char *replay_hole(size_t at, size_t n, size_t behind, struct err *err, uint64_t *cut)
{
	struct buf text = { .limit = SIZE_MAX };
	static const char dots[80] = "................................................................";

	while (buf_len(&text) < at + n + behind)
		journal_format(&text, str_at(dots, buf_len(&text) == 0 ? 10 : 64));
	for (size_t i = at; i < at + n; i++)
		text.p[i] = '\0';
	put(buf_str(&text));
	buf_free(&text);
	return replay(err, cut);
}

static void test_hole(void)
{
	struct err err;
	uint64_t cut = 0;
	const char *got = replay_hole(1024, 512, 3000, &err, &cut);

	check(err.kind == ERR_NONE && strlen(got) == 11 + 13 * 65 && cut > 3000,
		"a block that never reached the disk: what follows was not synced either");
	replay_hole(1000, 24, 3000, &err, &cut);
	check(err.kind == ERR_NONE, "it may begin where the file ended before: %s", err.text);
	replay_hole(1024, 511, 3000, &err, &cut);
	check(err.kind == ERR_DATA && strstr(err.text, ": line 15 ") != NULL, "other zeros are damage: %s", err.text);
	replay_hole(1024, 512, JOURNAL_RECORD_MAX - 2000, &err, &cut);
	check(err.kind == ERR_NONE, "as much as a run writes at once");
	replay_hole(1024, 512, JOURNAL_RECORD_MAX + 2000, &err, &cut);
	check(err.kind == ERR_DATA, "more must have been synced: %s", err.text);
	put(STR_NONE);
}

static void test_foreign(void)
{
	struct err err;
	uint64_t cut = 0;
	struct stat st;

	put(STR_LIT("email,name\na@example.net,Ann\n"));
	replay(&err, &cut);
	check(err.kind == ERR_DATA && strstr(err.text, "not a journal") != NULL && stat(path, &st) == 0 &&
			st.st_size == 29,
		"another file is left as it is: %s", err.text);
	put(STR_NONE);
}

/* Damage in the middle, and a caller who knows that nobody relied on what follows. */
static bool borne(void *arg, struct str record, struct err *err)
{
	int *left = arg;

	(void)record;
	return (*left)-- > 0 || err_set(err, ERR_DATA, "too much");
}

static void test_borne(void)
{
	struct journal j;
	struct err err = { 0 };
	struct buf text = { 0 };
	int left = 2;
	struct journal_reader reader = { .after_damage = borne, .arg = &left };

	journal_format(&text, STR_LIT("one"));
	buf_add_text(&text, "tw0\t00000000\n");
	journal_format(&text, STR_LIT("three"));
	journal_format(&text, STR_LIT("four"));
	put(buf_str(&text));
	check(journal_open_as(&j, path, &reader, &err) && j.size == 13 && j.cut > 30, "is cut off with the damage: %s",
		err.text);
	journal_close(&j);
	put(buf_str(&text));
	left = 1;
	check(!journal_open_as(&j, path, &reader, &err) && strstr(err.text, "line 2 is damaged: too much") != NULL,
		"or is an error: %s", err.text);
	buf_free(&text);
	put(STR_NONE);
}

static bool refuse(void *arg, struct str record, struct err *err)
{
	(void)arg;
	(void)record;
	return err_set(err, ERR_DATA, "not mine");
}

static void test_refusals(void)
{
	struct journal j;
	struct journal k;
	struct err err = { 0 };
	char other[120];

	check(journal_open(&j, path, NULL, NULL, &err), "open");
	check(!journal_open(&k, path, NULL, NULL, &err) && err.kind == ERR_TEMP, "%s", err.text);
	check(!journal_add(&j, STR_LIT("a\nb"), &err) && err.kind == ERR_SOFTWARE, "%s", err.text);
	check(journal_add(&j, STR_LIT("a"), &err) && journal_commit(&j, &err), "a record");
	struct stat st;

	check(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "for nobody else");
	journal_close(&j);
	check(!journal_open(&j, path, refuse, NULL, &err) && strcmp(err.text, "not mine") == 0, "replay may refuse");
	snprintf(other, sizeof other, "%s/link", directory);
	if (symlink(path, other) < 0)
		abort();
	check(!journal_open(&j, other, NULL, NULL, &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
	check(!journal_open(&j, "/dev/null", NULL, NULL, &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
	snprintf(other, sizeof other, "%s/fifo", directory);
	mkfifo(other, 0600);
	check(!journal_open(&j, other, NULL, NULL, &err), "%s", err.text);
	journal_close(&j);
}

/* A file that may grow no further stands for a full disk. */
static void test_full(void)
{
	struct err err = { 0 };
	uint64_t cut = 1;
	struct journal j;
	struct rlimit limit = { 64, 64 };

	put(STR_NONE);
	fflush(stdout);
	pid_t child = fork();

	if (child == 0) {
		bool ok = journal_open(&j, path, NULL, NULL, &err) && journal_add(&j, STR_LIT("first"), &err) &&
			journal_commit(&j, &err);

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		for (int i = 0; ok && i < 20; i++)
			ok = journal_add(&j, STR_LIT("more"), &err);
		ok = ok && !journal_commit(&j, &err) && err.kind == ERR_IO;
		ok = ok && !journal_commit(&j, &err) && !journal_flush(&j, &err);
		_exit(!ok);
	}
	int status = 1;

	waitpid(child, &status, 0);
	check(status == 0, "a failed write is told, and stays failed");
	check(strcmp(replay(&err, &cut), "first|") == 0 && cut == 0, "nothing half is left");
}

int main(void)
{
	struct buf whole = { 0 };
	struct err err;
	uint64_t cut = 0;

	if (mkdtemp(directory) == NULL)
		abort();
	snprintf(path, sizeof path, "%s/j", directory);
	write_all(&whole);
	check_same(str_of(replay(&err, &cut)), "T 1 a@example.org|S 1 250 2.0.0\tok||T 2 b@example.org|", "replay");
	check(str_starts(buf_str(&whole), STR_LIT("T 1 a@example.org\t")) && str_find(buf_str(&whole), '\n') == 26,
		"one line a record");
	struct buf one = { 0 };

	journal_format(&one, STR_LIT("123456789"));
	check_same(buf_str(&one), "123456789\tcbf43926\n", "the CRC is CRC-32");
	buf_free(&one);
	test_cut(buf_str(&whole));
	test_damage(buf_str(&whole));
	test_tail_of_zeros(buf_str(&whole));
	test_hole();
	test_foreign();
	test_borne();
	test_refusals();
	test_full();
	buf_free(&whole);
	snprintf(path, sizeof path, "rm -r %s", directory);
	check(system(path) == 0, "clean");
	return tap_done();
}
