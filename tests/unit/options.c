#include <config.h>

#include "tests/tap.h"

#include <sys/wait.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/say.h"
#include "io/file.h"

static bool flag;
static bool other;
static const char *text;
static const char *body;
static struct option_list list;
static uint64_t number;
static int64_t seconds;
static const char *optional;

static const struct option table[] = {
	{ .type = OPTION_GROUP, .help = "Message" },
	{ "from", 'f', OPTION_TEXT, &text, "ADDRESS", "the sender", false },
	{ "sender", 0, OPTION_TEXT, &text, NULL, NULL, false },
	{ "body", 'b', OPTION_TEXT, &body, "TEXT",
		"the body, as it is, in so many words that the line is "
		"too long for the terminal that it is shown on",
		true },
	{ "header", 'H', OPTION_LIST, &list, "LINE", "one more header", false },
	{ 0 },
};
static const struct option general[] = {
	{ .type = OPTION_GROUP, .help = "General" },
	{ "verbose", 'v', OPTION_FLAG, &flag, NULL, "say more", false },
	{ "quiet", 'q', OPTION_FLAG, &other, NULL, "say less", false },
	{ "limit", 0, OPTION_NUMBER, &number, "N", "at most N", false },
	{ "timeout", 0, OPTION_SECONDS, &seconds, "SECONDS", "wait so long", false },
	{ "drop-disposable", 0, OPTION_OPTIONAL, &optional, "FILE", "drop them", false },
	{ NULL, 'i', OPTION_FLAG, &other, NULL, "no name", false },
	{ 0 },
};
static const struct option *const tables[] = { table, general, NULL };

static const char **rest;
static struct err err;

static bool parse(const char *const args[])
{
	int n = 0;

	flag = other = false;
	text = body = optional = NULL;
	list = (struct option_list){ 0 };
	number = 0;
	seconds = 0;
	err = (struct err){ 0 };
	while (args[n] != NULL)
		n++;
	return options_parse(tables, n, (char **)args, "[options] FILE", &rest, &err);
}

#define PARSE(...) parse((const char *const[]){ "tool", __VA_ARGS__, NULL })

static void test_values(void)
{
	check(PARSE("-vq", "--from=a b", "x", "-H", "one", "--header", "two", "y"), "parsed: %s", err.text);
	check(flag && other && strcmp(text, "a b") == 0, "letters combined, a value with =");
	check(list.n == 2 && strcmp(list.values[1], "two") == 0, "a list");
	check(strcmp(rest[0], "x") == 0 && strcmp(rest[1], "y") == 0 && rest[2] == NULL, "the rest, in any order");
	check(PARSE("-vfa@example.org", "--sender", "b") && strcmp(text, "b") == 0,
		"joined; a hidden alias; the last counts");
	check(PARSE("--", "-v", "--from") && !flag && strcmp(rest[0], "-v") == 0 && strcmp(rest[1], "--from") == 0,
		"-- ends the options");
	check(PARSE("-f", "-v") && strcmp(text, "-v") == 0 && !flag, "a value may begin with -");
	check(PARSE("-f", "--", "-v") && strcmp(text, "--") == 0 && flag, "and be --");
	check(PARSE("-", "-v") && strcmp(rest[0], "-") == 0 && flag, "- is no option");
	check(PARSE("--from=") && *text == '\0', "an empty value is a value");
	check(PARSE("--limit=18446744073709551615") && number == UINT64_MAX, "a number");
	check(PARSE("--timeout", "1.25") && seconds == 1250000000, "a fraction of a second");
	check(PARSE("--timeout", ".5") && seconds == 500000000, "less than one");
	check(PARSE("-i") && other, "a letter without a name");
	check(PARSE("--body", "a\nb\tc") && strcmp(body, "a\nb\tc") == 0, "line breaks where they may stand");
}

static void test_optional(void)
{
	check(PARSE("--drop-disposable", "list.csv") && optional != NULL && *optional == '\0' &&
			strcmp(rest[0], "list.csv") == 0,
		"an optional value is never the next argument");
	check(PARSE("--drop-disposable=f", "list.csv") && strcmp(optional, "f") == 0, "but what = gives");
	check(PARSE("x", "--drop-disposable") && optional != NULL && *optional == '\0', "at the end");
	check(PARSE("-f", "--drop-disposable") && optional == NULL && strcmp(text, "--drop-disposable") == 0,
		"unless it is a value itself");
	check(PARSE("--", "--drop-disposable") && strcmp(rest[0], "--drop-disposable") == 0, "or an argument");
}

static void refused(const char *what)
{
	check(err.kind == ERR_USAGE && strstr(err.text, what) != NULL, "%s", err.text);
}

static void test_refused(void)
{
	static const char *const values[] = { "a\nb", "a\rb", "\033[1m", "a\x7f" };

	for (size_t i = 0; i < 4; i++) {
		PARSE("--from", values[i]);
		refused("option --from: control character");
		PARSE("-H", values[i]);
		refused("option --header: control character");
		PARSE(values[i]);
		refused("control character in argument");
	}
	PARSE("--body", "a\033b");
	refused("--body");
	PARSE("--nonsense");
	refused("unknown option --nonsense; try 'tool --help'");
	PARSE("--form=x");
	refused("did you mean --from?");
	PARSE("--verb");
	refused("did you mean --verbose?");
	check(!PARSE("--password=hunter2") && strstr(err.text, "hunter2") == NULL, "%s", err.text);
	PARSE("-z");
	refused("unknown option -z");
	PARSE("--from");
	refused("--from needs a value");
	check(!PARSE("--verbose=x") && err.kind == ERR_USAGE, "%s", err.text);
	static const char *const bad[] = { "", "-1", "+1", "1e3", "18446744073709551616", "0x1" };

	for (size_t i = 0; i < 6; i++)
		check(!PARSE("--limit", bad[i]) && err.kind == ERR_USAGE, "%s", err.text);
	static const char *const spans[] = { "", ".", "-1", "1e3", "inf", "99999999999", "1,5", "1.x" };

	for (size_t i = 0; i < 8; i++)
		check(!PARSE("--timeout", spans[i]) && err.kind == ERR_USAGE, "%s", err.text);
}

static void test_helpers(void)
{
	static const char *const words[] = { "require", "try", "off", NULL };
	static const struct {
		const char *text;
		uint64_t octets;
	} sizes[] = { { "0", 0 }, { "12", 12 }, { "3k", 3072 }, { "64M", 67108864 }, { "1GiB", 1073741824 },
		{ "2tb", UINT64_C(2) << 40 } };
	static const char *const bad[] = { "", "k", "1.5G", "-1", "1X", "99999999999T" };
	int index = -1;
	uint64_t octets;

	check(options_choice("tls", "try", words, &index, &err) && index == 1, "choice");
	check(!options_choice("tls", "maybe", words, &index, &err), "%s", err.text);
	check_same(str_of(err.text), "option --tls: 'maybe' is not require, try or off", "the choices are named");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		check(options_size("m", sizes[i].text, &octets, &err) && octets == sizes[i].octets, "%s",
			sizes[i].text);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check(!options_size("m", bad[i], &octets, &err) && err.kind == ERR_USAGE, "%s", err.text);
	check(options_find(table, "sender") == &table[2] && options_find(table, "x") == NULL, "find");
	check(options_set(&general[1], "Yes", &err) && flag && options_set(&general[1], "off", &err) && !flag,
		"a flag in a file");
	check(!options_set(&general[1], "maybe", &err), "%s", err.text);
}

/* Standard output of a run that ends the process, and its status. */
static const char *run(const char *arg, int *status)
{
	static struct buf out;
	int ends[2];

	fflush(stdout);
	if (pipe(ends) < 0)
		abort();
	pid_t child = fork();

	if (child == 0) {
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		PARSE(arg);
		_exit(99);
	}
	close(ends[1]);
	buf_clear(&out);
	file_read_fd(ends[0], 1 << 20, &out, "pipe", NULL);
	close(ends[0]);
	waitpid(child, status, 0);
	return buf_text(&out);
}

static void test_help(void)
{
	int status;
	const char *out = run("--help", &status);

	check(status == 0 && strncmp(out, "Usage: tool [options] FILE\n\nMessage:\n", 37) == 0,
		"help begins with the usage");
	check(strstr(out, "\n  -f, --from=ADDRESS          the sender\n") != NULL, "an option");
	check(strstr(out, "--drop-disposable[=FILE]") != NULL && strstr(out, "\n  -i  ") != NULL, "other forms");
	check(strstr(out, "--sender") == NULL, "no hidden one");
	check(strstr(out, "\nHelp:\n") != NULL && strstr(out, "\nGeneral:\n") != NULL, "groups");
	size_t longest = 0;

	for (const char *p = out; *p != '\0'; p = strchr(p, '\n') + 1)
		longest = strcspn(p, "\n") > longest ? strcspn(p, "\n") : longest;
	check(longest <= 79, "no line is too long: %zu", longest);
	check(strcmp(run("-?", &status), "") != 0 && status == 0, "-?");
	check(strcmp(run("--version", &status), "tool (pipemail) " PACKAGE_VERSION "\n") == 0 && status == 0,
		"version");
	out = run("--usage", &status);
	check(status == 0 && strstr(out, "[-f|--from=ADDRESS]") != NULL, "usage");
}

static void test_aliases(void)
{
	char home[] = "/tmp/pipemail-options-XXXXXX";
	char path[100];

	if (mkdtemp(home) == NULL)
		abort();
	snprintf(path, sizeof path, "%s/.popt", home);
	FILE *f = fopen(path, "w");

	fputs("tool alias --me --from me@example.org --quiet\nother alias --you --verbose\n"
	      "tool exec --sh /bin/false\n",
		f);
	fclose(f);
	setenv("HOME", home, 1);
	check(PARSE("--me", "-v") && strcmp(text, "me@example.org") == 0 && other && flag, "an alias of ~/.popt");
	check(!PARSE("--you"), "not another tool's: %s", err.text);
	PARSE("--sh");
	check(true, "and none runs another program in our place");
	unlink(path);
	rmdir(home);
}

int main(void)
{
	setenv("HOME", "/nonexistent", 1);
	say_init("tool");
	test_values();
	test_optional();
	test_refused();
	test_helpers();
	test_help();
	test_aliases();
	return tap_done();
}
