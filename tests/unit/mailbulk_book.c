#include <config.h>

#include "tests/mailbulk_engine.h"

/* What must hold at the end of every commit (book.h): who may leave is reserved on disk, no second reservation comes
 * after it, and whoever is deferred needs another one. */

static struct bench b;
static struct engine *const e = &b.e;

static const char *rows(unsigned n)
{
	static struct buf list;

	buf_clear(&list);
	buf_add_text(&list, "email\n");
	for (unsigned i = 0; i < n; i++)
		buf_printf(&list, "r%u@d.example\n", i);
	return buf_text(&list);
}

static void begin(unsigned n, size_t peers, uint64_t most, const char *const *options)
{
	bench_begin(&b, rows(n), peers, false, options);
	e->left = n;
	e->line.most = most;
	bench_campaign(&b);
	for (size_t i = 0; i < peers; i++)
		bench_up(&b, i, 0, "");
}

struct names {
	struct buf text;
	size_t seen;
	size_t told;
};

/* R and E records with the rows that they name, by the local parts of R. */
static bool note(void *arg, struct str record, struct err *err)
{
	struct names *n = arg;
	struct str rest = record;
	struct str letter = str_cut(&rest, '\t');

	(void)err;
	if (n->seen++ < n->told || (letter.p[0] != 'R' && letter.p[0] != 'E'))
		return true;
	buf_printf(&n->text, "%s%.*s", buf_len(&n->text) > 0 ? "; " : "", STR_ARGS(letter));
	str_cut(&rest, '\t'); /* time */
	if (letter.p[0] == 'E') {
		if (rest.p != NULL)
			buf_printf(&n->text, " %zu", str_count(rest, '\t') + 1);
		return true;
	}
	str_cut(&rest, '\t'); /* boot */
	while (rest.p != NULL && rest.n > 0) {
		str_cut(&rest, '\t');
		struct str address = str_cut(&rest, '\t');

		buf_printf(&n->text, " %.*s", STR_ARGS(str_sub(address, 0, str_find(address, '@'))));
	}
	return true;
}

/* The reservations that are in the file since the last call; nothing is written by that. */
static struct str reservations(bool anew)
{
	static struct names n;
	struct journal_reader reader = { .replay = note, .arg = &n };
	uint64_t whole = UINT64_MAX;
	struct err err = { 0 };

	if (anew)
		n.told = 0;
	n.seen = 0;
	buf_clear(&n.text);
	check(journal_read(b.settings->journal, &reader, &whole, &err), "read: %s", err.text);
	n.told = n.seen;
	return buf_str(&n.text);
}

static void commit(void)
{
	check(book_commit(&e->book, &b.err), "commit: %s", b.err.text);
}

static void test_turns(void)
{
	begin(20, 1, 4, NO_OPTIONS);
	reservations(true);
	check(engine_admit(e) == 1 && e->book.sync_due, "a row is given, and what names it is to be synced");
	check_same(reservations(false), "", "nothing is written before the commit");
	commit();
	check_same(reservations(false), "R r0 r1 r2 r3", "then the next four are reserved");
	check(!e->book.journal.unsynced && !e->book.sync_due, "on disk");
	bench_serves(&b, 0);
	check(engine_admit(e) == 2 && !e->book.sync_due, "the next two need no sync");
	commit();
	check_same(reservations(false), "", "nor another reservation");
	check(e->book.journal.unsynced, "hand-over and verdict of the first are only written");
	bench_serves(&b, 0);
	check(engine_admit(e) == 2 && e->book.sync_due, "the fifth does");
	/* As if all had gone in this turn. */
	for (struct waiting w; line_drain(e, &w);)
		;
	check(line_head(e) == NULL && e->hurry, "no second reservation is made before it is synced");
	commit();
	check_same(reservations(false), "R r4 r5 r6 r7 r8 r9 r10 r11", "it is larger, as all went well");
	check(line_head(e) != NULL, "then the next one may be made");
	bench_end(&b);
}

/* Whoever is deferred has no place any more: he is reserved anew. */
static void test_retry(void)
{
	begin(3, 1, 3, OPTIONS("--retry-pause", "1"));
	reservations(true);
	engine_admit(e);
	commit();
	check_same(reservations(false), "R r0 r1 r2", "three are reserved");
	step_peer(e, &e->peers[0]);
	bench_says(&b, 0, "250 ok\r\n450 4.2.1 later\r\n503 no\r\n");
	check(e->queue.n == 1 && e->book.open == 2, "one is deferred, two are open");
	for (int i = 0; i < 2; i++) {
		engine_admit(e);
		bench_serves(&b, 0);
	}
	commit();
	check(e->book.open == 0, "the others are sent");
	e->now += 2 * CLOCK_SECOND;
	check(engine_admit(e) == 1, "it is tried again");
	commit();
	check_same(reservations(false), "R r0", "under a reservation of its own");
	bench_end(&b);
}

static void test_ends(void)
{
	struct err err = { 0 };

	begin(5, 1, 5, NO_OPTIONS);
	reservations(true);
	engine_admit(e);
	commit();
	check_same(reservations(false), "R r0 r1 r2 r3 r4", "five are reserved");
	check(line_stale(e) == e->now + 2 * CLOCK_SECOND, "for a while");
	e->now += 2 * CLOCK_SECOND;
	check(line_stale(e) == INT64_MAX && e->book.open == 1, "then those that nobody took are given back");
	commit();
	check_same(reservations(false), "E 4", "by name");
	bench_serves(&b, 0);
	engine_admit(e);
	commit();
	check_same(reservations(false), "R r1 r2 r3 r4", "and reserved again with the next");
	bench_serves(&b, 0);
	e->stopping = true;
	check(book_close(&e->book, &err) && !e->book.journal.unsynced, "an orderly end: %s", err.text);
	check_same(reservations(false), "E", "releases all that is left, synced");
	bench_end(&b);

	begin(1, 1, 1, NO_OPTIONS);
	engine_admit(e);
	commit();
	bench_serves(&b, 0);
	reservations(true);
	check(book_close(&e->book, &err) && reservations(false).n == 0, "where nothing is open nothing is released");
	bench_end(&b);
}

/* Without a known file system each hand-over is synced. */
static void test_systems(void)
{
	begin(2, 1, 2, NO_OPTIONS);
	e->book.ordered = false;
	engine_admit(e);
	commit();
	bench_serves(&b, 0);
	check(e->book.sync_due, "a hand-over waits for its sync");
	commit();
	check(!e->book.journal.unsynced, "and gets it");
	struct err err = { 0 };

	book_trying(&e->book, "key", "a\nb", STR_LIT("id"));
	check(!book_commit(&e->book, &err) && err.kind == ERR_SOFTWARE,
		"a record that cannot be added lets nothing leave");
	bench_end(&b);
}

int main(void)
{
	bench_open();
	test_turns();
	test_retry();
	test_ends();
	test_systems();
	return bench_close();
}
