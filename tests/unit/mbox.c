#include <config.h>

#include "tests/tap.h"

#include "mail/message/mbox.h"

static void write_cuts(struct str message, size_t cut, struct buf *out)
{
	struct mbox_writer w;

	mbox_begin(&w, out, STR_LIT("ann@example.org"), 1795420800);
	for (size_t at = 0; at < message.n; at += cut)
		mbox_add(&w, out, str_sub(message, at, cut));
	mbox_end(&w, out);
}

static void writes(struct str message, const char *want, const char *name)
{
	for (size_t cut = 1; cut <= message.n + 1; cut += cut < 3 ? 1 : message.n) {
		struct buf out = { 0 };
		struct buf frame = { 0 };
		char title[80];

		write_cuts(message, cut, &out);
		buf_printf(&frame, "From ann@example.org Mon Nov 23 08:00:00 2026\n%s", want);
		snprintf(title, sizeof title, "%s, cuts of %zu", name, cut);
		check_same(buf_str(&out), buf_text(&frame), title);
		buf_free(&out);
		buf_free(&frame);
	}
}

static void test_writing(void)
{
	writes(STR_LIT("A: b\r\n\r\nhi\r\n"), "A: b\n\nhi\n\n", "CRLF becomes LF");
	writes(STR_LIT("A: b\n\nno end"), "A: b\n\nno end\n\n", "a last line without an end");
	writes(STR_LIT("From x\n>From y\n>>From z\n>Fro\nFromage\n"), ">From x\n>>From y\n>>>From z\n>Fro\nFromage\n\n",
		"quoting");
	writes(STR_LIT("\n>"), "\n>\n\n", "a last line of >");
	writes(STR_LIT("\nFrom"), "\nFrom\n\n", "a last line of From");
	writes(STR_LIT("a\rFrom b\r\r\n\r"), "a\rFrom b\r\n\r\n\n", "lone CRs stay");
	writes(STR_LIT(""), "\n", "nothing");
}

static void test_sender(void)
{
	static const char *const bad[] = { "", "a b@x.example", "\"a b\"@x.example", "J\xc3\xbcrgen@x.example",
		"a@x.example\nFrom b" };
	struct mbox_writer w;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buf out = { 0 };

		mbox_begin(&w, &out, str_of(bad[i]), 0);
		check_same(buf_str(&out), "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n",
			"a sender that readers would not take");
		buf_free(&out);
	}
}

static void read_cuts(struct str file, size_t cut, struct buf *out)
{
	struct mbox_reader r = { 0 };
	struct buf held = { 0 };
	enum mbox_event event = MBOX_MORE;
	struct str line;

	for (size_t at = 0; event == MBOX_MORE; at += cut) {
		buf_add(&held, at < file.n ? str_sub(file, at, cut) : STR_LIT(""));
		mbox_feed(&r, buf_str(&held), at >= file.n);
		while ((event = mbox_next(&r, &line)) != MBOX_MORE && event != MBOX_END && event != MBOX_NOT) {
			buf_add_text(out, event == MBOX_BEGIN ? "{" : event == MBOX_FINISH ? "}" : "");
			if (event == MBOX_LINE)
				buf_add(out, line);
		}
		struct buf rest = { 0 };

		buf_add(&rest, r.pending);
		buf_free(&held);
		held = rest;
	}
	if (event == MBOX_NOT)
		buf_add_text(out, "NOT");
	buf_free(&held);
}

static void reads(struct str file, const char *want, const char *name)
{
	for (size_t cut = 1; cut <= file.n + 1; cut += cut < 3 ? 1 : file.n) {
		struct buf out = { 0 };
		char title[80];

		read_cuts(file, cut, &out);
		snprintf(title, sizeof title, "%s, cuts of %zu", name, cut);
		check_same(buf_str(&out), want, title);
		buf_free(&out);
	}
}

#define FROM "From ann@example.org Mon Nov 23 08:00:00 2026\n"

static void test_reading(void)
{
	reads(STR_LIT(FROM "A: b\n\n>From x\n>>From y\n> z\n\n" FROM "C: d\n\n"),
		"{A: b\n\nFrom x\n>From y\n> z\n}{C: d\n}", "two");
	reads(STR_LIT(FROM "A: b\n\nFrom here on\n\nFrom there on\n"), "{A: b\n\nFrom here on\n\nFrom there on\n}",
		"no date, no From_ line");
	reads(STR_LIT("From -\nA: b\n\n\n\n" FROM "\n"), "{A: b\n\n\n}{}",
		"empty lines at an end, a From_ line without a date at the start");
	reads(STR_LIT("A: b\n"), "NOT", "no mbox");
	reads(STR_LIT("\n\n" FROM "x"), "{x}", "empty lines first, no end last");
	reads(STR_LIT(FROM "a\r\n\r\nb\r\n\r\n"), "{a\r\n\r\nb\r\n}", "CRLF stays CRLF");
}

static void test_round_trip(void)
{
	static const char *const pieces[] = { "From ", ">", "\n", "x", "From", " Mon Nov 23 08:00:00 2026", "\n\n",
		"\r" };
	bool same = true;

	for (int round = 0; round < 2000 && same; round++) {
		struct buf message = { 0 };
		struct buf file = { 0 };
		struct buf got = { 0 };
		struct buf want = { 0 };

		for (int i = rand() % 12; i > 0; i--)
			buf_add_text(&message, pieces[(size_t)rand() % 8]);
		buf_add_text(&message, "\n");
		/* CRLF becomes LF by design: no CR before LF in this test. */
		if (str_search(buf_str(&message), STR_LIT("\r\n")) == buf_len(&message)) {
			write_cuts(buf_str(&message), 1 + (size_t)rand() % 9, &file);
			write_cuts(STR_LIT("second\n"), 3, &file);
			read_cuts(buf_str(&file), 1 + (size_t)rand() % 9, &got);
			buf_printf(&want, "{%s}{second\n}", buf_text(&message));
			same = str_eq(buf_str(&got), buf_str(&want));
			if (!same)
				printf("# want [%s]\n# got [%s]\n", buf_text(&want), buf_text(&got));
		}
		buf_free(&message);
		buf_free(&file);
		buf_free(&got);
		buf_free(&want);
	}
	check(same, "write and read again");
}

int main(void)
{
	test_writing();
	test_sender();
	test_reading();
	test_round_trip();
	return tap_done();
}
