#include <config.h>

#include "tests/tap.h"
#include "tests/stderr.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cli/say.h"
#include "io/file.h"

static void test_lines(void)
{
	struct err err;

	say_init("/usr/bin/mailsend");
	check_same(str_of(say_tool()), "mailsend", "the name without its directory");
	err_set(&err, ERR_TEMP,
		"mx.example: \033[31mred\x07\r\nmore \xc2\x9b"
		"1m \xff");
	catch_begin();
	int status = say_fail(&err);

	check_same(str_of(catch_end()), "mailsend: mx.example: \\x1b[31mred\\x07\\x0d\\nmore \\xc2\\x9b1m \\xff\n",
		"nothing of a stranger's reaches the terminal raw");
	check(status == 75, "status");
	catch_begin();
	say_note("%d rows", 3);
	say_set_quiet(true);
	say_note("unheard");
	say_errorf("heard");
	say_set_quiet(false);
	check_same(str_of(catch_end()), "mailsend: 3 rows\nmailsend: heard\n", "quiet silences notes only");
	char *big = malloc(100001);

	memset(big, 'x', 100000);
	big[100000] = '\0';
	catch_begin();
	say_note("%s", big);
	check(strlen(catch_end()) < 3000, "no message is endless");
	free(big);
}

static void feed(struct say_talk *talk, const char *ours, const char *theirs, size_t cut)
{
	const char *const texts[] = { ours, theirs };

	for (int side = 0; side < 2; side++) {
		struct str rest = str_of(texts[side]);

		while (rest.n > 0) {
			say_trace(talk, side == 0 ? '>' : '<', str_sub(rest, 0, cut));
			rest = str_sub(rest, cut, rest.n);
		}
	}
}

static void test_trace(size_t cut)
{
	struct say_talk talk = { 0 };

	catch_begin();
	feed(&talk, "EHLO a\r\n", "250-b\r\n250 AUTH PLAIN\r\n", cut);
	feed(&talk, "AUTH PLAIN AGEAc2VjcmV0\r\n", "535 no AGEAc2VjcmV0 here\r\n", cut);
	feed(&talk, "AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n", cut);
	feed(&talk, "dXNlcg==\r\n", "334 UGFzc3dvcmQ6\r\n", cut);
	feed(&talk, "c2VjcmV0\r\n", "235 ok c2VjcmV0c2VjcmV0\r\n", cut);
	feed(&talk, "MAIL FROM:<a@example.org>\r\n", "250 \033[0m\r\n", cut);
	feed(&talk, "pass s3cret word\r\n", "-ERR s3cret word\r\n", cut);
	feed(&talk, "AUTH XOAUTH2\r\n", "+ \r\n", cut);
	feed(&talk, "c2VjcmV0\r\n", "+OK\r\n", cut);
	feed(&talk, "QUIT\n", "", cut);
	check_same(str_of(catch_end()),
		"> EHLO a\n< 250-b\n< 250 AUTH PLAIN\n> AUTH PLAIN ***\n< 535 no *** here\n"
		"> AUTH LOGIN\n< 334 VXNlcm5hbWU6\n> ***\n< 334 UGFzc3dvcmQ6\n> ***\n< 235 ok ******\n"
		"> MAIL FROM:<a@example.org>\n< 250 \\x1b[0m\n> pass ***\n< -ERR ***\n"
		"> AUTH XOAUTH2\n< + \n> ***\n< +OK\n> QUIT\n",
		"secrets are struck out");
	say_talk_free(&talk);
}

static void test_trace_file(void)
{
	struct say_talk talk = { .number = 3 };
	struct buf text = { 0 };
	struct err err = { 0 };
	char path[] = "/tmp/pipemail-say-XXXXXX";
	char *big = malloc(100001);

	close(mkstemp(path));
	check(!say_trace_open("/no/such/dir/trace", &err) && err.kind == ERR_CANTCREAT, "%s", err.text);
	check(!say_tracing(), "no trace");
	say_trace(&talk, '>', STR_LIT("unheard\r\n"));
	check(say_trace_open(path, &err) && say_tracing(), "trace to a file");
	memset(big, 'x', 100000);
	big[100000] = '\0';
	say_trace(&talk, '>', str_of(big));
	say_trace(&talk, '>', STR_LIT("\nQUIT\r\n"));
	say_trace_note(&talk, "TLS %s", "1.3\n");
	file_read(path, 1 << 20, &text, &err);
	check(buf_len(&text) < 2000, "an endless line is cut");
	check(str_ends(buf_str(&text), STR_LIT("...\n[3] > QUIT\n[3] * TLS 1.3\\n\n")), "and the next is whole: %s",
		buf_text(&text));
	unlink(path);
	buf_free(&text);
	say_talk_free(&talk);
	free(big);
}

int main(void)
{
	test_lines();
	test_trace_file();
	say_set_verbose(true);
	for (size_t cut = 1; cut < 40; cut += 6)
		test_trace(cut);
	return tap_done();
}
