#include <config.h>

#include "tests/calls.h"

#include <sys/wait.h>

#include "base/crc32.h"
#include "base/mem.h"
#include "cmd/popfetch/sink.h"
#include "cmd/popfetch/state.h"
#include "cmd/popfetch/torn.h"
#include "io/clock.h"
#include "io/file.h"

/* Where popfetch puts messages: the order of writes and syncs, locks, what is taken back when a call fails, and what is
 * mended after a crash. */

static char directory[] = "/tmp/pipemail-sink-XXXXXX";
static char box[100];
static char state_file[100];
static char maildir[100];
static char dir_sync[100];

#define LINE "From bob@example.net Mon Nov 23 08:00:00 2026\n"
#define ONE "Return-Path: <bob@example.net>\r\nSubject: 1\r\n\r\nFrom here\r\nend\r\n"
#define TWO "Return-Path: <bob@example.net>\r\nSubject: 2\r\n\r\nshort\r\n"
#define ONE_STORED LINE "Return-Path: <bob@example.net>\nSubject: 1\n\n>From here\nend\n\n"
#define TWO_STORED LINE "Return-Path: <bob@example.net>\nSubject: 2\n\nshort\n\n"
#define BATCH ONE_STORED TWO_STORED
#define OLD "From ann@example.org Sun Nov 22 08:00:00 2026\nA: b\n\nold\n\n"
#define FOREIGN "From eve@example.com Tue Nov 24 09:10:11 2026\nSubject: hers\n\nfrom another program\n\n"

static void put(const char *path, struct str octets)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || !file_write(fd, octets, path, NULL))
		abort();
	close(fd);
}

static struct str content(const char *path)
{
	static struct buf out;

	buf_clear(&out);
	return file_read(path, 64 << 20, &out, NULL) ? buf_str(&out) : STR_LIT("(none)");
}

static void reset(const char *old)
{
	calls_begin(NULL);
	unlink(state_file);
	unlink(box);
	if (old != NULL)
		put(box, str_of(old));
}

static bool start(struct sink *s, struct state *state, const char *path)
{
	struct err err = { 0 };
	bool ok = state_open(state, state_file, &err) && sink_open(s, path, state, &err);

	if (!ok)
		check(false, "start: %s", err.text);
	return ok;
}

static void end(struct sink *s, struct state *state)
{
	sink_close(s);
	state_close(state);
}

static bool add(struct sink *s, const char *key, const char *message)
{
	return sink_begin(s, NULL) && sink_add(s, str_of(message), NULL) && sink_end(s, str_of(key), NULL);
}

static bool start_batch(struct sink *s, struct state *state, const char *path)
{
	return start(s, state, path) && add(s, "u1", ONE) && add(s, "u2", TWO);
}

static bool seen(struct state *s)
{
	return state_seen(s, STR_LIT("u1")) == 1795420800 && state_seen(s, STR_LIT("u2")) == 1795420800;
}

static bool unseen(struct state *s)
{
	return state_seen(s, STR_LIT("u1")) < 0 && state_seen(s, STR_LIT("u2")) < 0;
}

/* What a run that starts now believes. */
static bool reopened(bool (*judge)(struct state *))
{
	struct state state;
	bool ok = state_open(&state, state_file, NULL) && judge(&state) && state.place == NULL;

	state_close(&state);
	return ok;
}

static void notes(const char *form, const char *name)
{
	char want[400];

	snprintf(want, sizeof want, form, dir_sync);
	calls_same(want, name);
}

static void test_order(void)
{
	struct state state;
	struct sink s;
	struct err err = { 0 };

	reset(OLD);
	check(start_batch(&s, &state, box), "a batch of two");
	calls_begin(directory);
	check(sink_commit(&s, &err), "commit: %s", err.text);
	notes("write #; link in.mbox.lock; lock in.mbox; write state; sync state; write in.mbox; sync in.mbox; %s; "
	      "write state; sync state; unlink in.mbox.lock",
		"both locks, the intent, the messages, the result: each synced before the next");
	calls_begin(NULL);
	check_same(content(box), OLD BATCH, "both are there");
	check(seen(&state) && s.n == 0, "and known");
	check(add(&s, "u3", TWO), "a third");
	calls_begin(directory);
	check(sink_commit(&s, &err), "commit: %s", err.text);
	calls_same("write #; link in.mbox.lock; lock in.mbox; write state; sync state; write in.mbox; sync in.mbox; "
		   "write state; sync state; unlink in.mbox.lock",
		"the name needs no second sync");
	check(sink_commit(&s, &err), "an empty batch");
	calls_same("", "is nothing");
	calls_begin(NULL);
	end(&s, &state);
	check(reopened(seen), "the next run knows them");
}

static void test_line_ends(void)
{
	static const struct {
		const char *old, *want;
	} ends[] = { { NULL, BATCH }, { "", BATCH }, { "\n", "\n" BATCH }, { "x", "x\n\n" BATCH },
		{ "x\n", "x\n\n" BATCH }, { "x\n\n", "x\n\n" BATCH }, { "\n\n", "\n\n" BATCH } };
	struct state state;
	struct sink s;

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		reset(ends[i].old);
		check(start_batch(&s, &state, box) && sink_commit(&s, NULL), "behind end %zu", i);
		check_same(content(box), ends[i].want, "an empty line stands before it");
		end(&s, &state);
	}
}

/* Each call that can fail: the mailbox is as before, and the next run fetches the messages again. */
static void test_failures(void)
{
	static const char *const points[] = { "lock in.mbox", "write state", "sync state", "write in.mbox",
		"sync in.mbox", dir_sync, "link in.mbox.lock" };
	struct state state;
	struct sink s;

	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		struct err err = { 0 };

		reset(OLD);
		start_batch(&s, &state, box);
		calls_begin(directory);
		calls.few = 20;
		calls_fail(points[i], i == 0 ? EIO : i == 6 ? EACCES : ENOSPC, i == 3 ? 2 : 0, 1);
		bool ok = sink_commit(&s, &err);

		calls_begin(NULL);
		if (i == 6) {
			/* A folder that allows no lock of one way has the other way. */
			check(ok && seen(&state), "%s fails: the other way", points[i]);
			end(&s, &state);
			continue;
		}
		check(!ok && err.kind != ERR_NONE, "%s fails: %s", points[i], err.text);
		check_same(content(box), OLD, "the mailbox is as it was");
		check(unseen(&state) && access(box, F_OK) == 0, "nothing is known");
		end(&s, &state);
		check(access(strcat(strcpy((char[120]){ 0 }, box), ".lock"), F_OK) < 0, "no dotlock is left");
		start(&s, &state, box);
		check(sink_recover(&s, &err) && unseen(&state), "nor is it in the next run");
		check_same(content(box), OLD, "and the mailbox is still as it was");
		end(&s, &state);
	}
	/* The last sync failed: the messages are there, and the next run finds them whole. */
	reset(OLD);
	start_batch(&s, &state, box);
	calls_begin(directory);
	calls_fail("sync state", EIO, 1, 1);
	check(!sink_commit(&s, NULL), "the result could not be synced");
	end(&s, &state);
	calls_begin(NULL);
	check_same(content(box), OLD BATCH, "the batch stays");
}

/* What the mailbox lacked at its end is taken back too when the batch cannot be announced, and counts in its offset. */
static void test_ends_and_failures(void)
{
	struct state state;
	struct err err = { 0 };
	struct sink s;

	reset("x");
	start_batch(&s, &state, box);
	calls_begin(directory);
	calls_fail("sync state", EIO, 0, 1);
	check(!sink_commit(&s, &err), "%s", err.text);
	calls_begin(NULL);
	end(&s, &state);
	check_same(content(box), "x", "added line ends are taken back");
	for (int half = 0; half < 2; half++) {
		reset("x");
		start(&s, &state, box);
		add(&s, "u1", ONE);
		/* One that is abandoned in between is not part of it. */
		sink_begin(&s, NULL);
		sink_add(&s, STR_LIT("A: b\r\n\r\nabandoned\r\n"), NULL);
		sink_abandon(&s);
		add(&s, "u2", TWO);
		calls_begin(directory);
		calls_fail("write state", EIO, 1, 1);
		check(!sink_commit(&s, &err), "the result cannot be written: %s", err.text);
		calls_begin(NULL);
		end(&s, &state);
		check_same(content(box), "x\n\n" BATCH, "the batch is there");
		if (half && truncate(box, 60) < 0)
			abort();
		start(&s, &state, box);
		check(unseen(&state) && sink_recover(&s, &err) && (half ? unseen(&state) : seen(&state)),
			half ? "half of it is not known" : "the next run finds it whole");
		end(&s, &state);
		check_same(content(box), half ? "x\n\n" : "x\n\n" BATCH, "and the mailbox is in order");
	}
}

/* The first sync of the mailbox fails as well as what was asked for. */
static void fail_sync(const char *note)
{
	if (strcmp(note, "sync in.mbox") == 0) {
		calls.before = NULL;
		calls.fail_now = EIO;
	}
}

/* The batch cannot be synced, and its removal neither: a power failure may bring it back. */
static void test_not_taken_back(void)
{
	static const struct {
		const char *call;
		int spare;
	} faults[] = { { "sync in.mbox", 0 }, { "truncate in.mbox", 0 } };
	struct state state;
	struct err err = { 0 };
	struct sink s;

	for (size_t i = 0; i < 2; i++) {
		reset(OLD);
		start_batch(&s, &state, box);
		calls_begin(directory);
		calls_fail(faults[i].call, EIO, faults[i].spare, -1);
		if (i == 1)
			calls.before = fail_sync;
		check(!sink_commit(&s, NULL) && unseen(&state), "neither the batch nor its removal: %s",
			faults[i].call);
		calls_begin(NULL);
		end(&s, &state);
		state_open(&state, state_file, NULL);
		check(state.place != NULL && state.n_tries == 2, "the state still names the batch");
		state_close(&state);
		start(&s, &state, box);
		check(sink_recover(&s, &err) && state.place == NULL, "the next run makes sure");
		check(i == 0 ? unseen(&state) : seen(&state), "of what is there");
		end(&s, &state);
		check_same(content(box), i == 0 ? OLD : OLD BATCH, "and the mailbox is in order");
	}
}

/* --- locks --- */

static int hook_calls;
static bool hook_locked;

static void look_at_locks(const char *note)
{
	char lock[120];
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (strcmp(note, "write in.mbox") != 0)
		return;
	snprintf(lock, sizeof lock, "%s.lock", box);
	int fd = open(box, O_RDWR);

	hook_calls++;
	hook_locked = hook_locked && access(lock, F_OK) == 0 && fcntl(fd, F_OFD_SETLK, &l) < 0;
	close(fd);
}

static void test_locks(void)
{
	struct state state;
	struct sink s;

	reset(OLD);
	start_batch(&s, &state, box);
	calls_begin(directory);
	calls.before = look_at_locks;
	hook_calls = 0;
	hook_locked = true;
	check(sink_commit(&s, NULL) && hook_calls > 0 && hook_locked, "both locks are held while it is written");
	calls_begin(directory);
	add(&s, "u3", TWO);
	calls_fail("lock in.mbox", EAGAIN, 0, 2);
	check(sink_commit(&s, NULL), "a lock that another has for a while is waited for");
	calls_begin(NULL);
	check_same(content(box), OLD BATCH TWO_STORED, "then it is written");
	end(&s, &state);
}

static char replacement[120];
static int replacements;

/* A mail program rewrites the mailbox into a new file while we wait for the lock. */
static void replace_box(const char *note)
{
	if (strcmp(note, "lock in.mbox") != 0 || replacements-- <= 0)
		return;
	snprintf(replacement, sizeof replacement, "%s.new", box);
	put(replacement, STR_LIT(OLD "rewritten\n\n"));
	if (rename(box, strcat(strcpy((char[120]){ 0 }, directory), "/old.mbox")) < 0 || rename(replacement, box) < 0)
		abort();
}

static void remove_box(const char *note)
{
	if (strcmp(note, "lock in.mbox") == 0 && replacements-- > 0)
		unlink(box);
}

static void test_replaced(void)
{
	struct state state;
	struct err err = { 0 };
	struct sink s;
	char old[120];

	snprintf(old, sizeof old, "%s/old.mbox", directory);
	for (int times = 1; times < 3; times++) {
		reset(OLD);
		start_batch(&s, &state, box);
		calls_begin(directory);
		calls.before = replace_box;
		replacements = times;
		check(sink_commit(&s, &err), "replaced %d times while the lock was waited for: %s", times, err.text);
		calls_begin(NULL);
		check_same(content(box), OLD "rewritten\n\n" BATCH, "the batch goes into the file that has the name");
		check_same(content(old), times == 1 ? OLD : OLD "rewritten\n\n", "and not into the other");
		end(&s, &state);
		unlink(old);
	}
	reset(OLD);
	start_batch(&s, &state, box);
	calls_begin(directory);
	calls.before = remove_box;
	replacements = 1;
	check(sink_commit(&s, &err), "removed while the lock was waited for");
	calls_begin(NULL);
	check_same(content(box), BATCH, "it is made anew");
	end(&s, &state);
}

/* --- after a crash --- */

/* The state as it is when the batch was announced and nothing more. */
static void crash(const char *old)
{
	struct state state;
	struct sink s;

	reset(old);
	pid_t child = fork();

	if (child == 0) {
		struct buf place = { 0 };

		start_batch(&s, &state, box);
		buf_printf(&place, "mbox\t%s\t%zu\t%u", box, strlen(old), s.crc);
		_exit(!state_begin(&state, buf_str(&place), NULL));
	}
	int status = 1;

	waitpid(child, &status, 0);
	if (status != 0)
		abort();
}

/* Recover with this in the mailbox; what is there then, and whether the messages are known. */
static bool recovered(const char *old, struct str tail, struct str want, bool known)
{
	struct buf all = { .limit = SIZE_MAX };
	struct buf kept = { .limit = SIZE_MAX };
	struct state state;
	struct err err = { 0 };
	struct sink s;
	bool ok;

	buf_add_text(&all, old);
	buf_add(&all, tail);
	put(box, buf_str(&all));
	buf_add(&kept, content(state_file));
	start(&s, &state, box);
	ok = sink_recover(&s, &err) && (known ? seen(&state) : unseen(&state)) && state.place == NULL;
	end(&s, &state);
	ok = ok && str_eq(content(box), want) && reopened(known ? seen : unseen);
	put(state_file, buf_str(&kept));
	buf_free(&kept);
	buf_free(&all);
	return ok;
}

static void test_recover(void)
{
	struct str batch = STR_LIT(BATCH);
	struct buf with = { 0 };
	struct buf want = { 0 };
	size_t wrong[4] = { 0 };

	setenv("SOURCE_DATE_EPOCH", "1795420800", 1);
	crash(OLD);
	check(recovered(OLD, STR_LIT(""), STR_LIT(OLD), false), "killed before the first octet");
	check(recovered(OLD, batch, STR_LIT(OLD BATCH), true), "killed after the last one");
	check(recovered(OLD, STR_LIT(BATCH FOREIGN), STR_LIT(OLD BATCH FOREIGN), true),
		"and another program wrote behind it");
	for (size_t n = 1; n < batch.n; n++) {
		struct str torn = str_sub(batch, 0, n);
		wrong[0] += !recovered(OLD, torn, STR_LIT(OLD), false);
		static const char *const ways[] = { FOREIGN, "\n" FOREIGN, "\n\n" FOREIGN };

		for (size_t way = 0; way < 3; way++) {
			buf_clear(&with);
			buf_clear(&want);
			buf_add(&with, torn);
			buf_add_text(&with, ways[way]);
			buf_add_text(&want, OLD);
			buf_add(&want, buf_str(&with));
			/* What it begins with may be what the batch lacks. */
			bool whole = str_starts(buf_str(&with), batch);

			if (!recovered(OLD, buf_str(&with), buf_str(&want), whole)) {
				wrong[1 + way]++;
				printf("# cut at %zu, way %zu\n", n, way);
			}
		}
	}
	check(wrong[0] == 0, "torn at any octet: it is cut off");
	check(wrong[1] == 0, "and another program appended at once: all stays");
	check(wrong[2] == 0 && wrong[3] == 0, "or after line ends: all stays");
	/* Damaged in the middle, of the right length: not whole, and nothing else there either. */
	char *copy = mem_copy(batch.p, batch.n);

	copy[60] ^= 1;
	check(recovered(OLD, str_at(copy, batch.n), STR_LIT(OLD), false),
		"of the right length with a bit turned: cut off");
	mem_free(copy);
	buf_free(&with);
	buf_free(&want);
	check(recovered("From", STR_LIT(""), STR_LIT("From"), false), "the mailbox is shorter than it was: it stays");
}

/* A power failure leaves blocks of an unsynced batch as zeros: any piece of it. */
static void test_zeros(void)
{
	struct str batch = STR_LIT(BATCH);
	struct buf with = { 0 };
	struct buf want = { 0 };
	size_t wrong = 0;
	size_t lost = 0;

	crash(OLD);
	for (size_t from = 0; from < batch.n; from += 3)
		for (size_t n = 1; from + n <= batch.n; n = n < 40 ? n + 13 : n * 2) {
			buf_clear(&with);
			buf_add(&with, batch);
			memset(with.p + with.off + from, 0, n);
			/* ">From h", zeros, and the end of our next From_ line make what could be another's. */
			if (from >= 94 && from < strlen(ONE_STORED) && from + n > strlen(ONE_STORED) && from + n <= 137)
				continue;
			if (!recovered(OLD, buf_str(&with), STR_LIT(OLD), false)) {
				printf("# %zu zeros at %zu\n", n, from);
				wrong++;
			}
			buf_clear(&want);
			buf_add_text(&want, OLD);
			buf_add(&want, buf_str(&with));
			buf_add_text(&want, FOREIGN);
			buf_add_text(&with, FOREIGN);
			lost += !recovered(OLD, buf_str(&with), buf_str(&want), false);
		}
	check(wrong == 0, "zeros in place of any piece: it is cut off");
	check(lost == 0, "and another program wrote behind it: all stays");
	/* Zeros that hide where our second message begins, and another's message right behind. */
	wrong = 0;
	for (size_t n = 40; n < 120; n++) {
		buf_clear(&with);
		buf_add(&with, str_sub(batch, 0, 100));
		for (size_t i = 0; i < n && i + 100 < batch.n - 60; i++)
			buf_add_char(&with, '\0');
		if (buf_len(&with) == strlen(ONE_STORED))
			continue;
		buf_add_text(&with, "From eve@example.com Tue Nov 24 09:10:11 2026\n");
		buf_clear(&want);
		buf_add_text(&want, OLD);
		buf_add(&want, buf_str(&with));
		wrong += !recovered(OLD, buf_str(&with), buf_str(&want), false);
	}
	check(wrong == 0, "another's message behind zeros: all stays");
	buf_free(&with);
	buf_free(&want);
}

static void test_recover_sync(void)
{
	struct state state;
	struct err err = { 0 };
	struct sink s;

	for (int whole = 0; whole < 2; whole++) {
		crash(OLD);
		put(box, whole ? STR_LIT(OLD BATCH) : STR_LIT(OLD "From bob@example.net Mon"));
		start(&s, &state, box);
		calls_begin(directory);
		check(sink_recover(&s, &err), "recovered: %s", err.text);
		if (whole)
			notes("write #; link in.mbox.lock; lock in.mbox; sync in.mbox; %s; write state; sync state; "
			      "unlink in.mbox.lock",
				"a whole batch is synced before it is known");
		else
			calls_same("write #; link in.mbox.lock; lock in.mbox; truncate in.mbox; sync in.mbox; "
				   "write state; sync state; unlink in.mbox.lock",
				"half a batch is cut off, synced, before it is forgotten");
		calls_begin(NULL);
		end(&s, &state);
		static const char *const points[] = { "sync in.mbox", "truncate in.mbox", dir_sync };

		for (size_t i = 0; i < 3; i++) {
			if (i == (whole ? 1 : 2))
				continue;
			crash(OLD);
			put(box, whole ? STR_LIT(OLD BATCH) : STR_LIT(OLD "From bob@example.net Mon"));
			start(&s, &state, box);
			calls_begin(directory);
			calls_fail(points[i], EIO, 0, 1);
			err = (struct err){ 0 };
			check(!sink_recover(&s, &err) && err.kind == ERR_IO, "%s", err.text);
			check(unseen(&state), "nothing is known then");
			calls_begin(NULL);
			end(&s, &state);
		}
	}
	crash(OLD);
	unlink(box);
	start(&s, &state, box);
	check(sink_recover(&s, &err) && unseen(&state) && state.place == NULL, "the mailbox is gone");
	end(&s, &state);
	check(access(box, F_OK) < 0, "and is not made");
}

static void add_try(struct state_try *t, const char *extra)
{
	*t = (struct state_try){ .key = (char *)(uintptr_t) "u", .extra = (char *)(uintptr_t)extra };
}

static enum torn_verdict judge(const struct state_try *tries, size_t n, uint32_t crc, struct str octets, size_t cut)
{
	struct torn t;

	if (!torn_begin(&t, tries, n, crc))
		return (enum torn_verdict) - 1;
	octets = str_sub(octets, 0, (size_t)torn_wants(&t));
	for (size_t at = 0; at < octets.n; at += cut)
		torn_add(&t, str_sub(octets, at, cut));
	return torn_end(&t);
}

static void test_torn(void)
{
	struct state_try tries[2];
	struct buf text = { .limit = SIZE_MAX };
	char one[100];
	char two[100];
	uint32_t crc = crc32_add(0, STR_LIT(BATCH));

	snprintf(one, sizeof one, "%zu\t%.*s", strlen(ONE_STORED), (int)strlen(LINE) - 1, LINE);
	snprintf(two, sizeof two, "%zu\t%.*s", strlen(TWO_STORED), (int)strlen(LINE) - 1, LINE);
	add_try(&tries[0], one);
	add_try(&tries[1], two);
	for (size_t cut = 1; cut < 1000; cut += 7) {
		check(judge(tries, 2, crc, STR_LIT(BATCH), cut) == TORN_WHOLE &&
				judge(tries, 2, crc, STR_LIT(BATCH FOREIGN), cut) == TORN_WHOLE &&
				judge(tries, 2, crc ^ 1, STR_LIT(BATCH), cut) == TORN_OURS &&
				judge(tries, 2, crc ^ 1, STR_LIT(BATCH "x"), cut) == TORN_FOREIGN &&
				judge(tries, 2, crc, STR_LIT(ONE_STORED), cut) == TORN_OURS &&
				judge(tries, 2, crc, STR_LIT(ONE_STORED FOREIGN), cut) == TORN_FOREIGN &&
				judge(tries, 2, crc, STR_LIT(""), cut) == TORN_OURS,
			"the same in pieces of %zu", cut);
	}
	/* Zeros hide where the second of three begins, the third is at the start of a line. */
	struct state_try three[3] = { tries[0], tries[1], tries[1] };
	struct buf hidden = { 0 };

	buf_add_text(&hidden, BATCH TWO_STORED);
	memset(hidden.p + hidden.off + strlen(ONE_STORED) - 20, 0, 60);
	check(judge(three, 3, crc, buf_str(&hidden), 11) == TORN_OURS,
		"zeros hide a start, the next one is found again");
	buf_add_text(&hidden, FOREIGN);
	check(judge(three, 3, crc, buf_str(&hidden), 11) == TORN_FOREIGN, "another's message behind it too");
	buf_free(&hidden);
	for (size_t at = 0; at < strlen(BATCH); at++) {
		static char hole[sizeof BATCH FOREIGN];
		bool ok = true;

		for (size_t n = 1; at + n <= strlen(BATCH) && ok; n++) {
			memcpy(hole, BATCH FOREIGN, sizeof hole);
			memset(hole + at, 0, n);
			ok = judge(tries, 2, crc, str_at(hole, strlen(BATCH)), 50) == TORN_OURS &&
				judge(tries, 2, crc, str_at(hole, strlen(BATCH FOREIGN)), 50) == TORN_FOREIGN;
		}
		check(ok, "a power failure took octets from %zu on: still ours", at);
	}
	add_try(&tries[1], "57");
	check(judge(tries, 2, crc, STR_LIT(ONE_STORED "From"), 9) == TORN_FOREIGN,
		"a start that is not known is not ours");
	add_try(&tries[1], "x\tFrom");
	check(judge(tries, 2, crc, STR_LIT("x"), 9) == (enum torn_verdict) - 1, "a try without a length");
	check(judge(NULL, 0, 0, STR_LIT(""), 1) == TORN_OURS && judge(NULL, 0, 0, STR_LIT("x"), 1) == TORN_FOREIGN,
		"a batch without messages is never whole");
	/* A separator at the end of a line that is longer than what is kept of it. */
	buf_add_text(&text, LINE);
	for (int i = 0; i < 5000; i++)
		buf_add_char(&text, 'x');
	snprintf(one, sizeof one, "100000\t%.*s", (int)strlen(LINE) - 1, LINE);
	add_try(&tries[0], one);
	check(judge(tries, 1, crc, buf_str(&text), 77) == TORN_OURS, "a long line");
	buf_add_text(&text, FOREIGN);
	check(judge(tries, 1, crc, buf_str(&text), 77) == TORN_FOREIGN, "with another's message at its end");
	check(judge(tries, 1, crc, buf_str(&text), 100000) == TORN_FOREIGN, "also in one piece");
	buf_clear(&text);
	buf_add_text(&text, LINE "A: b\n\nit came From bob in 2026\nat 08:00:00 in 2026\nFrom\n");
	check(judge(tries, 1, crc, buf_str(&text), 5) == TORN_OURS, "text that only looks like it is ours");
	buf_free(&text);
}

/* --- batches --- */

static void test_abandon(void)
{
	struct state state;
	struct err err = { 0 };
	struct sink s;
	static char big[3 << 20];
	struct buf want = { .limit = SIZE_MAX };

	memset(big, 'x', sizeof big - 1);
	for (size_t i = 70; i < sizeof big; i += 70)
		big[i - 1] = '\n';
	reset(NULL);
	start(&s, &state, box);
	check(add(&s, "u1", ONE) && sink_begin(&s, &err) && sink_add(&s, STR_LIT("A: b\r\n\r\nhalf"), &err), "half");
	check(!sink_commit(&s, &err) && err.kind == ERR_SOFTWARE, "%s", err.text);
	sink_abandon(&s);
	check(add(&s, "u2", TWO), "another after it");
	check(sink_begin(&s, &err) && sink_add(&s, STR_LIT("A: b\r\n\r\n"), &err) && sink_add(&s, str_of(big), &err) &&
			sink_add(&s, str_of(big), &err) && s.spilled > 0,
		"one that memory does not hold");
	sink_abandon(&s);
	check(add(&s, "u3", TWO) && sink_commit(&s, &err), "one after that: %s", err.text);
	check(str_eq(content(box), STR_LIT(BATCH TWO_STORED)), "nothing of what was abandoned is there");
	check(seen(&state) && state_seen(&state, STR_LIT("u3")) >= 0, "those that were kept are known");
	/* A large one before and an abandoned one behind it. */
	check(sink_begin(&s, &err) && sink_add(&s, STR_LIT("A: b\r\n\r\n"), &err) && sink_add(&s, str_of(big), &err) &&
			sink_end(&s, STR_LIT("u4"), &err),
		"a large one");
	check(sink_begin(&s, &err) && sink_add(&s, STR_LIT("C: d\r\n\r\n"), &err) && sink_add(&s, str_of(big), &err),
		"half of another");
	sink_abandon(&s);
	check(add(&s, "u5", ONE) && sink_commit(&s, &err), "a small one");
	buf_add_text(&want, BATCH TWO_STORED);
	buf_printf(&want, "From MAILER-DAEMON Mon Nov 23 08:00:00 2026\nA: b\n\n%s\n\n", big);
	buf_add_text(&want, ONE_STORED);
	check(str_eq(content(box), buf_str(&want)), "come through, octet by octet");
	end(&s, &state);
	buf_free(&want);
}

static void test_discard(void)
{
	struct state state;
	struct err err = { 0 };
	struct sink s;

	reset(OLD);
	start_batch(&s, &state, box);
	calls_begin(directory);
	check(sink_discard(&s, &err) && s.n == 0, "a batch is forgotten");
	calls_same("write state; sync state", "the state says so");
	check(sink_commit(&s, &err), "then there is nothing");
	calls_same("", "to be written");
	calls_begin(NULL);
	check_same(content(box), OLD, "nothing came");
	check(unseen(&state) && add(&s, "u1", ONE) && sink_commit(&s, &err), "and it may come again");
	check_same(content(box), OLD ONE_STORED, "once");
	end(&s, &state);
	state_open(&state, state_file, NULL);
	check(state_seen(&state, STR_LIT("u1")) >= 0 && state_seen(&state, STR_LIT("u2")) < 0,
		"the state has only that one");
	state_close(&state);
	reset(NULL);
	start_batch(&s, &state, maildir);
	check(sink_discard(&s, &err) && rmdir(strcat(strcpy((char[120]){ 0 }, maildir), "tmp")) == 0,
		"nothing is left in tmp");
	end(&s, &state);
}

/* Into a pipe: nothing can be taken back, and what was written is known at once. */
static void test_pipe(void)
{
	struct state state;
	struct err err = { 0 };
	struct sink s;
	struct buf got = { 0 };
	int saved = dup(1);
	int ends[2];

	reset(NULL);
	start(&s, &state, "-");
	fflush(stdout);
	if (pipe(ends) < 0 || dup2(ends[1], 1) < 0)
		abort();
	bool ok = add(&s, "u1", ONE) && sink_commit(&s, &err) && add(&s, "u2", TWO) && sink_commit(&s, &err);

	bool early = sink_holds(&s, STR_LIT("u1")) && sink_holds(&s, STR_LIT("u2")) && unseen(&state);
	long n = read(ends[0], buf_room(&got, 10000), 10000);
	bool taken = sink_hand_over(&s, &err);

	dup2(saved, 1);
	close(ends[1]);
	buf_added(&got, n > 0 ? (size_t)n : 0);
	check(ok, "two messages into a pipe: %s", err.text);
	check_same(buf_str(&got), BATCH, "came through");
	check(early, "and are not known before they are read");
	check(taken && seen(&state), "but then: %s", err.text);
	close(ends[0]);
	end(&s, &state);
	check(reopened(seen), "by the next run as well");
	/* Nobody reads on. */
	reset(NULL);
	start(&s, &state, "-");
	fflush(stdout);
	if (pipe(ends) < 0 || dup2(ends[1], 1) < 0)
		abort();
	ok = add(&s, "u1", ONE) && sink_commit(&s, &err);
	close(ends[0]);
	taken = sink_hand_over(&s, &err);
	dup2(saved, 1);
	close(ends[1]);
	check(ok && !taken && err.kind == ERR_IO && unseen(&state), "a reader that is gone: not known: %s", err.text);
	end(&s, &state);
	err = (struct err){ 0 };
	reset(NULL);
	start(&s, &state, "-");
	fflush(stdout);
	int full = open("/dev/full", O_WRONLY);

	dup2(full, 1);
	ok = add(&s, "u1", ONE) && sink_commit(&s, &err);
	dup2(saved, 1);
	check(!ok && err.kind == ERR_IO && unseen(&state), "what could not be written is not known: %s", err.text);
	end(&s, &state);
	close(full);
	close(saved);
	buf_free(&got);
}

static void test_due(void)
{
	struct sink s = { .kind = SINK_MBOX };

	s.first_at = clock_now() + 3600 * CLOCK_SECOND;
	check(!sink_due(&s), "an empty batch is not due");
	s.n = 1;
	check(!sink_due(&s), "nor is a small one");
	s.n = 24;
	check(!sink_due(&s), "24 messages");
	s.n = 25;
	check(sink_due(&s), "25 are enough");
	s.n = 1;
	s.octets = (1 << 20) - 1;
	check(!sink_due(&s), "a MiB less one");
	s.octets++;
	check(sink_due(&s), "a MiB is enough");
	s.octets = 0;
	s.first_at = clock_now() - CLOCK_SECOND;
	check(sink_due(&s), "so is a second");
	s.first_at = clock_now() + 3600 * CLOCK_SECOND;
	s.kind = SINK_STDOUT;
	check(sink_due(&s), "into a pipe each goes at once");
}

/* What the state notes of a batch is of that batch alone: by it the next run tells whether all of it arrived. */
static void test_place(void)
{
	struct state state;
	struct sink s;
	char want[300];

	reset(OLD);
	start_batch(&s, &state, box);
	check(s.octets == strlen(BATCH), "what a batch holds is counted");
	for (int i = 0; i < 2; i++) {
		const char *before = i == 0 ? OLD : OLD BATCH;
		const char *batch = i == 0 ? BATCH : TWO_STORED;

		snprintf(want, sizeof want, "B\tmbox\t%s\t%zu\t%u\t", box, strlen(before),
			(unsigned)crc32_add(0, str_of(batch)));
		check(i == 0 || add(&s, "u3", TWO), "the next batch");
		check(sink_commit(&s, NULL), "commit");
		struct str noted = content(state_file);

		check(str_search(noted, str_of(want)) < noted.n, "place and sum: %s", want);
		check(s.octets == 0, "then it is empty");
	}
	end(&s, &state);
	/* A batch that is dropped is not part of the next one's sum. */
	reset(NULL);
	start_batch(&s, &state, box);
	check(sink_discard(&s, NULL) && add(&s, "u3", TWO) && sink_commit(&s, NULL), "after a batch that was dropped");
	snprintf(want, sizeof want, "B\tmbox\t%s\t0\t%u\t", box, (unsigned)crc32_add(0, STR_LIT(TWO_STORED)));
	check(str_search(content(state_file), str_of(want)) < content(state_file).n, "place and sum: %s", want);
	end(&s, &state);
}

/* Fields by which a mail program would take a message for read, deleted or counted get another name. */
static void test_steering(void)
{
	struct state state;
	struct sink s;

	reset(NULL);
	start(&s, &state, box);
	check(add(&s, "u1",
		      "A: 1\r\nStatus: RO\r\n more\r\nstatus : x\r\nStatusx: y\r\nX-Status: D\r\n\r\nStatus: body\r\n") &&
			sink_commit(&s, NULL),
		"a message with fields of a mailbox");
	struct str stored = content(box);

	check(str_ends(stored,
		      STR_LIT("\nA: 1\nX-Original-Status: RO\n more\nX-Original-status : x\nStatusx: y\nX-Original-X-Status: D\n\n"
			      "Status: body\n\n")),
		"%.*s", STR_ARGS(stored));
	end(&s, &state);
}

/* A name that would break a line of the state is none. */
static void test_names(void)
{
	static const char *const bad[] = { "a\tb", "a\nb", "\x1b[1m", "a\x7f" };
	struct state state = { .journal = { .fd = -1 } };
	struct sink s;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err err = { 0 };
		char path[200];

		snprintf(path, sizeof path, "%s/%s", directory, bad[i]);
		check(!sink_open(&s, path, &state, &err) && err.kind == ERR_USAGE, "a control character: %zu", i);
		check(access(path, F_OK) != 0, "nothing is made");
		sink_close(&s);
	}
}

/* --- Maildir --- */

static int files_in(const char *folder)
{
	char command[200];
	int n = -1;

	snprintf(command, sizeof command, "ls -A %s%s 2>/dev/null | wc -l", maildir, folder);
	FILE *f = popen(command, "r");

	if (f == NULL || fscanf(f, "%d", &n) != 1)
		n = -1;
	if (f != NULL)
		pclose(f);
	return n;
}

static void clean_maildir(void)
{
	char command[200];

	snprintf(command, sizeof command, "rm -rf %s", maildir);
	check(system(command) == 0, "clean");
	reset(NULL);
}

/* Notes with the messages' names made "1" and "2". */
static void maildir_notes(struct sink *s, const char *want, const char *name)
{
	struct buf out = { 0 };
	struct str rest = buf_str(&calls.notes);

	while (rest.n > 0) {
		size_t least = rest.n, which = 2;

		for (size_t i = 0; i < s->n && i < 2; i++)
			if (str_search(rest, str_of(s->names[i])) < least) {
				least = str_search(rest, str_of(s->names[i]));
				which = i;
			}
		buf_add(&out, str_sub(rest, 0, least));
		if (which < 2)
			buf_printf(&out, "%zu", which + 1);
		rest = str_sub(rest, least + (which < 2 ? strlen(s->names[which]) : 0), rest.n);
	}
	check_same(buf_str(&out), want, name);
	buf_free(&out);
	buf_clear(&calls.notes);
}

static void test_maildir(void)
{
	struct state state;
	struct err err = { 0 };
	struct sink s;

	clean_maildir();
	start(&s, &state, maildir);
	calls_begin(directory);
	check(add(&s, "u1", ONE) && add(&s, "u2", TWO), "two messages");
	maildir_notes(&s, "make 1; write 1; sync 1; make 2; write 2; sync 2", "each is synced when it is whole");
	check(files_in("tmp") == 2 && files_in("new") == 0, "they are in tmp");
	size_t n = s.n;
	char *names[2] = { s.names[0], s.names[1] };
	struct sink copy = { .n = n, .names = names };
	char one[300], two[300];

	snprintf(one, sizeof one, "%s", names[0]);
	snprintf(two, sizeof two, "%s", names[1]);
	names[0] = one;
	names[1] = two;
	buf_clear(&calls.notes);
	check(sink_commit(&s, &err), "commit: %s", err.text);
	maildir_notes(&copy, "write state; sync state; rename 1 1; rename 2 2; sync new/; write state; sync state",
		"the intent, the moves, the result: each synced before the next");
	calls_begin(NULL);
	check(files_in("tmp") == 0 && files_in("new") == 2 && seen(&state), "they are in new, and known");
	end(&s, &state);
}

static void test_maildir_failures(void)
{
	static const char *const points[] = { "sync state", "sync new/", "write state" };
	struct state state;
	struct err err = { 0 };
	struct sink s;

	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		clean_maildir();
		start_batch(&s, &state, maildir);
		calls_begin(directory);
		calls_fail(points[i], EIO, 0, 1);
		err = (struct err){ 0 };
		check(!sink_commit(&s, &err) && err.kind == ERR_IO && unseen(&state), "%s fails: %s", points[i],
			err.text);
		calls_begin(NULL);
		check(files_in("tmp") == 0, "nothing is left in tmp");
		check(files_in("new") == (i == 1 ? 2 : 0), "nothing is moved before the intent is on disk");
		end(&s, &state);
		start(&s, &state, maildir);
		check(sink_recover(&s, &err) && (i == 1 ? seen(&state) : unseen(&state)),
			"the next run knows what is there");
		end(&s, &state);
	}
	clean_maildir();
	start(&s, &state, maildir);
	check(sink_begin(&s, &err) && sink_add(&s, STR_LIT("A: b\r\n\r\nx\r\n"), &err), "a message");
	char note[400];

	snprintf(note, sizeof note, "sync %s", s.name);
	calls_begin(directory);
	calls_fail(note, EIO, 0, 1);
	check(!sink_end(&s, STR_LIT("u1"), &err) && s.n == 0, "that cannot be synced is not part of the batch");
	calls_begin(NULL);
	end(&s, &state);
	check(files_in("tmp") == 0, "and is removed");
}

static bool reopened_open(void)
{
	struct state state;
	bool ok = state_open(&state, state_file, NULL) && state.place != NULL && state.n_tries == 2 && unseen(&state);

	state_close(&state);
	return ok;
}

static void test_maildir_recover(void)
{
	struct state state;
	struct err err = { 0 };
	struct sink s;
	char from[400], to[400];

	/* Killed between the two moves, with one message read and flagged since. */
	clean_maildir();
	start_batch(&s, &state, maildir);
	char place[200];

	snprintf(place, sizeof place, "maildir\t%s", maildir);
	state_begin(&state, str_of(place), NULL);
	snprintf(from, sizeof from, "%stmp/%s", maildir, s.names[0]);
	snprintf(to, sizeof to, "%scur/%s:2,S", maildir, s.names[0]);
	if (rename(from, to) < 0)
		abort();
	s.kind = SINK_MBOX; /* so that nothing is removed now */
	end(&s, &state);
	start(&s, &state, maildir);
	calls_begin(directory);
	check(sink_recover(&s, &err) && seen(&state), "one was moved, the other is moved now: %s", err.text);
	check(str_ends(buf_str(&calls.notes), STR_LIT("; sync new/; write state; sync state")),
		"synced before they are known");
	calls_begin(NULL);
	check(files_in("tmp") == 0 && files_in("new") == 1 && files_in("cur") == 1, "each is there once");
	end(&s, &state);
	/* One was never moved and is gone from tmp: only the other is known. */
	clean_maildir();
	start_batch(&s, &state, maildir);
	state_begin(&state, str_of(place), NULL);
	snprintf(from, sizeof from, "%stmp/%s", maildir, s.names[0]);
	unlink(from);
	s.kind = SINK_MBOX;
	end(&s, &state);
	start(&s, &state, maildir);
	check(sink_recover(&s, &err) && state_seen(&state, STR_LIT("u1")) < 0 && state_seen(&state, STR_LIT("u2")) >= 0,
		"what is nowhere is fetched again");
	check(files_in("tmp") == 0 && files_in("new") == 1, "the other is in new");
	end(&s, &state);
	/* A sync that fails: they are not known yet. */
	clean_maildir();
	start_batch(&s, &state, maildir);
	state_begin(&state, str_of(place), NULL);
	s.kind = SINK_MBOX;
	end(&s, &state);
	start(&s, &state, maildir);
	calls_begin(directory);
	calls_fail("sync new/", EIO, 0, 1);
	check(!sink_recover(&s, &err) && unseen(&state), "moved and not synced: not known");
	calls_begin(NULL);
	end(&s, &state);
	check(reopened_open(), "the state still names them");
}

int main(void)
{
	char command[100];

	setenv("SOURCE_DATE_EPOCH", "1795420800", 1);
	if (mkdtemp(directory) == NULL)
		abort();
	snprintf(box, sizeof box, "%s/in.mbox", directory);
	snprintf(state_file, sizeof state_file, "%s/state", directory);
	snprintf(maildir, sizeof maildir, "%s/in/", directory);
	snprintf(dir_sync, sizeof dir_sync, "sync %s/", directory + 5);
	test_order();
	test_line_ends();
	test_failures();
	test_ends_and_failures();
	test_not_taken_back();
	test_locks();
	test_replaced();
	test_recover();
	test_zeros();
	test_recover_sync();
	test_torn();
	test_abandon();
	test_discard();
	test_pipe();
	test_due();
	test_place();
	test_steering();
	test_names();
	test_maildir();
	test_maildir_failures();
	test_maildir_recover();
	snprintf(command, sizeof command, "rm -r %s", directory);
	check(system(command) == 0, "clean");
	return tap_done();
}
