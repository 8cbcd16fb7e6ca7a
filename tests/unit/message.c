#include <config.h>

#include "mail/message/message.h"

#include "base/err.h"
#include "tests/tap.h"

/* One message through scan, plan and body, in cuts of the given size (0: whole). */
struct run {
	struct message m;
	struct buf out;
	struct err err;
	bool ok;
};

static void run_with(struct run *r, struct str in, size_t cut, const struct message_wants *wants)
{
	r->err = (struct err){ 0 };
	r->out = (struct buf){ 0 };
	message_init(&r->m);
	for (size_t i = 0; i<in.n; i += cut> 0 ? cut : in.n)
		message_scan(&r->m, str_sub(in, i, cut > 0 ? cut : in.n));
	message_scan_end(&r->m);
	r->ok = message_plan(&r->m, wants, &r->err);
	if (!r->ok)
		return;
	buf_add(&r->out, buf_str(&r->m.plan));
	struct str body = str_sub(in, (size_t)r->m.body_at, in.n);

	message_body_begin(&r->m);
	for (size_t i = 0; i < body.n && r->ok; i += cut > 0 ? cut : body.n)
		r->ok = message_body(&r->m, str_sub(body, i, cut > 0 ? cut : body.n), &r->out, &r->err);
	r->ok = r->ok && message_body_end(&r->m, &r->out, &r->err);
	if (r->m.mode != MESSAGE_PARTS)
		check(buf_len(&r->out) - buf_len(&r->m.plan) == r->m.body_size, "the size of the body was known");
}

static void run_free(struct run *r)
{
	message_free(&r->m);
	buf_free(&r->out);
}

static const struct message_wants seven = { .date = { "Mon, 23 Nov 2026 08:00:00 +0000", 31 },
	.message_id = { "<1@example.org>", 15 },
	.from = { "a@example.org", 13 } };
static const struct message_wants eight = { .eight_bit = true };

static void expect(const char *name, const struct message_wants *wants, struct str in, const char *want)
{
	static const size_t cuts[] = { 0, 1, 2, 7, 64 };

	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
		struct run r;

		run_with(&r, in, cuts[i], wants);
		if (!check(r.ok == (want != NULL), "%s, cut %zu: %s", name, cuts[i], r.err.text))
			printf("# %s\n", r.err.text);
		if (want != NULL)
			check_same(buf_str(&r.out), want, name);
		run_free(&r);
	}
}

static void refused(const char *name, const struct message_wants *wants, struct str in, const char *why)
{
	struct run r;

	run_with(&r, in, 0, wants);
	check(!r.ok && r.err.kind == ERR_DATA, "%s is refused", name);
	check(str_search(str_of(r.err.text), str_of(why)) < strlen(r.err.text), "%s: %s", name, r.err.text);
	run_free(&r);
}

#define HEAD "From: a@example.org\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n"
#define MIXED HEAD "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
#define LINE100 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
#define LINE1000 LINE100 LINE100 LINE100 LINE100 LINE100 LINE100 LINE100 LINE100 LINE100 LINE100

static void test_frame(void)
{
	static const char clean[] = HEAD "Subject:  odd   blanks \r\n\tfolded\r\nX-Empty:\r\n\r\n.dot\r\n\r\nend\r\n";

	expect("a clean message", &seven, str_of(clean), clean);
	expect("LF", &seven,
		STR_LIT("From: a@example.org\nDate: Mon, 23 Nov 2026 08:00:00 +0000\nMessage-ID: <1@example.org>\n\nx\ny\n"),
		HEAD "\r\nx\r\ny\r\n");
	expect("no final line end", &seven, STR_LIT(HEAD "\r\nx"), HEAD "\r\nx\r\n");
	expect("what is missing", &seven, STR_LIT("Subject: s\n\nx\n"),
		"Subject: s\r\nFrom: a@example.org\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\n"
		"Message-ID: <1@example.org>\r\n\r\nx\r\n");
	expect("no header at all", &eight, STR_LIT("hello there\nyou\n"), "\r\nhello there\r\nyou\r\n");
	expect("no separator", &eight, STR_LIT("Subject: s\nhello there\nx: y\n"),
		"Subject: s\r\n\r\nhello there\r\nx: y\r\n");
	expect("only a header", &eight, STR_LIT("Subject: s\n"), "Subject: s\r\n\r\n");
	expect("nothing", &eight, STR_LIT(""), "\r\n");
	expect("a From_ line", &eight, STR_LIT("From a@b Mon Nov 23 08:05:00 2026\nSubject: s\n\nFrom x\n"),
		"Subject: s\r\n\r\nFrom x\r\n");
	expect("Bcc", &eight, STR_LIT("Subject: s\nBCC: x@example.org,\n y@example.org\nResent-Bcc: z\nTo: t\n\n"),
		"Subject: s\r\nTo: t\r\n\r\n");
	expect("CR CR LF", &eight, STR_LIT("Subject: s\r\r\nTo: t\r\r\n\r\r\nx\r\r\n\r\r\ny\r\r\n"),
		"Subject: s\r\nTo: t\r\n\r\nx\r\n\r\ny\r\n");
}

static void test_faults(void)
{
	expect("a lone CR", &eight, STR_LIT("Subject: s\rBcc: evil\n\na\rb\r"),
		"Subject: s Bcc: evil\r\n\r\na\r\nb\r\n");
	expect("a NUL in the header", &eight, STR_LIT("Subject: s\0t\n\nx\n"), "Subject: st\r\n\r\nx\r\n");
	expect("a NUL", &eight, STR_LIT("Subject: s\n\na\0b\n"),
		"Subject: s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\na=00b\r\n");
	expect("8-bit taken", &eight, STR_LIT("Subject: s\n\nJ\xc3\xb6rg\n"),
		"Subject: s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: 8bit\r\n\r\nJ\xc3\xb6rg\r\n");
	expect("8-bit refused", &(struct message_wants){ 0 }, STR_LIT("Subject: s\n\nJ\xc3\xb6rg and the others\n"),
		"Subject: s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\nJ=C3=B6rg and the others\r\n");
	expect("a raw subject", &eight, STR_LIT("Subject: J\xc3\xb6rg\n\n"), "Subject: =?UTF-8?Q?J=C3=B6rg?=\r\n\r\n");
	expect("a raw name", &eight,
		STR_LIT("To: J\xc3\xb6rg <j@b\xc3\xbc"
			"cher.example>, x@example.org\n\n"),
		"To: =?UTF-8?Q?J=C3=B6rg?= <j@xn--bcher-kva.example>, x@example.org\r\n\r\n");
	expect("a raw header with SMTPUTF8", &(struct message_wants){ .utf8 = true },
		STR_LIT("Subject: J\xc3\xb6rg\n\n"), "Subject: J\xc3\xb6rg\r\n\r\n");
}

static void test_parts(void)
{
	expect("a part of many", &(struct message_wants){ 0 },
		STR_LIT(MIXED
			"pre\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
			"J\xc3\xb6rg and many more\r\n\r\n--b\r\n\r\nplain\r\n--b--\r\npost\r\n"),
		MIXED "pre\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
		      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		      "J=C3=B6rg and many more\r\n\r\n--b\r\n\r\nplain\r\n--b--\r\npost\r\n");
	expect("a message inside", &(struct message_wants){ 0 },
		STR_LIT(MIXED
			"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n\xc3\xb6 is here in the text\r\n--b--\r\n"),
		MIXED
		"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
		"=C3=B6 is here in the text=\r\n\r\n--b--\r\n");
	expect("a base64 part", &eight,
		STR_LIT(MIXED "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nQU\0JD\r\n--b--\r\n"),
		MIXED "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--b--\r\n");
	expect("around the parts", &(struct message_wants){ 0 },
		STR_LIT(MIXED "\xc3\xb6\r\n--b\r\n\r\nx\r\n--b--\r\n\xc3\xb6"),
		MIXED "??\r\n--b\r\n\r\nx\r\n--b--\r\n??\r\n");
}

static void test_long(void)
{
	struct run r;
	struct str in = STR_LIT("Subject: s\n\nshort\n" LINE1000 "\n");

	for (size_t cut = 0; cut < 700; cut += 233) {
		run_with(&r, in, cut, &eight);
		check(r.ok, "a long line goes");
		struct str rest = buf_str(&r.out);
		size_t longest = 0;

		while (rest.p != NULL) {
			struct str line = str_cut(&rest, '\n');

			longest = line.n > longest ? line.n : longest;
		}
		check(longest <= 77, "its lines are short now: %zu", longest);
		run_free(&r);
	}
	run_with(&r, STR_LIT("Subject: " LINE1000 "\n\n"), 0, &eight);
	check(r.ok && str_starts(buf_str(&r.out), STR_LIT("Subject: =?us-ascii?Q?01234")),
		"a long subject is split into words");
	run_free(&r);
	run_with(&r, STR_LIT("Subject: " LINE100 " " LINE1000 "\n\n"), 0, &eight);
	check(r.ok && str_starts(buf_str(&r.out), STR_LIT("Subject: " LINE100 "\r\n =?us-ascii?Q?01234")),
		"and folded");
	run_free(&r);
	refused("a long identifier", &eight, STR_LIT("To: x@example.org\nMessage-ID: <" LINE1000 "@x>\n\n"),
		"line 2: Message-ID");
}

#define SEAL "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s;\r\n\th=From : Subject:date; bh=x; b=y\r\n"

static void test_seals(void)
{
	expect("a signed message", &seven, STR_LIT(SEAL HEAD "Subject: s\r\n\r\nx\r\n"),
		SEAL HEAD "Subject: s\r\n\r\nx\r\n");
	expect("a signed message with LF", &seven,
		STR_LIT("DKIM-Signature: h=from\nFrom: a\nDate: x\nMessage-ID: y\n\nx\n"),
		"DKIM-Signature: h=from\r\nFrom: a\r\nDate: x\r\nMessage-ID: y\r\n\r\nx\r\n");
	refused("8-bit under DKIM", &seven, STR_LIT(SEAL HEAD "\r\nx\r\n\xc3\xb6\r\n"), "line 8: octets over 0x7f");
	refused("a NUL under DKIM", &eight, STR_LIT(SEAL HEAD "\r\nx\0\r\n"), "line 7: a NUL");
	refused("a missing field under DKIM", &seven, STR_LIT(SEAL "From: a\r\n\r\nx\r\n"), "Date is missing");
	refused("multipart/signed", &seven,
		STR_LIT(HEAD
			"MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nJ\xc3\xb6rg\r\n--b--\r\n"),
		"line 9: octets");
	expect("beside a signed part", &eight,
		STR_LIT(MIXED
			"--b\r\nContent-Type: multipart/signed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b\r\n\r\na\0\r\n--b--\r\n"),
		MIXED "--b\r\nContent-Type: multipart/signed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b\r\n"
		      "Content-Transfer-Encoding: quoted-printable\r\n\r\na=00=\r\n\r\n--b--\r\n");
}

int main(void)
{
	test_frame();
	test_faults();
	test_parts();
	test_long();
	test_seals();
	return tap_done();
}
