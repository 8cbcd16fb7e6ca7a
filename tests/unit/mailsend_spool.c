#include <config.h>

#include "tests/calls.h"
#include "tests/smtp_child.h"

#include <dirent.h>

#include "base/mem.h"
#include "cli/say.h"
#include "cmd/mailsend/compose/finished.h"
#include "cmd/mailsend/deliver/fcc.h"
#include "cmd/mailsend/spool/spool.h"
#include "cmd/mailsend/spool/spool_entry.h"
#include "io/clock.h"
#include "io/file.h"

/* The spool: what is on disk before a message may leave, what stays when a call fails, what a later run believes. */

#define NOW 1795420800
#define MESSAGE \
	"From: a@example.org\nTo: b@example.org\nDate: Mon, 23 Nov 2026 08:00:00 +0000\nMessage-ID: <1@example.org>\n\nText\n"

static char directory[] = "/tmp/pipemail-spool-XXXXXX";
static char spool[100];
static struct smtp_child server;
static struct outgoing message;

static const char *in_spool(const char *name)
{
	static char paths[4][200];
	static int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof paths[0], "%s%s", spool, name);
	return path;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || !file_write(fd, str_of(text), path, NULL))
		abort();
	close(fd);
}

static const char *content(const char *path)
{
	static struct buf out;

	buf_clear(&out);
	return file_read(path, 1 << 20, &out, NULL) ? buf_text(&out) : "(none)";
}

static void now(int64_t seconds)
{
	char text[30];

	snprintf(text, sizeof text, "%lld", (long long)seconds);
	setenv("SOURCE_DATE_EPOCH", text, 1);
}

/* The names in the spool, sorted, entries' names as "X": "X.env X.msg". */
static const char *names(void)
{
	static char text[200];
	struct dirent **list;
	int n = scandir(spool, &list, NULL, alphasort);

	*text = '\0';
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;
		const char *ending = strrchr(name, '.');

		if (name[0] != '.')
			snprintf(text + strlen(text), sizeof text - strlen(text), "%sX%s", *text != '\0' ? " " : "",
				ending);
		else if (strlen(name) > 10)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%stemp", *text != '\0' ? " " : "");
		free(list[i]);
	}
	free(list);
	return text;
}

static void empty(void)
{
	char command[300];

	calls_begin(NULL);
	snprintf(command, sizeof command, "find %s -type f -delete", spool);
	if (system(command) != 0)
		abort();
	smtp_child_took(&server);
}

/* The notes with the name of the only entry as "X". */
static void notes(const char *want, const char *name)
{
	struct buf out = { 0 };
	struct str rest = buf_str(&calls.notes);
	/* "1795420800-0123456789abcdef" */
	const char stamp[] = "1795420800-";

	while (rest.n > 0) {
		size_t at = str_search(rest, str_of(stamp));

		buf_add(&out, str_sub(rest, 0, at));
		if (at < rest.n)
			buf_add_char(&out, 'X');
		rest = str_sub(rest, at < rest.n ? at + sizeof stamp - 1 + 16 : at, rest.n);
	}
	check_same(buf_str(&out), want, name);
	buf_free(&out);
	buf_clear(&calls.notes);
}

static void add_recipients(struct envelope *e, const char *list)
{
	if (!envelope_add_list(e, str_of(list), ERR_SOFTWARE, "test", NULL))
		abort();
}

static bool keep(struct envelope *e, enum verdict verdict, struct err *err)
{
	const struct delivery_wants wants = { 0 };
	struct settings s = { 0 };
	struct result r = { .err = { .kind = ERR_TEMP } };

	envelope_set_from(e, "a@example.org", ERR_SOFTWARE, NULL);
	for (size_t i = 0; i < e->n; i++)
		if (e->rcpts[i].verdict == VERDICT_NONE)
			e->rcpts[i].verdict = verdict;
	return spool_keep(&message, e, &r, &wants, &s, err);
}

static bool keep_for(const char *list)
{
	struct envelope e = { 0 };

	add_recipients(&e, list);
	bool ok = keep(&e, VERDICT_DEFERRED, NULL);

	envelope_free(&e);
	return ok;
}

static int flush(void)
{
	static const char *url;
	struct settings s = { .ends = INT64_MAX };

	url = server.url;
	s.account.smtp.values = &url;
	s.account.smtp.n = 1;
	s.account.tls = "off";
	return spool_flush(&s);
}

/* The path of the only entry without its ending. */
static const char *entry(void)
{
	static char path[200];
	DIR *d = opendir(spool);

	*path = '\0';
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (str_ends(str_of(e->d_name), STR_LIT(".env")) && e->d_name[0] != '.')
			snprintf(path, sizeof path, "%s%.*s", spool, (int)strlen(e->d_name) - 4, e->d_name);
	closedir(d);
	return path;
}

static const char *state(void)
{
	static char word[40];
	char path[220];
	const char *text;

	snprintf(path, sizeof path, "%s.env", entry());
	text = strstr(content(path), "\nstate ");
	*word = '\0';
	if (text != NULL)
		snprintf(word, sizeof word, "%.*s", (int)strcspn(text + 7, "\n"), text + 7);
	return word;
}

static void test_create(void)
{
	struct err err = { 0 };
	struct envelope e = { 0 };
	static const char *const points[] = { "sync", "rename", "write" };

	empty();
	add_recipients(&e, "b@example.org, c@example.org");
	calls_begin(directory);
	check(keep(&e, VERDICT_DEFERRED, &err), "kept: %s", err.text);
	notes("sync pipemail/; make X.msg~; write X.msg~; sync X.msg~; rename X.msg~ X.msg; sync spool/; "
	      "make X.env~; write X.env~; sync X.env~; rename X.env~ X.env; sync spool/",
		"the message is on disk before the entry that makes it exist");
	check_same(str_of(names()), "X.env X.msg", "both are there");
	/* Fail at each call: there is never an entry without its message. */
	for (size_t i = 0; i < 3; i++)
		for (int file = 0; file < 2; file++) {
			char note[80];

			empty();
			/* The names are random: the first and the second call of a kind. */
			calls_begin(directory);
			snprintf(note, sizeof note, "%s", points[i]);
			calls.kind = points[i];
			calls.error = EIO;
			calls.spare = i == 0 ? 2 * file : file;
			calls.times = 1;
			err = (struct err){ 0 };
			check(!keep(&e, VERDICT_DEFERRED, &err) && err.kind != ERR_NONE, "%s %d fails: %s", note,
				file + 1, err.text);
			calls_begin(NULL);
			check_same(str_of(names()), file == 0 ? "" : "X.msg", "there is no entry");
		}
	/* The sync of the folder behind the message. */
	empty();
	calls_begin(directory);
	calls_fail("sync spool/", EIO, 0, 1);
	check(!keep(&e, VERDICT_DEFERRED, &err), "%s", err.text);
	calls_begin(NULL);
	check_same(str_of(names()), "X.msg", "there is no entry");
	envelope_free(&e);
}

static void test_applies(void)
{
	static const struct {
		enum verdict verdict;
		enum err_kind kind;
		int64_t connected;
		bool want;
	} cases[] = {
		{ VERDICT_SENT, ERR_NONE, 1, false },
		{ VERDICT_SENT, ERR_TEMP, 1, false },
		{ VERDICT_REFUSED, ERR_NONE, 1, false },
		{ VERDICT_REFUSED, ERR_TEMP, 1, false },
		{ VERDICT_DEFERRED, ERR_NONE, 1, true },
		{ VERDICT_UNKNOWN, ERR_TEMP, 1, true },
		{ VERDICT_NOT_SENT, ERR_TEMP, 1, true },
		{ VERDICT_NOT_SENT, ERR_NONE, 1, false },
		{ VERDICT_NOT_SENT, ERR_NOHOST, 0, true },
		{ VERDICT_NOT_SENT, ERR_UNAVAILABLE, 0, true },
		{ VERDICT_NOT_SENT, ERR_UNAVAILABLE, 1, false },
		{ VERDICT_NOT_SENT, ERR_NOHOST, 1, true },
		{ VERDICT_NOT_SENT, ERR_AUTH, 1, true },
		{ VERDICT_NOT_SENT, ERR_PROTOCOL, 0, true },
		{ VERDICT_NONE, ERR_CONFIG, 0, true },
		{ VERDICT_NOT_SENT, ERR_USAGE, 0, false },
		{ VERDICT_NOT_SENT, ERR_DATA, 1, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct recipient rcpts[2] = { { .verdict = VERDICT_SENT }, { .verdict = cases[i].verdict } };
		struct envelope e = { .rcpts = rcpts, .n = 2 };
		struct result r = { .err = { .kind = cases[i].kind }, .connected = cases[i].connected };

		check(spool_applies(&r, &e) == cases[i].want, "spool applies, %zu: %d", i, cases[i].want);
	}
}

static void test_keep(void)
{
	struct envelope e = { 0 };
	struct spool_entry s;

	empty();
	add_recipients(&e, "sent@example.org, refused@example.org, later@example.org, not@example.org");
	e.rcpts[0].verdict = VERDICT_SENT;
	e.rcpts[1].verdict = VERDICT_REFUSED;
	e.rcpts[2].verdict = VERDICT_DEFERRED;
	e.rcpts[3].verdict = VERDICT_NOT_SENT;
	check(keep(&e, VERDICT_NONE, NULL), "kept");
	check(spool_entry_read(&s, entry(), NULL) && s.envelope.n == 2 && s.state == SPOOL_WAITING &&
			strcmp(s.envelope.rcpts[0].shown, "later@example.org") == 0 &&
			strcmp(s.envelope.rcpts[1].shown, "not@example.org") == 0,
		"only for those who can still get it");
	spool_entry_free(&s);
	empty();
	e.rcpts[2].verdict = VERDICT_UNKNOWN;
	check(keep(&e, VERDICT_NONE, NULL) && strcmp(state(), "unknown") == 0, "an unknown outcome is for a person");
	envelope_free(&e);
}

static bool same(const char *got, const char *want)
{
	return got != NULL && strcmp(got, want) == 0;
}

/* How a message was to be sent is kept with it: by which account and server, safely as it was asked for. */
static void test_wishes(void)
{
	static char id[] = "<id@example.org>";
	const struct delivery_wants wants = { .notify = "FAILURE", .ret = "HDRS", .envid = "x1", .require_tls = true };
	const char *url = "smtp://mx.example:2525";
	struct settings s = { .account.section = "work" };
	struct result r = { .err = { .kind = ERR_TEMP, .text = "nobody there" } };
	struct envelope e = { 0 };
	struct spool_entry t;
	struct err err = { 0 };

	empty();
	s.given.smtp.values = &url;
	s.given.smtp.n = 1;
	s.given.tls = "require";
	s.given.ca_file = "ca.pem";
	put(in_spool("ca.pem"), "");
	check(chdir(spool) == 0, "from somewhere");
	add_recipients(&e, "b@example.org");
	envelope_set_from(&e, "a@example.org", ERR_SOFTWARE, NULL);
	e.rcpts[0].verdict = VERDICT_NOT_SENT;
	snprintf(message.message_id, sizeof message.message_id, "%s", id);
	check(spool_keep(&message, &e, &r, &wants, &s, &err), "kept: %s", err.text);
	message.message_id[0] = '\0';
	unlink(in_spool("ca.pem"));
	check(chdir("/") == 0, "and on from elsewhere");
	check(spool_entry_read(&t, entry(), &err), "read: %s", err.text);
	check(same(t.account, "work") && same(t.notify, "FAILURE") && same(t.ret, "HDRS") && same(t.envid, "x1") &&
			t.require_tls && same(t.message_id, id) && same(t.why, "nobody there") &&
			same(t.envelope.from, "a@example.org"),
		"all that was wished");
	check(t.options != NULL && strstr(t.options, "option smtp smtp://mx.example:2525\n") != NULL &&
			strstr(t.options, "option tls require\n") != NULL &&
			strstr(t.options, "option ca-file /") != NULL && strstr(t.options, "spool/ca.pem\n") != NULL,
		"and the server's options: %s", t.options);
	spool_entry_free(&t);
	envelope_free(&e);
	empty();
}

static void test_read(void)
{
	static const char *const bad[] = { "",
		"pipemail-spool 2\nstate waiting\nfrom <a@example.org>\nto b@example.org\nend \n",
		"pipemail-spool 1\nstate waiting\nfrom <a@example.org>\nto b@example.org\n",
		"pipemail-spool 1\nstate waiting\nto b@example.org\nend \n",
		"pipemail-spool 1\nstate waiting\nfrom <a@example.org>\nend \n",
		"pipemail-spool 1\nstate waiting\nfrom <a@example.org>\nto b@@example.org\nend \n" };
	struct spool_entry s = { .base = mem_copy(in_spool("1-a"), strlen(in_spool("1-a"))),
		.attempts = 3,
		.next = NOW + 7,
		.require_tls = true };
	struct spool_entry t;
	struct err err = { 0 };

	empty();
	envelope_set_from(&s.envelope, "", ERR_SOFTWARE, NULL);
	add_recipients(&s.envelope, "sent@example.org, refused@example.org, later@example.org");
	s.envelope.rcpts[0].verdict = VERDICT_SENT;
	s.envelope.rcpts[1].verdict = VERDICT_REFUSED;
	for (enum spool_state state = SPOOL_WAITING; state <= SPOOL_REFUSED; state++) {
		s.state = state;
		check(spool_entry_write(&s, &err) && spool_entry_read(&t, in_spool("1-a"), &err), "written and read");
		check(t.state == state && t.attempts == 3 && t.next == NOW + 7 && t.require_tls &&
				strcmp(t.envelope.from, "") == 0,
			"as it was");
		size_t n = state == SPOOL_WAITING ? 1 : 2;

		check(t.envelope.n == n && strcmp(t.envelope.rcpts[n - 1].shown, "later@example.org") == 0,
			"who has it is not in it, nor while others wait who was refused");
		spool_entry_free(&t);
	}
	spool_entry_free(&s);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		put(in_spool("1-b.env"), bad[i]);
		check(!spool_entry_read(&t, in_spool("1-b"), &err) && err.kind == ERR_DATA, "%s", err.text);
		spool_entry_free(&t);
	}
}

static void test_remove(void)
{
	struct spool_entry s = { .base = mem_copy(in_spool("1-c"), strlen(in_spool("1-c"))) };
	struct err err = { 0 };

	empty();
	put(in_spool("1-c.env"), "");
	put(in_spool("1-c.msg"), "");
	calls_begin(directory);
	check(spool_entry_remove(&s, &err), "removed");
	calls_same("unlink 1-c.env; sync spool/; unlink 1-c.msg", "the entry first, synced");
	put(in_spool("1-c.env"), "");
	put(in_spool("1-c.msg"), "");
	calls_begin(directory);
	calls_fail("unlink 1-c.env", EIO, 0, 1);
	check(!spool_entry_remove(&s, &err) && err.kind == ERR_IO, "%s", err.text);
	calls_fail("sync spool/", EIO, 0, 1);
	check(!spool_entry_remove(&s, &err) && err.kind == ERR_IO, "%s", err.text);
	calls_begin(NULL);
	check_same(str_of(names()), "X.msg", "an entry never goes on without its message");
	spool_entry_free(&s);
}

/* --- sending --- */

static int sent_before;
static int saw_sending;

static void watch(const char *note)
{
	/* Until the folder is synced with the new state in it, the server has nothing that it could deliver. */
	if (strcmp(note, "sync spool/") == 0 && strcmp(state(), "sending") == 0) {
		saw_sending++;
		sent_before += strstr(smtp_child_log(&server), "mail ") != NULL;
	}
}

static void test_flush(void)
{
	empty();
	check(keep_for("b@example.org, c@example.org"), "kept");
	calls_begin(directory);
	calls.before = watch;
	saw_sending = sent_before = 0;
	check(flush() == 0, "flushed");
	check(saw_sending == 1 && sent_before == 0, "\"sending\" is on disk before the message leaves");
	notes("lock .lock; make X.env~; write X.env~; sync X.env~; rename X.env~ X.env; sync spool/; "
	      "unlink X.env; sync spool/; unlink X.msg",
		"then it is removed");
	calls_begin(NULL);
	check_same(str_of(smtp_child_took(&server)), "data\nmail b@example.org c@example.org\n", "it was sent once");
	check_same(str_of(names()), "", "nothing is left");
}

static void test_flush_failures(void)
{
	static const char *const kinds[] = { "make", "write", "sync", "rename", "sync spool/" };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		empty();
		keep_for("b@example.org");
		calls_begin(directory);
		calls.kind = kinds[i];
		calls.error = EIO;
		calls.times = 1;
		check(flush() != 0, "\"sending\" cannot be written: %s", kinds[i]);
		calls_begin(NULL);
		check(strstr(smtp_child_took(&server), "mail ") == NULL, "then nothing is sent");
		check_same(str_of(names()), "X.env X.msg", "and the entry stays");
		check(strcmp(state(), "waiting") == 0, "as it was");
		now(NOW + 86400);
		check(flush() == 0 && strstr(smtp_child_took(&server), "mail ") != NULL, "a later run sends it");
		now(NOW);
	}
}

static void test_flush_outcomes(void)
{
	static const struct {
		const char *to;
		int status;
		const char *state, *left, *took;
	} cases[] = {
		{ "later@example.org", ERR_TEMP, "waiting", "to later@example.org\n", "" },
		{ "b@example.org, later@example.org", ERR_PART, "waiting", "to later@example.org\n",
			"mail b@example.org\n" },
		{ "bad@example.org", ERR_NOUSER, "refused", "to bad@example.org\n", "" },
		{ "bad@example.org, later@example.org", ERR_TEMP, "waiting", "to later@example.org\n", "" },
		{ "lose@example.org", ERR_OUTCOME, "unknown", "to lose@example.org\n", "" },
		{ "eat@example.org", ERR_UNAVAILABLE, "refused", "to eat@example.org\n", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char env[220];

		empty();
		keep_for(cases[i].to);
		int status = flush();

		check(status == cases[i].status, "%s: %d", cases[i].to, status);
		check_same(str_of(state()), cases[i].state, "its state");
		snprintf(env, sizeof env, "%s.env", entry());
		const char *to = strstr(content(env), "\nto ");

		check(to != NULL && strncmp(to + 1, cases[i].left, strlen(cases[i].left)) == 0 &&
				strstr(to + 1, "\nto ") == NULL,
			"who is left");
		const char *took = smtp_child_took(&server);

		check(*cases[i].took == '\0' ? strstr(took, "mail ") == NULL : strstr(took, cases[i].took) != NULL,
			"what was sent");
		/* What is not waiting is never sent again. */
		now(NOW + 10 * 86400);
		flush();
		if (strcmp(cases[i].state, "waiting") != 0)
			check(*smtp_child_took(&server) == '\0', "nor ever again");
		now(NOW);
	}
}

static void set_line(const char *key, const char *line)
{
	struct buf out = { 0 };
	char path[220];

	snprintf(path, sizeof path, "%s.env", entry());
	struct str rest = str_of(content(path));

	while (rest.n > 0) {
		struct str one = str_cut(&rest, '\n');

		if (str_starts(one, str_of(key)))
			buf_printf(&out, "%s\n", line);
		else
			buf_printf(&out, "%.*s\n", STR_ARGS(one));
	}
	put(path, buf_text(&out));
	buf_free(&out);
}

static void test_found_sending(void)
{
	for (int fails = 0; fails < 2; fails++) {
		empty();
		keep_for("b@example.org");
		set_line("state", "state sending");
		calls_begin(directory);
		if (fails) {
			calls.kind = "sync";
			calls.error = EIO;
			calls.times = -1;
		}
		check(flush() == ERR_OUTCOME, "found while it was being sent");
		calls_begin(NULL);
		check(*smtp_child_took(&server) == '\0', "it is not sent again");
		check_same(str_of(state()), fails ? "sending" : "unknown", "and says so where that can be written");
		check(flush() == ERR_OUTCOME && *smtp_child_took(&server) == '\0', "nor by the run after that");
	}
}

static void test_pauses(void)
{
	static const int64_t pauses[] = { 300, 600, 1200, 2400, 4800, 9600, 14400, 14400, 14400 };
	int64_t at = NOW;

	empty();
	keep_for("later@example.org");
	for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
		struct spool_entry s;

		now(at);
		check(flush() == ERR_TEMP, "attempt %zu", i + 1);
		check(spool_entry_read(&s, entry(), NULL) && s.next == at + pauses[i] && s.attempts == i + 1,
			"then %d s", (int)pauses[i]);
		at = s.next;
		spool_entry_free(&s);
		smtp_child_took(&server);
		now(at - 1);
		check(flush() == ERR_TEMP && spool_entry_read(&s, entry(), NULL) && s.attempts == i + 1,
			"not a second earlier");
		spool_entry_free(&s);
	}
	now(NOW);
	empty();
	keep_for("b@example.org");
	set_line("next", "next 1795420801");
	check(flush() == ERR_TEMP && *smtp_child_took(&server) == '\0', "a second before it is due");
	set_line("next", "next 1795420800");
	check(flush() == 0 && *smtp_child_took(&server) != '\0', "when it is due");
}

/* What cannot be read is named, stays, and keeps nothing else from being sent. */
static void test_damaged(void)
{
	empty();
	put(in_spool("1795420800-0000000000000000.msg"), "A: b\r\n\r\nx\r\n");
	put(in_spool("1795420800-0000000000000000.env"),
		"pipemail-spool 1\nstate waiting\nattempts 0\nnext 1\nfrom <a@example.org>\nto b@example.org\n");
	keep_for("c@example.org");
	smtp_child_took(&server);
	check(flush() == ERR_DATA, "an entry without its end");
	check(strcmp(smtp_child_took(&server), "data\nmail c@example.org\n") == 0, "is not sent, the other is");
	check(access(in_spool("1795420800-0000000000000000.msg"), F_OK) == 0 &&
			access(in_spool("1795420800-0000000000000000.env"), F_OK) == 0,
		"nor removed");
	empty();
}

static void test_two_flushes(void)
{
	struct err err = { 0 };

	empty();
	keep_for("b@example.org");
	int fd = open(in_spool(".lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	check(file_lock(fd, "lock", 0, &err), "another flush is running");
	check(flush() == ERR_TEMP && *smtp_child_took(&server) == '\0', "this one sends nothing");
	close(fd);
	check(flush() == 0, "when that has ended it does");
}

static void test_status(void)
{
	/* The older entry has to wait, the younger one is for a person: that weighs more, in either order. */
	static const struct {
		const char *first, *second;
		int want;
	} cases[] = { { "waiting", "unknown", ERR_OUTCOME }, { "unknown", "waiting", ERR_OUTCOME },
		{ "waiting", "waiting", ERR_TEMP } };

	for (size_t i = 0; i < 3; i++) {
		char env[400];

		empty();
		for (int k = 0; k < 2; k++) {
			snprintf(env, sizeof env,
				"pipemail-spool 1\nstate %s\nattempts 1\nnext 1795420999\nfrom <a@example.org>\nto b@example.org\nend \n",
				k == 0 ? cases[i].first : cases[i].second);
			put(in_spool(k == 0 ? "1-a.env" : "1-b.env"), env);
			put(in_spool(k == 0 ? "1-a.msg" : "1-b.msg"), MESSAGE);
		}
		check(flush() == cases[i].want, "%s and %s", cases[i].first, cases[i].second);
	}
	empty();
	check(flush() == 0, "an empty spool");
}

/* --- copies (--fcc) --- */

static void swap_box(const char *note)
{
	char new_path[200];

	if (strcmp(note, "lock sent") != 0 || calls.spare-- <= 0)
		return;
	snprintf(new_path, sizeof new_path, "%s/sent.new", directory);
	put(new_path, "From x\n\nrewritten\n\n");
	if (rename(new_path, strcat(strcpy((char[200]){ 0 }, directory), "/sent")) < 0)
		abort();
}

static void test_fcc(void)
{
	struct err err = { 0 };
	char box[200];
	char folder[200];
	char want[400];
	static const char copy[] = "From a@example.org Mon Nov 23 08:00:00 2026\n" MESSAGE "\n";

	snprintf(box, sizeof box, "%s/sent", directory);
	snprintf(folder, sizeof folder, "%s/Sent/", directory);
	calls_begin(directory);
	check(fcc(&message, box, "a@example.org", &err), "a copy: %s", err.text);
	snprintf(want, sizeof want,
		"write #; link sent.lock; lock sent; write sent; sync sent; sync %s/; unlink sent.lock", directory + 5);
	calls_same(want, "by both locks, synced with its name");
	check_same(str_of(content(box)), copy, "is an mbox");
	check(fcc(&message, box, "a@example.org", &err), "another");
	calls_same("write #; link sent.lock; lock sent; write sent; sync sent; unlink sent.lock",
		"its name was synced");
	put(box, "From x\n\nno end");
	buf_clear(&calls.notes);
	calls_fail("sync sent", EIO, 0, 1);
	check(!fcc(&message, box, "a@example.org", &err) && err.kind == ERR_IO, "%s", err.text);
	check_same(str_of(content(box)), "From x\n\nno end", "half a copy is taken back");
	check(fcc(&message, box, "a@example.org", &err), "behind half a line");
	snprintf(want, sizeof want, "From x\n\nno end\n\n%s", copy);
	check_same(str_of(content(box)), want, "comes an empty line first");
	calls_begin(directory);
	calls.before = swap_box;
	calls.spare = 1;
	check(fcc(&message, box, "a@example.org", &err), "one that was rewritten while we waited");
	calls_begin(NULL);
	snprintf(want, sizeof want, "From x\n\nrewritten\n\n%s", copy);
	check_same(str_of(content(box)), want, "has the copy");
	check(fcc(&message, folder, "a@example.org", &err), "a Maildir");
	calls_begin(directory);
	check(fcc(&message, folder, "a@example.org", &err), "again");
	struct str said = buf_str(&calls.notes);

	check(str_ends(said, STR_LIT("; sync cur/")) &&
			str_search(said, STR_LIT("; sync 1795420800.")) <
				str_search(said, STR_LIT("; rename 1795420800.")),
		"synced, moved, and the move synced: %s", buf_text(&calls.notes));
	calls_begin(directory);
	calls_fail("sync cur/", EIO, 0, 1);
	check(!fcc(&message, folder, "a@example.org", &err) && err.kind == ERR_IO, "%s", err.text);
	calls_begin(NULL);
}

int main(void)
{
	char command[200];
	char path[200];
	struct err err = { 0 };

	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(directory) == NULL || freopen("/dev/null", "w", stderr) == NULL)
		abort();
	say_init("mailsend");
	setenv("HOME", directory, 1);
	setenv("XDG_STATE_HOME", directory, 1);
	setenv("XDG_CONFIG_HOME", directory, 1);
	now(NOW);
	snprintf(spool, sizeof spool, "%s/pipemail/spool/", directory);
	snprintf(path, sizeof path, "%s/message", directory);
	put(path, MESSAGE);
	if (!file_make_dirs(spool, &err) || !finished_open(&message, path, &err) ||
		!outgoing_plan(&message, true, false, false, &err)) {
		check(false, "%s", err.text);
		return tap_done();
	}
	smtp_child_start(&server, directory, "250-mx.example\r\n250 8BITMIME");
	test_create();
	test_applies();
	test_keep();
	test_wishes();
	test_read();
	test_remove();
	test_flush();
	test_flush_failures();
	test_flush_outcomes();
	test_found_sending();
	test_pauses();
	test_damaged();
	test_two_flushes();
	test_status();
	test_fcc();
	smtp_child_end(&server);
	outgoing_free(&message);
	snprintf(command, sizeof command, "rm -r %s", directory);
	check(system(command) == 0, "clean");
	return tap_done();
}
