#include <config.h>

#include "tests/tap.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/popfetch/archive/card.h"
#include "cmd/popfetch/archive/filename.h"
#include "cmd/popfetch/archive/source.h"
#include "cmd/popfetch/archive/table.h"
#include "cmd/popfetch/archive/threads.h"
#include "cmd/popfetch/archive/view.h"
#include "io/file.h"

/* --- names of files --- */

static void names(const char *wanted, const char *head, const char *want)
{
	struct buf out = { .limit = 0 };
	struct set used = { .used = 0 };

	filename_add(&out, str_of(wanted), str_of(head), &used);
	check_same(buf_str(&out), want, wanted);
	buf_free(&out);
	set_free(&used);
}

static void test_names(void)
{
	names("report.pdf", "%PDF", "report.pdf");
	names("../../etc/passwd", "", "passwd.txt");
	names("..\\..\\boot.ini", "", "boot.ini.txt");
	names("/a/b/photo.JPG", "\xff\xd8", "photo.JPG");
	names("", "", "attachment.txt");
	names("..", "", "attachment.txt");
	names("....//", "", "attachment.txt");
	names(".bashrc", "", "_.bashrc.txt");
	names("-rf.txt", "", "_-rf.txt");
	names("a\nb\tc\x01\x7f.txt", "", "a_b_c__.txt");
	names("a<b>c:d\"e|f?g*h.txt", "", "a_b_c_d_e_f_g_h.txt");
	names("CON", "", "_CON.txt");
	names("con.txt", "", "_con.txt");
	names("Lpt9.tar.gz", "", "_Lpt9.tar.gz");
	names("nul .txt", "", "_nul.txt");
	names("nul .a.txt", "", "_nul .a.txt");
	names("com\xc2\xb9.txt", "", "_com\xc2\xb9.txt");
	names("console.txt", "", "console.txt");
	names("name. . .", "", "name.txt");
	names("gpj.\xe2\x80\xae"
	      "exe.txt",
		"", "gpj._exe.txt");
	names("a\xe2\x80\x8b\xef\xbb\xbf\xc2\xad.pdf", "%PDF", "a___.pdf");
	names("J\xfcrgen.txt", "", "J\xc3\xbcrgen.txt");
	names("Ju\xcc\x88rgen.txt", "", "J\xc3\xbcrgen.txt");
	names("page.html", "<html>", "page.html.txt");
	names("drawing.svg", "<svg>", "drawing.svg.txt");
	names("mail.eml", "From: a", "mail.eml.txt");
	names("run.exe", "MZ", "run.exe.txt");
	names("link.desktop", "[Desktop", "link.desktop.txt");
	names("noending", "text", "noending.txt");
	names("photo.png", "\n <script>", "photo.png.txt");
	names("data.csv", "\xef\xbb\xbf<html>", "data.csv.txt");
	names("text.txt", "<html>", "text.txt");
	names("x.averylongending", "", "x.averylongending.txt");
	names("a/", "", "attachment.txt");
}

static void test_long_names(void)
{
	struct buf wanted = { .limit = 0 };
	struct buf out = { .limit = 0 };
	struct set used = { .used = 0 };

	for (int i = 0; i < 300; i++)
		buf_add_text(&wanted, "\xc3\xbc");
	buf_add_text(&wanted, ".pdf");
	filename_add(&out, buf_str(&wanted), STR_LIT("%PDF"), &used);
	check(buf_len(&out) <= 130 && str_ends(buf_str(&out), STR_LIT("\xc3\xbc.pdf")),
		"long: cut between characters, the ending kept");
	buf_free(&wanted);
	buf_free(&out);
	set_free(&used);
}

static void test_same_names(void)
{
	static const char *const wanted[] = { "a.txt", "A.TXT", "a.txt", "a-2.txt",
		"stra\xc3\x9f"
		"e.txt",
		"STRASSE.txt", "a", "a", "\xef\xac\x81.txt", "fi.txt" };
	static const char *const want[] = { "a.txt", "A-2.TXT", "a-3.txt", "a-2-2.txt",
		"stra\xc3\x9f"
		"e.txt",
		"STRASSE-2.txt", "a-4.txt", "a-5.txt", "\xef\xac\x81.txt", "fi-2.txt" };
	struct set used = { .used = 0 };

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		struct buf out = { .limit = 0 };

		filename_add(&out, str_of(wanted[i]), STR_LIT(""), &used);
		check_same(buf_str(&out), want[i], "different where case does not count");
		buf_free(&out);
	}
	set_free(&used);
}

static void test_urls(void)
{
	struct buf out = { .limit = 0 };

	filename_add_url(&out, STR_LIT("files/ab/a b#c?d%e\"'\xc3\xbc&.txt"));
	check_same(buf_str(&out), "files/ab/a%20b%23c%3Fd%25e%22%27%C3%BC%26.txt", "a path as a URL");
	buf_free(&out);
}

/* --- the table --- */

static void test_table(void)
{
	struct table t = { .size = 0 };
	bool ok = table_find(&t, 7) == 0;

	for (uint32_t i = 1; i <= 10000; i++)
		table_set(&t, (uint64_t)i << 20, i);
	for (uint32_t i = 1; i <= 10000; i++)
		ok = ok && table_find(&t, (uint64_t)i << 20) == i;
	table_set(&t, (uint64_t)5 << 20, 77);
	check(ok && table_find(&t, 3) == 0 && table_find(&t, (uint64_t)5 << 20) == 77 && t.used == 10000,
		"numbers by hashes");
	table_free(&t);
}

/* --- threads --- */

static struct threads threads;

static uint64_t add(const char *id, const char *parent, const char *root, const char *subject)
{
	struct threads_hint hint = { .id = str_of(id),
		.parent = str_of(parent),
		.root = str_of(root),
		.subject = str_of(subject),
		.key = str_of(id) };

	return threads_add(&threads, &hint);
}

/* Are messages a and b shown in one thread? */
static bool together(uint32_t a, uint32_t b)
{
	return threads_find(&threads, threads.messages[a].thread) == threads_find(&threads, threads.messages[b].thread);
}

static void test_references(void)
{
	uint64_t first = add("<1>", "", "", "hello");

	check(add("<2>", "<1>", "<1>", "Re: hello") == first, "a reply is in the thread of what it answers");
	check(add("<3>", "<2>", "<1>", "other") == first, "whatever its subject is");
	check(add("<4>", "<gone>", "<1>", "x") == first, "by the root, when the parent is not here");
	check(add("<5>", "<2>", "<2>", "x") == first, "by In-Reply-To alone");
	check(add("<6>", "", "", "hello") != first, "the same subject alone makes no thread");
	threads_link(&threads);
	check(threads.messages[1].answered == 1 && threads.messages[2].answered == 2 &&
			threads.messages[4].answered == 2 && threads.messages[3].answered == 0,
		"who answers whom");
	threads_free(&threads);
}

static void test_late(void)
{
	uint64_t reply = add("<2>", "<1>", "<1>", "Re: a");
	uint64_t name = add("<1>", "", "", "a");

	check(reply == name, "what is answered came later");
	add("<5>", "<4>", "<4>", "x"); /* knows only its parent */
	check(!together(0, 2), "not yet");
	add("<4>", "<1>", "<1>", "y");
	check(together(2, 3) && together(0, 2), "two threads turn out to be one");
	threads_link(&threads);
	check(threads.messages[0].answered == 2 && threads.messages[2].answered == 4, "and who answered whom is known");
	threads_free(&threads);
	add("<c>", "<p>", "<r>", "x");
	add("<p>", "", "", "y");
	check(together(0, 1), "a parent without references");
	threads_free(&threads);
}

static void test_subjects(void)
{
	uint64_t first = add("<1>", "", "", "Plan B");
	uint64_t second;

	check(add("<2>", "", "", "Re: plan  b") == first, "a reply without references, by its subject");
	check(add("<3>", "", "", "AW: Re[2]: Fwd: PLAN B") == first, "with what several programs put before it");
	check(add("<4>", "", "", "Fwd: Plan B") != first, "forwarded only");
	second = add("<5>", "", "", "Plan B");
	check(second != first && add("<6>", "", "", "re: Plan B") == second, "the last thread with that subject");
	check(add("<7>", "", "", "Re: ") != second && add("<8>", "", "", "Re:") != second, "an empty subject is none");
	check(add("<9>", "", "", "Real: x") != add("<10>", "", "", "Re x"), "no prefixes");
	threads_free(&threads);
}

static void test_circles(void)
{
	add("<1>", "<3>", "<3>", "a");
	add("<2>", "<1>", "<1>", "a");
	add("<3>", "<2>", "<2>", "a");
	add("<4>", "<4>", "<4>", "a");
	threads_link(&threads);
	unsigned roots = 0;

	for (uint32_t i = 0; i < 3; i++)
		roots += threads.messages[i].answered == 0;
	check(roots == 1 && threads.messages[3].answered == 0, "no circle, however they refer to each other");
	threads_free(&threads);
	for (int i = 0; i < 30000; i++) {
		char id[20];
		char parent[20];

		snprintf(id, sizeof id, "<%d>", i);
		snprintf(parent, sizeof parent, "<%d>", i + 1);
		add(id, parent, parent, "x");
	}
	threads_link(&threads);
	check(together(0, 29999), "a chain of 30,000, the last first");
	threads_free(&threads);
}

/* --- cards --- */

static void test_card(void)
{
	struct card c = { .dated = false };
	char key[33];

	card_read(&c,
		STR_LIT("From: =?utf-8?q?Zo=C3=AB?= <z@x.example>\nTo: a@x.example,\n b@x.example\nSubject: a\tb\x1b\n"
			"Date: Mon, 23 Nov 2026 08:00:00 +0100\nMessage-ID: <1@x.example>\n"
			"References: <r@x> <s@x>\nIn-Reply-To: <s@x> (said)\n\nhi\n"),
		99);
	check_same(buf_str(&c.from), "Zo\xc3\xab <z@x.example>", "from");
	check_same(buf_str(&c.to), "a@x.example, b@x.example", "to, unfolded");
	check_same(buf_str(&c.subject), "a\\tb\\x1b", "a subject without controls");
	check_same(buf_str(&c.message_id), "<1@x.example>", "message-id");
	check_same(buf_str(&c.root), "<r@x>", "the first reference");
	check_same(buf_str(&c.parent), "<s@x>", "and what it answers");
	check(c.dated && c.date == 1795417200 && c.size == 99 && c.attachments == 0, "date, size, attachments");
	memcpy(key, c.key, sizeof key);
	card_read(&c, STR_LIT("Received: by x; Mon, 23 Nov 2026 08:00:00 +0100\n\n"), 1);
	check(c.dated && c.date == 1795417200 && buf_len(&c.message_id) == 0 && buf_len(&c.root) == 0,
		"no Date: Received");
	card_read(&c, STR_LIT("Date: yesterday\n\n"), 1);
	check(!c.dated, "none at all");
	check(strcmp(key, c.key) != 0, "another message, another key");
	card_free(&c);
}

static void test_keys(void)
{
	struct card c = { .dated = false };
	char key[33];

	card_read(&c, STR_LIT("From: a\nSubject: s\n\nbody\n\nmore\n"), 1);
	memcpy(key, c.key, sizeof key);
	card_read(&c, STR_LIT("From: a\r\nSubject: s\r\n\r\nbody\r\n\r\nmore\r\n"), 1);
	check_same(str_of(c.key), key, "CRLF");
	card_read(&c,
		STR_LIT("From: a\nStatus: RO\nSubject: s\nX-Keywords: x\n y\nContent-Length: 11\n\nbody\n\nmore\n\n\n"),
		1);
	check_same(str_of(c.key), key, "after a mail program has read it");
	card_read(&c, STR_LIT("From: a\nSubject: s\n\nbody\nmore\n"), 1);
	check(strcmp(key, c.key) != 0, "an empty line less");
	card_read(&c, STR_LIT("From: a\nSubject: s\nStatus-X: 1\n\nbody\n\nmore\n"), 1);
	check(strcmp(key, c.key) != 0, "another field");
	card_free(&c);
}

static const char mixed[] =
	"Subject: m\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=c\n\n"
	"--c\n\nplain text\n--c\nContent-Type: text/html\n\n<p>html text\n--c--\n"
	"--b\nContent-Type: image/png\nContent-ID: <i>\n\nX\n"
	"--b\nContent-Type: text/plain; name=n.html\n\n<b>\n"
	"--b\nContent-Type: message/rfc822\n\nSubject: inner\n\ninner text\n"
	"--b\nContent-Type: application/pgp-signature\n\nsig\n--b--\n";

static bool note_file(void *arg, struct str name, struct str octets, struct err *err)
{
	struct buf *list = arg;

	(void)err;
	buf_add(list, name);
	buf_printf(list, " %zu\n", octets.n);
	return true;
}

static void test_view(void)
{
	struct card c = { .dated = false };
	struct buf out = { .limit = 0 };
	struct buf files = { .limit = 0 };
	const struct view view = { .up = "../../",
		.month = "2026-11.html",
		.thread = "threads/000.html#t1",
		.files = "files/ab/c",
		.save = note_file,
		.arg = &files };

	card_read(&c, STR_LIT(mixed), sizeof mixed - 1);
	check(c.attachments == 2, "attachments: a file and a message, no picture of the text, no signature: %u",
		c.attachments);
	check(view_add(&out, &view, STR_LIT(mixed), &c, NULL), "a page");
	check_same(buf_str(&files), "picture.png 1\nn.html.txt 3\nmessage.eml.txt 26\nsignature.asc 3\n", "its files");
	struct str page = buf_str(&out);

	check(str_search(page, STR_LIT("inner text")) < page.n, "the message within it is shown");
	check(str_search(page, STR_LIT("&lt;p&gt;html text")) < str_search(page, STR_LIT("plain text")),
		"HTML first, in its frame");
	check(str_search(page, STR_LIT("href=\"../../files/ab/c/n.html.txt\"")) < page.n, "links to the files");
	check(str_search(page, STR_LIT("is signed")) < page.n, "a signature is told");
	check(str_search(page, STR_LIT("<script")) == page.n, "no script");
	card_free(&c);
	buf_free(&out);
	buf_free(&files);
}

/* --- a mailbox that grows --- */

#define FROM_LINE "From a@x.example Mon Nov 23 08:00:00 2026\n"

static void append(int fd, const char *text)
{
	if (!file_write(fd, str_of(text), "the mailbox", NULL))
		_exit(1);
}

/* Holds the lock with half of a message in the file, says so, and completes it later. */
static void deliver(const char *path, int told)
{
	const struct timespec moment = { .tv_nsec = 300000000 };
	int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);

	if (!file_lock(fd, path, 0, NULL))
		_exit(1);
	append(fd, FROM_LINE "Subject: second\n\nhalf");
	if (write(told, "x", 1) != 1)
		_exit(1);
	nanosleep(&moment, NULL);
	append(fd, " and half\n\n");
	_exit(0);
}

static void test_growing(void)
{
	char path[] = "/tmp/popfetch-archive.XXXXXX";
	int fd = mkostemp(path, O_APPEND | O_CLOEXEC);
	struct source s;
	struct err err = { .kind = ERR_NONE };
	int told[2];
	char x;

	append(fd, FROM_LINE "Subject: first\n\n");
	for (int i = 0; i < 100; i++)
		append(fd, "so that opening does not read to the end\n");
	append(fd, "\n");
	check(pipe(told) == 0, "a pipe");
	pid_t child = fork();

	if (child == 0)
		deliver(path, told[1]);
	check(read(told[0], &x, 1) == 1 && source_open(&s, path, &err), "a mailbox into which mail is being delivered");
	append(fd, FROM_LINE "Subject: third\n\nx\n\n");
	check(source_next(&s, &err) && source_next(&s, &err), "two messages");
	check_same(s.message, "Subject: second\n\nhalf and half\n", "the second is whole");
	check(!source_next(&s, &err) && err.kind == ERR_NONE, "what came after it was opened is for the next run");
	source_close(&s);
	waitpid(child, NULL, 0);
	close(told[0]);
	close(told[1]);
	close(fd);
	unlink(path);
}

int main(void)
{
	test_names();
	test_long_names();
	test_same_names();
	test_urls();
	test_table();
	test_references();
	test_late();
	test_subjects();
	test_circles();
	test_card();
	test_keys();
	test_view();
	test_growing();
	return tap_done();
}
