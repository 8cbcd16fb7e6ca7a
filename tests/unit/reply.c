#include <config.h>

#include "tests/tap.h"

#include "base/err.h"
#include "proto/reply.h"

/* Replies whole and octet by octet: what is one, what is none, and what people are shown. */

/* The reply as "code lines enhanced|text", "more" or "none". */
static void take(const char *octets, bool one_by_one, struct buf *out)
{
	struct reply r = { 0 };
	struct buf in = { 0 };
	struct err err = { 0 };
	struct str rest = str_of(octets);
	int rc = 0;

	buf_clear(out);
	while (rest.n > 0 && rc == 0) {
		size_t n = one_by_one ? 1 : rest.n;

		buf_add(&in, str_sub(rest, 0, n));
		rest = str_sub(rest, n, rest.n);
		rc = reply_take(&r, &in, &err);
	}
	if (rc < 0)
		buf_printf(out, "none %d", (int)err.kind);
	else if (rc == 0)
		buf_add_text(out, "more");
	else
		buf_printf(out, "%d %u %.*s|%.*s", r.code, r.lines, STR_ARGS(r.enhanced), STR_ARGS(buf_str(&r.text)));
	reply_free(&r);
	buf_free(&in);
}

static const struct {
	const char *octets;
	const char *want;
} table[] = {
	{ "250 ok\r\n", "250 1 |ok" },
	{ "250\r\n", "250 1 |" },
	{ "250 \r\n", "250 1 |" },
	{ "250 ok\n", "250 1 |ok" },
	{ "250-a\r\n250-b\r\n250 c\r\n", "250 3 |a\nb\nc" },
	{ "250-a\r\n250\r\n", "250 2 |a\n" },
	{ "550 5.1.1 no such user\r\n", "550 1 5.1.1|5.1.1 no such user" },
	{ "550-5.1.1 no\r\n550 5.1.1 user\r\n", "550 2 5.1.1|5.1.1 no\n5.1.1 user" },
	{ "250 2.1.5\r\n", "250 1 2.1.5|2.1.5" },
	{ "550 4.1.1 classes that disagree\r\n", "550 1 |4.1.1 classes that disagree" },
	{ "550 5.1234.1 x\r\n", "550 1 |5.1234.1 x" },
	{ "550 5.1 x\r\n", "550 1 |5.1 x" },
	{ "550 5.1.1x\r\n", "550 1 |5.1.1x" },
	{ "550 5x1.1 x\r\n", "550 1 |5x1.1 x" },
	{ "354 3.0.0 x\r\n", "354 1 |3.0.0 x" },
	{ "354 go\r\n", "354 1 |go" },
	{ "250 a\rb\r\n", "250 1 |a\rb" },
	{ "299 x\r\n", "299 1 |x" },
	{ "25", "more" },
	{ "250 ok\r", "more" },
	{ "250-ok\r\n", "more" },
	{ "\x15\x03\x01", "more" },
	{ "\x15\x03\x01\x01\x02", "none 76" },
	{ "SSH-2.0", "none 76" },
	{ "250-a\r\n251 b\r\n", "none 76" },
	{ "250-a\r\n550 b\r\n", "none 76" },
	{ "2500 ok\r\n", "none 76" },
	{ "25 ok\r\n", "none 76" },
	{ "25\r\n", "none 76" },
	{ "\r\n", "none 76" },
	{ "150 ok\r\n", "none 76" },
	{ "650 ok\r\n", "none 76" },
	{ "050 ok\r\n", "none 76" },
	{ "250\tok\r\n", "none 76" },
	{ "250ok\r\n", "none 76" },
	{ " 250 ok\r\n", "none 76" },
	{ "ok\r\n", "none 76" },
};

static void test_table(void)
{
	struct buf got = { 0 };

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		take(table[i].octets, false, &got);
		check_same(buf_str(&got), table[i].want, "whole");
		take(table[i].octets, true, &got);
		check_same(buf_str(&got), table[i].want, "octet by octet");
	}
	buf_free(&got);
}

static void test_stream(void)
{
	struct reply r = { 0 };
	struct buf in = { 0 };
	struct err err;

	buf_add(&in, STR_LIT("250-one\r\n250 two\r\n354 \0x\r\n250-th"));
	check(reply_take(&r, &in, &err) == 1 && r.code == 250 && r.lines == 2, "the first");
	check(reply_take(&r, &in, &err) == 1 && r.code == 354 && buf_len(&r.text) == 2, "the second, with a NUL in it");
	check(reply_take(&r, &in, &err) == 0 && !r.open, "half a line is left where it is");
	buf_add_text(&in, "ree\r\n");
	check(reply_take(&r, &in, &err) == 0 && r.open && buf_len(&in) == 0,
		"a whole one of a reply that goes on is taken");
	buf_add_text(&in, "250 four\r\n250 five\r\n");
	check(reply_take(&r, &in, &err) == 1 && r.lines == 2 && !r.open, "the third");
	check_same(buf_str(&r.text), "three\nfour", "with all its text");
	check(reply_take(&r, &in, &err) == 1 && r.lines == 1, "the fourth begins anew");
	reply_free(&r);
	buf_free(&in);
}

static void test_budgets(void)
{
	struct reply r = { 0 };
	struct buf in = { 0 };
	struct err err = { 0 };
	int rc = 0;

	buf_add_text(&in, "250 ");
	for (int i = 0; i < 4089; i++)
		buf_add_char(&in, 'x');
	buf_add_text(&in, "\r\n");
	check(buf_len(&in) == 4095 && reply_take(&r, &in, &err) == 1, "a line of 4 KiB");
	buf_add_text(&in, "250 ");
	for (int i = 0; i < 4093; i++)
		buf_add_char(&in, 'x');
	check(reply_take(&r, &in, &err) < 0, "and no more");
	reply_free(&r);
	buf_clear(&in);
	for (int i = 0; i < 1000; i++)
		buf_add_text(&in, i < 999 ? "250-x\r\n" : "250 x\r\n");
	check(reply_take(&r, &in, &err) == 1 && r.lines == 1000, "a thousand lines");
	for (int i = 0; i < 1001 && rc == 0; i++) {
		buf_add_text(&in, "250-x\r\n");
		rc = reply_take(&r, &in, &err);
	}
	check(rc < 0 && err.kind == ERR_PROTOCOL, "and no more");
	reply_free(&r);
	buf_clear(&in);
	rc = 0;
	for (int i = 0; i < 100 && rc == 0; i++) {
		buf_add_text(&in, "250-");
		for (int j = 0; j < 1000; j++)
			buf_add_char(&in, 'x');
		buf_add_text(&in, "\r\n");
		rc = reply_take(&r, &in, &err);
	}
	check(rc < 0 && r.lines < 66, "64 KiB");
	reply_free(&r);
	buf_free(&in);
}

static void shown(const char *octets, const char *text, const char *id)
{
	struct reply r = { 0 };
	struct buf in = { 0 };
	struct buf out = { 0 };

	buf_add_text(&in, octets);
	reply_take(&r, &in, NULL);
	reply_show(&r, &out);
	check_same(buf_str(&out), text, "shown");
	if (id != NULL)
		check_same(reply_queue_id(&r), id, "queue id");
	reply_free(&r);
	buf_free(&in);
	buf_free(&out);
}

int main(void)
{
	test_table();
	test_stream();
	test_budgets();
	shown("550-5.1.1 no\r\n550-5.1.1 such\r\n550 5.1.1 user\r\n", "550 5.1.1 no such user", "");
	shown("250\r\n", "250", "");
	shown("250-a\r\n250 \r\n", "250 a", "");
	shown("250 2.0.0 Ok: queued as 4F2A1B3C\r\n", "250 2.0.0 Ok: queued as 4F2A1B3C", "4F2A1B3C");
	shown("250 OK id=1tEXYZ-000000001Ab-2cde\r\n", "250 OK id=1tEXYZ-000000001Ab-2cde", "1tEXYZ-000000001Ab-2cde");
	shown("250 2.0.0 4AN0abcd012345 Message accepted for delivery\r\n",
		"250 2.0.0 4AN0abcd012345 Message accepted for delivery", "4AN0abcd012345");
	shown("250 2.6.0 <a@b> [InternalId=42, Hostname=x] Queued mail for delivery\r\n",
		"250 2.6.0 <a@b> [InternalId=42, Hostname=x] Queued mail for delivery", "42");
	shown("550 5.7.1 not queued as spam\r\n", "550 5.7.1 not queued as spam", "");
	return tap_done();
}
