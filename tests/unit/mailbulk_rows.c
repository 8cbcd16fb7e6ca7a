#include <config.h>

#include "tests/calls.h"

#include <gnutls/crypto.h>

#include "base/err.h"
#include "cli/say.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/rows/list.h"
#include "cmd/mailbulk/check/selection.h"
#include "cmd/mailbulk/settings.h"
#include "cmd/mailbulk/letter/values.h"
#include "io/file.h"
#include "text/base64.h"
#include "text/hex.h"

/* Which rows of a list are mailed, and what stands in for a row: its key, its address, its token. */

#define KEY "0123456789abcdef0123456789abcdef"

static char directory[] = "/tmp/pipemail-rows-XXXXXX";

static const char *in(const char *name)
{
	static char paths[8][200];
	static int turn;
	char *path = paths[turn++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", directory, name);
	return path;
}

static const char *put(const char *name, const char *text)
{
	int fd = open(in(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || !file_write(fd, str_of(text), name, NULL))
		abort();
	close(fd);
	return in(name);
}

/* A campaign on a list with these options; everything of it. */
struct scene {
	struct settings *settings; /* lives with the process, as the tool's own */
	struct campaign campaign;
	struct suppress suppress;
	struct list list;
	struct selection selection;
	struct err err;
};

static bool begin(struct scene *s, const char *list, const char *const *options)
{
	char *argv[30] = { (char *)"mailbulk", (char *)"--transactional" };
	int argc = 2;

	static struct settings kept[100];
	static size_t used;

	*s = (struct scene){ .list = { .fd = -1 }, .settings = &kept[used++ % 100] };
	while (*options != NULL)
		argv[argc++] = (char *)(uintptr_t)*options++;
	argv[argc++] = (char *)(uintptr_t)in("t.eml");
	argv[argc++] = (char *)(uintptr_t)put("list.csv", list);
	if (!settings_parse(s->settings, argc, argv, &s->err) || !campaign_load(&s->campaign, s->settings, &s->err) ||
		!selection_suppress(&s->suppress, s->settings, &s->err) ||
		!list_open(&s->list, s->settings, true, &s->err))
		return false;
	selection_init(&s->selection, &s->campaign, &s->list, &s->suppress);
	return true;
}

static void end(struct scene *s)
{
	selection_free(&s->selection);
	list_close(&s->list);
	suppress_free(&s->suppress);
	campaign_free(&s->campaign);
}

#define OPTIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NO_OPTIONS ((const char *const[]){ NULL })

/* The choices in order, a letter a row: Taken, Suppressed, Duplicate, Bad, Fail. */
static const char *choices(const char *list, const char *const *options)
{
	static char text[300];
	struct scene s;
	size_t n = 0;

	if (!begin(&s, list, options)) {
		check(false, "begin: %s", s.err.text);
		return "";
	}
	for (enum choice c; n < 250 && (c = selection_next(&s.selection, &s.err)) != CHOICE_END;) {
		text[n++] = "TSDB.F"[c];
		if (c == CHOICE_FAIL)
			break;
	}
	text[n] = '\0';
	end(&s);
	return text;
}

#define LIST "email,name,order\na@x.example,Ann,1\nb@x.example,Bob,1\na@x.example,Ann,2\nA@X.example,Ann,1\n"

static void test_choices(void)
{
	check_same(str_of(choices(LIST, NO_OPTIONS)), "TTDD", "an address is mailed once");
	check_same(str_of(choices(LIST, OPTIONS("--key", "order"))), "TTTD", "a row once by its --key");
	check_same(str_of(choices("email,name\na@x.example,A\nno address,B\n,C\nb@x.example,D\n", NO_OPTIONS)), "TBBT",
		"no address is no row");
	check_same(str_of(choices("email,name\na@x.example\nb@x.example,B,C\nc@x.example,D\n", NO_OPTIONS)), "BBT",
		"nor is one of another width");
	check_same(str_of(choices("email,name,order\na@x.example,A,\nb@x.example,B, \nc@x.example,C,3\n",
			   OPTIONS("--key", "order"))),
		"BBT", "nor one without its --key");
	put("left.csv", "email\nb@x.example\nB2@X.example\n");
	check_same(str_of(choices("email\na@x.example\nb@x.example\nb2@x.example\nb@x.example.example\n",
			   OPTIONS("--suppress", in("left.csv")))),
		"TSST", "who is on a suppression list");
	check_same(str_of(choices("email\nb@x.example\nb@x.example\n", OPTIONS("--suppress", in("left.csv")))), "SD",
		"is one once too");
}

static void test_limit(void)
{
	static const char list[] = "email\na@x.example\nb@x.example\na@x.example\nnone\nc@x.example\n";

	check_same(str_of(choices(list, OPTIONS("--limit", "0"))), "", "--limit 0");
	check_same(str_of(choices(list, OPTIONS("--limit", "1"))), "T", "--limit 1");
	check_same(str_of(choices(list, OPTIONS("--limit", "2"))), "TT", "--limit 2");
	check_same(str_of(choices(list, OPTIONS("--limit", "3"))), "TTDBT", "only what is taken counts");
	check_same(str_of(choices(list, OPTIONS("--limit", "4"))), "TTDBT", "--limit over the list");
	put("left.csv", "email\na@x.example\n");
	check_same(str_of(choices(list, OPTIONS("--limit", "1", "--suppress", in("left.csv")))), "ST",
		"who is suppressed does not");
}

/* Each row is in one share, and what is wrong with the list is told by the first. */
static void test_shares(void)
{
	char list[6000] = "email,name\n";
	size_t counts[4] = { 0 };

	for (int i = 0; i < 100; i++)
		snprintf(list + strlen(list), sizeof list - strlen(list), "r%d@d%d.example,N\n", i, i % 10);
	strcat(list, "none,N\nr1@d1.example,N\nragged\n");
	for (int k = 1; k <= 3; k++) {
		char shard[20];

		snprintf(shard, sizeof shard, "%d/3", k);
		const char *got = choices(list, OPTIONS("--shard", shard));

		for (const char *p = got; *p != '\0'; p++)
			counts[*p == 'T' ? 0 : *p == 'D' ? 1 : *p == 'B' ? 2 : 3]++;
		check(strchr(got, 'T') != NULL && (strchr(got, 'B') != NULL) == (k == 1), "share %s", shard);
	}
	check(counts[0] == 100 && counts[1] == 1 && counts[2] == 2 && counts[3] == 0,
		"together each row once: %zu %zu %zu", counts[0], counts[1], counts[2]);
	check(strspn(choices(list, OPTIONS("--shard", "1/1")), "T") == 100, "1/1 is all");
}

static void test_read_errors(void)
{
	struct scene s;
	char big[40000] = "email\n";

	put("left.csv", "email\na@x.example\n");
	calls_begin(directory);
	calls_fail("read left.csv", EIO, 0, 1);
	check(!begin(&s, "email\na@x.example\n", OPTIONS("--suppress", in("left.csv"))) && s.err.kind == ERR_IO,
		"a suppression list that cannot be read: %s", s.err.text);
	end(&s);
	calls_fail("read left.csv", EIO, 1, 1);
	check(!begin(&s, "email\na@x.example\n", OPTIONS("--suppress", in("left.csv"))) && s.err.kind == ERR_IO,
		"or not to its end: %s", s.err.text);
	end(&s);
	calls_begin(NULL);
	check(!begin(&s, "email\na@x.example\n", OPTIONS("--suppress", in("none.csv"))) && s.err.kind == ERR_NOINPUT,
		"%s", s.err.text);
	end(&s);
	check(!begin(&s, "email\na@x.example\n", OPTIONS("--suppress", "-")) && s.err.kind == ERR_USAGE, "%s",
		s.err.text);
	end(&s);
	/* The list itself. */
	for (int i = 0; i < 2000; i++)
		snprintf(big + strlen(big), sizeof big - strlen(big), "r%d@x.example\n", i);
	calls_begin(directory);
	calls_fail("read list.csv", EIO, 1, -1);
	bool opened = begin(&s, big, NO_OPTIONS);
	enum choice c = CHOICE_TAKEN;

	while (opened && c == CHOICE_TAKEN)
		c = selection_next(&s.selection, &s.err);
	check((!opened || c == CHOICE_FAIL) && s.err.kind == ERR_IO, "a list that cannot be read to its end: %s",
		s.err.text);
	calls_begin(NULL);
	end(&s);
}

/* base64url of HMAC-SHA-256 under KEY. */
static const char *token_of(const char *address)
{
	static struct buf text;
	unsigned char sum[32];

	buf_clear(&text);
	gnutls_hmac_fast(GNUTLS_MAC_SHA256, KEY, strlen(KEY), address, strlen(address), sum);
	base64_add(&text, str_at((const char *)sum, sizeof sum));
	for (size_t i = 0; i < buf_len(&text); i++) {
		char *p = text.p + text.off + i;

		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	}
	while (str_ends(buf_str(&text), STR_LIT("=")))
		buf_cut(&text, buf_len(&text) - 1);
	return buf_text(&text);
}

static void test_tokens(void)
{
	struct scene s;
	char first[40];

	put("key", KEY "\n");
	const char *link = "https://x.example/u?t={{token}}&e={{email}}";

	if (!begin(&s, "email\nAnn@X.example\nb@x.example\n",
		    OPTIONS("--token-key", in("key"), "--unsubscribe", link))) {
		check(false, "%s", s.err.text);
		return;
	}
	check(selection_next(&s.selection, &s.err) == CHOICE_TAKEN, "a row");
	check_same(str_of(s.selection.values.token), token_of(buf_text(&s.selection.values.folded)),
		"its token is its address's");
	check(str_search(buf_str(&s.selection.values.unsubscribe), str_of(s.selection.values.token)) <
			buf_len(&s.selection.values.unsubscribe),
		"and in its link");
	snprintf(first, sizeof first, "%s", s.selection.values.key);
	check(selection_next(&s.selection, &s.err) == CHOICE_TAKEN && strcmp(first, s.selection.values.key) != 0 &&
			strlen(first) == 32 && strspn(first, "0123456789abcdef") == 32,
		"its key is its own");
	check_same(str_of(s.selection.values.token), token_of("b@x.example"), "and so is the next one's");
	end(&s);
	/* A test's link must not unsubscribe whoever the row is of. */
	if (!begin(&s, "email\nb@x.example\n",
		    OPTIONS("--token-key", in("key"), "--unsubscribe", link, "--test", "me@test.example"))) {
		check(false, "%s", s.err.text);
		return;
	}
	check(selection_next(&s.selection, &s.err) == CHOICE_TAKEN, "a row of a test");
	check_same(str_of(s.selection.values.token), token_of("me@test.example"), "has the test address's token");
	check(strcmp(s.selection.values.token, token_of("b@x.example")) != 0 &&
			str_search(buf_str(&s.selection.values.unsubscribe), str_of(token_of("b@x.example"))) ==
				buf_len(&s.selection.values.unsubscribe),
		"and never the row's own, nor in its link");
	check_same(buf_str(&s.selection.values.folded), "b@x.example", "though the row is the same");
	end(&s);
}

/* The reader makes UTF-8 of every cell. Should it once fail to, the row is not mailed all the same. */
static void test_octets(void)
{
	static const struct str cells[] = { STR_LIT("b@x.example"), STR_LIT("\xc3") };
	struct scene s;
	struct row row = { .number = 1, .line = 2, .cells = cells };

	check(begin(&s, "email,name\nb@x.example,N\n", NO_OPTIONS) &&
			!values_set(&s.selection.values, &s.campaign, &s.list, &row, &s.err) && s.err.kind == ERR_DATA,
		"a cell that is not UTF-8: %s", s.err.text);
	end(&s);
}

/* The row at hand, by its list and options; the scene is to be ended. */
static bool first(struct scene *s, const char *list, const char *const *options)
{
	return check(begin(s, list, options) && selection_next(&s->selection, &s->err) == CHOICE_TAKEN, "a row: %s",
		s->err.text);
}

/* What the journal knows a row by must not change between versions. */
static void test_keys(void)
{
	struct scene s;

	if (first(&s, "email,order\n\"Ann <Ann@X.example>\",A-7\n", NO_OPTIONS)) {
		check_same(str_of(s.selection.values.key), "ff8cae1e494318afd37e2e532eff01ed", "a row's key");
		check_same(buf_str(&s.selection.values.written), "Ann@X.example",
			"its address as it stands in the list");
		check_same(buf_str(&s.selection.values.mailbox), "Ann@x.example", "and as it is for the envelope");
	}
	end(&s);
	if (first(&s, "email,order\nAnn@X.example, A-7 \n", OPTIONS("--key", "order")))
		check_same(str_of(s.selection.values.key), "c953927d3639986730fa27abe16e51c2",
			"with a column of --key");
	end(&s);
	if (first(&s,
		    "email\nann@b\xc3\xbc"
		    "cher.example\n",
		    NO_OPTIONS))
		check_same(buf_str(&s.selection.values.mailbox), "ann@xn--bcher-kva.example", "a domain in A-labels");
	end(&s);
	if (first(&s,
		    "email\nj\xc3\xbcrg@b\xc3\xbc"
		    "cher.example\n",
		    NO_OPTIONS))
		check_same(buf_str(&s.selection.values.mailbox),
			"j\xc3\xbcrg@b\xc3\xbc"
			"cher.example",
			"in U-labels where the local part is not ASCII");
	end(&s);
	if (first(&s, "email\na@x.example\na@x.example\n", NO_OPTIONS))
		check(selection_next(&s.selection, &s.err) == CHOICE_DUPLICATE &&
				strcmp(s.err.text, "duplicate of line 2") == 0,
			"whose duplicate it is: %s", s.err.text);
	end(&s);
	put("left.csv", "email,reason\na@x.example,too many mails\n");
	check(begin(&s, "email\na@x.example\n", OPTIONS("--suppress", in("left.csv"))) &&
			selection_next(&s.selection, &s.err) == CHOICE_SUPPRESSED &&
			strcmp(s.err.text, "suppressed: too many mails") == 0,
		"why it is suppressed: %s", s.err.text);
	end(&s);
}

/* A row that waited is read again: only the same row may go. */
static void test_again(void)
{
	static const char list[] = "email,order\na@x.example,1\nb@x.example,2\nc@x.example,3\n";
	struct values values = { .key = "" };
	unsigned char key[16];
	struct scene s;

	put("left.csv", "email\nc@x.example\n");
	for (int i = 0; i < 7; i++) {
		static const enum choice want[] = { CHOICE_TAKEN, CHOICE_FAIL, CHOICE_FAIL, CHOICE_FAIL, CHOICE_FAIL,
			CHOICE_SUPPRESSED, CHOICE_FAIL };
		bool found = begin(&s, list, i == 5 ? OPTIONS("--suppress", in("left.csv")) : NO_OPTIONS);

		for (int k = 0; k < (i == 5 ? 3 : 2); k++)
			found = found && selection_next(&s.selection, &s.err) != CHOICE_FAIL;
		struct row row = { .number = s.selection.row.number,
			.line = s.selection.row.line,
			.offset = s.selection.row.offset,
			.octets = s.selection.row.octets };

		hex_decode(key, str_of(s.selection.values.key));
		if (i == 1)
			key[0] ^= 1;
		if (i == 2)
			key[15] ^= 1;
		if (i == 3)
			put("list.csv", "email,order\na@x.example,1\nX@x.example,2\nc@x.example,3\n");
		if (i == 4)
			put("list.csv", "email,order\n");
		if (i == 6)
			row.octets -= 3;
		s.err = (struct err){ .kind = ERR_NONE };
		enum choice choice = selection_again(&s.selection, key, &row, &values, &s.err);

		check(found && choice == want[i] && (choice != CHOICE_FAIL || s.err.kind == ERR_IO), "again, %d: %d %s",
			i, (int)choice, s.err.text);
		check(i == 5 || choice == CHOICE_FAIL || str_eq(buf_str(&values.folded), STR_LIT("b@x.example")),
			"who it is");
		end(&s);
	}
	values_free(&values);
}

/* Which of several links people see, and what is known of a row. */
static void test_names(void)
{
	static const char two[] = "email,a.b,a.c\na@x.example,1,2\nb@x.example,3,4\n";
	struct scene s;

	if (first(&s, two,
		    OPTIONS("--unsubscribe", "mailto:u@x.example?subject={{a.b}}", "--unsubscribe",
			    "https://x.example/{{a.b}}/{{a.c}}"))) {
		check_same(buf_str(&s.selection.values.unsubscribe), "https://x.example/1/2", "the link for people");
		check(selection_next(&s.selection, &s.err) == CHOICE_TAKEN, "the next");
		check_same(buf_str(&s.selection.values.unsubscribe), "https://x.example/3/4", "is its own, and alone");
		check(s.selection.values.token[0] == '\0' && !values_known(&s.campaign, &s.list, STR_LIT("token")) &&
				values_known(&s.campaign, &s.list, STR_LIT("unsubscribe")) &&
				values_known(&s.campaign, &s.list, STR_LIT("a.b")) &&
				!values_known(&s.campaign, &s.list, STR_LIT("a.d")),
			"names that mean something");
	}
	end(&s);
	if (first(&s, two,
		    OPTIONS("--unsubscribe", "mailto:u@x.example?subject={{#a}}{{c}}{{b}}{{/a}}{{^ab}}-{{/ab}}",
			    "--missing", "empty")))
		check_same(buf_str(&s.selection.values.unsubscribe), "mailto:u@x.example?subject=21-",
			"an object of columns");
	check(!values_known(&s.campaign, &s.list, STR_LIT("token")), "no token without a key");
	end(&s);
	if (first(&s, two, NO_OPTIONS))
		check(buf_len(&s.selection.values.unsubscribe) == 0 &&
				!values_known(&s.campaign, &s.list, STR_LIT("unsubscribe")),
			"no link without --unsubscribe");
	end(&s);
	put("key", KEY "\n");
	if (first(&s, two, OPTIONS("--token-key", in("key"))))
		check(strlen(s.selection.values.token) == 43 && values_known(&s.campaign, &s.list, STR_LIT("token")),
			"a token is the whole of it");
	end(&s);
	check(begin(&s, "email\n\n,\n\"\"\nno\n", NO_OPTIONS) && selection_next(&s.selection, &s.err) == CHOICE_BAD,
		"no address: %s", s.err.text);
	end(&s);
}

static void test_links(void)
{
	static const char *const bad[] = { "https://x.example/{{name}} x", "https://x.example/,{{email}}",
		"https://x.example/<{{email}}>", "https://x.example/\"{{email}}\"" };
	struct scene s;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bool opened = begin(&s, "email,name\nb@x.example,N\n", OPTIONS("--unsubscribe", bad[i]));

		check(!opened || selection_next(&s.selection, &s.err) == CHOICE_BAD,
			"a link that cannot stand in a header: %s", s.err.text);
		end(&s);
	}
	if (!begin(&s, "email,name\nb@x.example,\xc3\xa4 b&c\n",
		    OPTIONS("--unsubscribe", "https://x.example/{{name}}"))) {
		check(false, "%s", s.err.text);
		return;
	}
	check(selection_next(&s.selection, &s.err) == CHOICE_TAKEN, "cells are encoded: %s", s.err.text);
	check_same(buf_str(&s.selection.values.unsubscribe), "https://x.example/%C3%A4%20b%26c", "octet by octet");
	end(&s);
	check_same(str_of(choices("email,name\nb@x.example,\xff\n", NO_OPTIONS)), "T",
		"what is not UTF-8 is read as Windows-1252");
	test_octets();
}

int main(void)
{
	char command[100];

	if (mkdtemp(directory) == NULL || freopen("/dev/null", "w", stderr) == NULL)
		abort();
	say_init("mailbulk");
	setenv("HOME", directory, 1);
	setenv("XDG_CONFIG_HOME", directory, 1);
	put("t.eml", "From: News <news@x.example>\nTo: {{email}}\nSubject: x\n\ntext\n");
	test_choices();
	test_limit();
	test_shares();
	test_read_errors();
	test_tokens();
	test_links();
	test_keys();
	test_again();
	test_names();
	snprintf(command, sizeof command, "rm -r %s", directory);
	check(system(command) == 0, "clean");
	return tap_done();
}
