#include <config.h>

#include "tests/calls.h"

#include "cmd/popfetch/state.h"
#include "io/file.h"

/* What popfetch remembers: what is on disk when a call returns, and what a run believes that finds it. */

static char directory[] = "/tmp/pipemail-state-XXXXXX";
static char path[100];

#define A STR_LIT("ua")
#define B STR_LIT("ub")
#define C STR_LIT("uc")

static bool opened(struct state *s)
{
	struct err err = { 0 };

	if (state_open(s, path, &err))
		return true;
	check(false, "open: %s", err.text);
	return false;
}

static void again(struct state *s)
{
	calls_begin(NULL);
	state_close(s);
	opened(s);
}

static void reset(struct state *s)
{
	calls_begin(NULL);
	state_close(s);
	unlink(path);
	opened(s);
}

static void write_records(const char *const *records, size_t n)
{
	struct buf text = { 0 };
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	for (size_t i = 0; i < n; i++)
		journal_format(&text, str_of(records[i]));
	if (fd < 0 || !file_write(fd, buf_str(&text), path, NULL))
		abort();
	close(fd);
	buf_free(&text);
}

static void test_batch(struct state *s)
{
	reset(s);
	calls_begin(directory);
	check(state_seen(s, A) == -1, "unknown at first");
	check(state_try(s, A, STR_LIT("1\tFrom"), NULL) && state_try(s, B, STR_LIT("2"), NULL), "two are tried");
	calls_same("", "nothing is written yet");
	check(state_begin(s, STR_LIT("mbox\tx\t0\t1"), NULL), "begin");
	calls_same("write state; sync state", "is on disk before the batch is");
	check(state_seen(s, A) == -1, "which makes nothing known");
	check(state_done(s, 1000, true, NULL), "done");
	calls_same("write state; sync state", "is on disk");
	check(state_seen(s, A) == 1000 && state_seen(s, B) == 1000 && state_seen(s, C) == -1, "known since");
	check(state_try(s, C, STR_LIT("3"), NULL) && state_done(s, 2000, false, NULL), "one that went into a pipe");
	calls_same("write state", "survives the process");
	again(s);
	check(state_seen(s, A) == 1000 && state_seen(s, B) == 1000 && state_seen(s, C) == 2000 && s->place == NULL &&
			s->n_tries == 0,
		"the next run knows all");
	check(state_try(s, A, STR_LIT("3"), NULL) && state_done(s, 0, true, NULL) && state_seen(s, A) == 0,
		"the epoch is a time");
	check(state_try(s, A, STR_LIT("3"), NULL) && state_done(s, 3000, true, NULL), "fetched again");
	again(s);
	check(state_seen(s, A) == 3000, "the last time counts");
}

static void test_crash(struct state *s)
{
	reset(s);
	state_try(s, A, STR_LIT("1"), NULL);
	journal_commit(&s->journal, NULL);
	state_close(s);
	calls_begin(directory);
	opened(s);
	check(s->n_tries == 0 && s->place == NULL, "tried and not begun");
	check(str_ends(buf_str(&calls.notes), STR_LIT("lock state; sync state; write state; sync state")),
		"it is taken back, synced");
	calls_begin(NULL);
	check(state_try(s, B, STR_LIT("2\tFrom x"), NULL) && state_begin(s, STR_LIT("mbox\tx\t0\t1"), NULL),
		"another batch");
	again(s);
	check(s->n_tries == 1 && strcmp(s->tries[0].key, "ub") == 0 && strcmp(s->tries[0].extra, "2\tFrom x") == 0 &&
			strcmp(s->place, "mbox\tx\t0\t1") == 0,
		"begun and not done: what and where");
	check(state_seen(s, A) == -1 && state_seen(s, B) == -1, "neither is known");
	check(state_undone(s, NULL) && s->n_tries == 0 && s->place == NULL, "taken back");
	again(s);
	check(s->n_tries == 0 && s->place == NULL && state_seen(s, B) == -1, "for the next run too");
	check(state_try(s, C, STR_LIT("3"), NULL) && state_begin(s, STR_LIT("p"), NULL), "a third batch");
	calls_begin(directory);
	check(state_undone(s, NULL), "taken back at once");
	calls_same("write state; sync state", "is on disk");
	again(s);
	check(s->place == NULL && state_seen(s, C) == -1, "and stays so");
}

static void test_failures(struct state *s)
{
	struct err err = { 0 };

	reset(s);
	calls_begin(directory);
	calls_fail("sync state", EIO, 0, 1);
	check(state_try(s, A, STR_LIT("1"), NULL) && !state_begin(s, STR_LIT("p"), &err) && err.kind == ERR_IO, "%s",
		err.text);
	check(!state_done(s, 1, true, &err) && !state_undone(s, &err) && !state_begin(s, STR_LIT("p"), &err),
		"nothing more is promised");
	reset(s);
	calls_begin(directory);
	check(state_try(s, A, STR_LIT("1"), NULL) && state_begin(s, STR_LIT("p"), NULL), "begun");
	calls_fail("write state", ENOSPC, 0, 1);
	check(!state_done(s, 1, true, &err) && err.kind == ERR_IO, "%s", err.text);
	reset(s);
	check(state_try(s, STR_LIT("u\n"), STR_LIT("1"), &err) == false && err.kind == ERR_SOFTWARE, "%s", err.text);
}

static void test_care(struct state *s)
{
	reset(s);
	check(!state_is_fault(s, A) && state_fault(s, A, NULL) && state_is_fault(s, A), "trouble");
	journal_commit(&s->journal, NULL);
	again(s);
	check(state_is_fault(s, A) && !state_is_fault(s, B) && state_seen(s, A) == -1, "is remembered");
	check(state_try(s, A, STR_LIT("1"), NULL) && state_done(s, 1, true, NULL) && !state_is_fault(s, A),
		"until it is stored");
	again(s);
	check(!state_is_fault(s, A), "also by the next run");
	check(!s->lock_step, "no lock step");
	calls_begin(directory);
	check(state_set_lock_step(s, NULL) && state_is_lock_step(s), "lock step");
	calls_same("write state; sync state", "is on disk");
	again(s);
	check(state_is_lock_step(s), "and remembered");
}

#define DAY INT64_C(86400)

/* A session that lists what keys names. */
static bool tidy(struct state *s, const char *keys, int64_t now)
{
	bool before;

	state_listing(s);
	for (const char *key = keys; *key != '\0'; key++)
		state_list(s, str_at((char[2]){ 'u', *key }, 2), &before);
	return state_tidy(s, now, NULL);
}

static void store(struct state *s, const char *keys, int64_t now)
{
	for (const char *key = keys; *key != '\0'; key++)
		state_try_noted(s, str_at((char[2]){ 'u', *key }, 2), STR_LIT("1"), 11, 77, NULL);
	state_done(s, now, true, NULL);
}

static void test_tidy(struct state *s)
{
	reset(s);
	store(s, "abc", 5);
	state_fault(s, STR_LIT("ud"), NULL);
	state_fault(s, STR_LIT("ue"), NULL);
	calls_begin(directory);
	check(tidy(s, "aez", 100), "what the server does not list");
	calls_same("write state; sync state", "is noted on disk");
	check(state_seen(s, A) == 5 && state_seen(s, B) == 5 && state_seen(s, C) == 5, "and stays known");
	check(!state_is_fault(s, STR_LIT("ud")) && state_is_fault(s, STR_LIT("ue")), "trouble does not");
	again(s);
	check(tidy(s, "a", 100 + 40 * DAY) && state_seen(s, B) == 5, "40 days later, in the second session");
	again(s);
	check(tidy(s, "ac", 100 + 41 * DAY) && state_seen(s, B) == -1 && state_seen(s, C) == 5,
		"in the third it is forgotten");
	again(s);
	check(state_seen(s, A) == 5 && state_seen(s, B) == -1, "by the next run too");
	for (int i = 0; i < 4; i++)
		check(tidy(s, "a", 100 + 42 * DAY + i) && state_seen(s, C) == 5,
			"what was listed again has its own time");
	again(s);
	calls_begin(directory);
	check(tidy(s, "a", 100 + 43 * DAY), "sessions beyond the third");
	calls_same("", "are not written");
	check(tidy(s, "a", 100 + 42 * DAY + 30 * DAY - 1) && state_seen(s, C) == 5, "30 days less a second");
	check(tidy(s, "a", 100 + 42 * DAY + 30 * DAY) && state_seen(s, C) == -1, "30 days");
	store(s, "b", 6);
	again(s);
	check(state_seen(s, B) == 6, "a UID that comes again is a new message");
}

static bool noted(const struct state *s, uint64_t size, bool deleted, bool gone)
{
	const struct state_note *n = state_noted(s, A);

	return n != NULL && n->size == size && n->hash == 77 && n->deleted == deleted && (n->gone != 0) == gone;
}

static void test_notes(struct state *s)
{
	reset(s);
	check(state_noted(s, A) == NULL, "nothing is noted of what is unknown");
	state_try_noted(s, A, STR_LIT("1"), 11, 77, NULL);
	check(state_begin(s, STR_LIT("p"), NULL) && state_noted(s, A) == NULL, "nor of what is not stored");
	again(s);
	check(s->n_tries == 1 && state_done(s, 5, true, NULL) && noted(s, 11, false, false), "a crash loses no note");
	check(state_noted(s, A)->fresh, "it is of this run");
	again(s);
	check(noted(s, 11, false, false) && !state_noted(s, A)->fresh, "size and hash are remembered");
	check(state_deleted(s, A, NULL) && tidy(s, "", 9) && noted(s, 11, true, true), "deleted");
	again(s);
	check(noted(s, 11, true, true), "and remembered");
	while (s->records < 1000)
		state_undone(s, NULL);
	state_set_mailbox(s, "/x", NULL);
	check(tidy(s, "", 10) && s->records >= 1000, "written anew");
	again(s);
	check(noted(s, 11, true, true) && s->records < 10 && strcmp(s->mailbox, "/x") == 0, "with all that was noted");
	check(state_same(s, A, 12, NULL) && noted(s, 12, false, false) && state_seen(s, A) == 5, "compared");
	journal_commit(&s->journal, NULL);
	again(s);
	check(noted(s, 12, false, false) && state_seen(s, A) == 5, "and remembered with its size");
}

/* n records, of which live ones are listed; does tidy write the file anew? */
static bool rewritten(struct state *s, size_t n, size_t live)
{
	bool before;
	char key[20];

	reset(s);
	for (size_t i = 0; i < live; i++) {
		snprintf(key, sizeof key, "u%zu", i);
		state_try(s, str_of(key), STR_LIT("1"), NULL);
	}
	state_done(s, 7, true, NULL);
	state_fault(s, STR_LIT("u0"), NULL);
	for (size_t i = 0; i < live; i++) {
		snprintf(key, sizeof key, "u%zu", i);
		state_list(s, str_of(key), &before);
	}
	state_set_lock_step(s, NULL);
	while (s->records < n)
		state_undone(s, NULL);
	calls_begin(directory);
	check(state_tidy(s, 9, NULL), "tidy %zu records, %zu of them live", n, live);
	bool anew = str_search(buf_str(&calls.notes), STR_LIT("rename state~ state")) < buf_len(&calls.notes);

	again(s);
	check(state_seen(s, STR_LIT("u0")) == 7 && state_seen(s, str_of(key)) == 7 &&
			state_is_fault(s, STR_LIT("u0")) && s->lock_step,
		"nothing is lost by it");
	check(!anew || s->records == live + 2, "only what counts is left: %llu", (unsigned long long)s->records);
	return anew;
}

static void test_compact(struct state *s)
{
	check(!rewritten(s, 999, 100), "a short file stays");
	check(rewritten(s, 1000, 100), "a long one does not");
	check(rewritten(s, 2200, 1100), "half of it alive is not mostly");
	state_listing(s);
	for (size_t i = 0; i < 1100; i++) {
		char key[20];
		bool before;

		snprintf(key, sizeof key, "u%zu", i);
		state_list(s, str_of(key), &before);
	}
	calls_begin(directory);
	check(s->records > 1000 && state_tidy(s, 9, NULL), "one that is mostly alive");
	check(str_search(buf_str(&calls.notes), STR_LIT("rename")) == buf_len(&calls.notes), "stays");
	reset(s);
	while (s->records < 1000)
		state_undone(s, NULL);
	calls_begin(directory);
	calls_fail("sync state~", EIO, 0, 1);
	check(!state_tidy(s, 9, NULL), "a rewriting that fails");
	again(s);
	check(s->records == 1000, "leaves the old file");
}

static void test_strange(struct state *s)
{
	static const char *const strange[] = { "", "Q\tx", "TT\tx", "E\tua\tx", "E\tua", "E\tua\t9223372036854775807",
		"E\tua\t1\tx", "N\tua\tx\t1\t1", "G\tua\tx", "G\tua\t1\t4" };
	struct err err = { 0 };
	struct state other;

	for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
		state_close(s);
		write_records(&strange[i], 1);
		check(!state_open(s, path, &err) && err.kind == ERR_DATA, "%s", err.text);
	}
	unlink(path);
	opened(s);
	check(!state_open(&other, path, &err) && err.kind == ERR_TEMP, "%s", err.text);
	state_close(&other);
	/* The lock is on a file of its own, so that it also holds when the state is replaced. */
	unlink(path);
	check(!state_open(&other, path, &err) && err.kind == ERR_TEMP, "%s", err.text);
	state_close(&other);
}

int main(void)
{
	struct state s = { .lock = -1 };
	char command[100];

	if (mkdtemp(directory) == NULL)
		abort();
	snprintf(path, sizeof path, "%s/state", directory);
	test_batch(&s);
	test_crash(&s);
	test_failures(&s);
	test_care(&s);
	test_tidy(&s);
	test_notes(&s);
	test_compact(&s);
	test_strange(&s);
	state_close(&s);
	snprintf(command, sizeof command, "rm -r %s", directory);
	check(system(command) == 0, "clean");
	return tap_done();
}
