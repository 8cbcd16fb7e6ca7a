#include <config.h>

#include "tests/tap.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/account.h"
#include "cli/say.h"
#include "io/file.h"
#include "proto/sasl.h"

static char directory[] = "/tmp/pipemail-account-XXXXXX";

static const char *put(const char *name, mode_t mode, const char *text)
{
	static char paths[4][200];
	static int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || !file_write(fd, str_of(text), path, NULL) || fchmod(fd, mode) < 0)
		abort();
	close(fd);
	return path;
}

/* "scheme user host port path", or the error. */
static const char *url_text(const char *text, bool pop)
{
	static char out[500];
	struct account_url url;
	struct err err = { 0 };

	if (!account_url(text, pop, &url, &err)) {
		snprintf(out, sizeof out, "%d %s", err.kind, err.text);
		return out;
	}
	snprintf(out, sizeof out, "%d %s %s %u %s", url.scheme, url.user != NULL ? url.user : "-",
		url.host != NULL ? url.host : "-", url.port, url.path != NULL ? url.path : "-");
	account_url_free(&url);
	return out;
}

static void test_urls(void)
{
	static const char *const good[][2] = {
		{ "smtp://mail.example.org", "1 - mail.example.org 587 -" },
		{ "SMTPS://mail.example.org/", "2 - mail.example.org 465 -" },
		{ "smtp://ann@mail.example.org:25", "1 ann mail.example.org 25 -" },
		{ "smtps://ann@example.org@mail.example.org", "2 ann@example.org mail.example.org 465 -" },
		{ "smtps://ann%40example.org%3Ax@mail.example.org:1", "2 ann@example.org:x mail.example.org 1 -" },
		{ "smtp://[2001:db8::1]:2525", "1 - 2001:db8::1 2525 -" },
		{ "smtp://[::1]", "1 - ::1 587 -" },
		{ "smtp://[fe80::1%25eth0]", "1 - fe80::1%eth0 587 -" },
		{ "lmtp://127.0.0.1", "3 - 127.0.0.1 24 -" },
		{ "lmtp:///run/a%20b/lmtp", "3 - - 24 /run/a b/lmtp" },
		{ "lmtp://ann@/run/lmtp", "3 ann - 24 /run/lmtp" },
		{ "smtp://b\xc3\xbc"
		  "cher.example",
			"1 - b\xc3\xbc"
			"cher.example 587 -" },
		{ "smtp://mail.example.org:", "1 - mail.example.org 587 -" },
	};
	static const char *const bad[] = {
		"",
		"mail.example.org",
		"mail.example.org:25",
		"http://x",
		"pop3://x",
		"smtp://",
		"smtp:///path",
		"smtp:/x",
		"smtp://x:0",
		"smtp://x:65536",
		"smtp://x:-1",
		"smtp://x:25x",
		"smtp://::1",
		"smtp://[::1",
		"smtp://[::1]x",
		"smtp://[x]",
		"smtp://x/path",
		"smtp://x?q",
		"smtp://x y",
		"smtp://ann%4@x",
		"smtp://ann%0a@x",
		"smtp://@x",
		"smtp://x%zz",
		"lmtp://",
		"lmtp:///",
		"lmtp:///a%00b",
	};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		check_same(str_of(url_text(good[i][0], false)), good[i][1], good[i][0]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *got = url_text(bad[i], false);

		check(strncmp(got, "64 --smtp", 9) == 0, "%s: %s", bad[i], got);
	}
	check_same(str_of(url_text("pop3://x", true)), "4 - x 110 -", "pop3");
	check_same(str_of(url_text("pop3s://u@x", true)), "5 u x 995 -", "pop3s");
	check(strncmp(url_text("smtp://x", true), "64 --pop", 8) == 0, "%s", url_text("smtp://x", true));
	const char *got = url_text("smtp://ann:hunter2@mail.example.org", false);

	check(strstr(got, "--password-command") != NULL && strstr(got, "hunter2") == NULL, "%s", got);
}

/* Load with a file's text and the given start; the chosen section or the error. */
static struct account loaded;

static const char *load(const char *text, struct account start, const char *name, const char *sender)
{
	static char out[500];
	struct err err = { 0 };

	loaded = start;
	loaded.config = put("config", 0600, text);
	if (account_load(&loaded, name, sender, &err))
		snprintf(out, sizeof out, "%s", loaded.section != NULL ? loaded.section : "(bare)");
	else
		snprintf(out, sizeof out, "%d %s", err.kind, strrchr(err.text, '/') + 1);
	return out;
}

static const char accounts[] =
	"timeout = 5\nca-file = ~/ca.pem\n"
	"smtp = smtp://bare.example.org\nuser = nobody\n"
	"[work]\nfrom = ann@example.org\nsmtp = smtps://ann@work.example.org\npassword = w;x # y\n"
	"[home]\nfrom = *@example.net, ann@home.example *+x@example.com\n"
	"smtp = smtps://a.example.net\n  smtps://b.example.net\ntimeout = 0.5\n"
	"password-command = pass show home\n"
	"[wild]\nfrom = *@example.org\n";

static void test_choice(void)
{
	struct account none = { 0 };

	check_same(str_of(load(accounts, none, NULL, NULL)), "(bare)", "no sender, no default");
	check(loaded.timeout == 5000000000 && strcmp(loaded.smtp.values[0], "smtp://bare.example.org") == 0 &&
			loaded.smtp.n == 1 && loaded.server_from_file,
		"bare keys");
	check(loaded.ca_file[0] == '/' && strstr(loaded.ca_file, "/ca.pem") != NULL, "~ is the home: %s",
		loaded.ca_file);
	check_same(str_of(load(accounts, none, NULL, "ANN@example.org")), "work", "the address itself goes first");
	check(strcmp(loaded.password, "w;x # y") == 0 && strcmp(loaded.user, "nobody") == 0 &&
			strcmp(loaded.from, "ann@example.org") == 0,
		"its keys, the bare ones below");
	check_same(str_of(load(accounts, none, NULL, "bob@example.org")), "wild", "then a pattern");
	check(loaded.from == NULL, "a pattern is no sender");
	check_same(str_of(load(accounts, none, NULL, "bob@example.net")), "home", "one of several");
	check(loaded.smtp.n == 2 && strcmp(loaded.smtp.values[1], "smtps://b.example.net") == 0 &&
			loaded.timeout == 500000000,
		"more than one server");
	check_same(str_of(load(accounts, none, NULL, "b+x@example.com")), "home", "a detail");
	check_same(str_of(load(accounts, none, NULL, "b@example.com")), "(bare)", "nothing fits");
	check_same(str_of(load(accounts, none, "wild", "ann@example.org")), "wild", "a name wins over the sender");
	check_same(str_of(load(accounts, none, "other", NULL)), "78 config: no account 'other'",
		"a name that is not there");
	check_same(str_of(load("[default]\nuser = d\n[x]\nfrom = x@example.org\n", none, NULL, "y@example.org")),
		"default", "[default]");
	check_same(str_of(load("user = a\nnonsense = b\n", none, NULL, NULL)), "78 config:2: unknown key 'nonsense'",
		"unknown key");
	check_same(str_of(load("[unused]\nverbose = yes\n", none, NULL, NULL)), "78 config:2: unknown key 'verbose'",
		"in an unused section too");
	check_same(str_of(load("[unused]\ntimeout = soon\n", none, NULL, NULL)),
		"78 config:2: timeout: 'soon' is no number of seconds", "so with a bad value");
	load("", none, NULL, NULL);
	check(loaded.timeout == 60000000000, "60 s without a word");
}

static void test_precedence(void)
{
	struct account start = { .user = "me", .timeout = 7 };
	const char *here = "smtp://127.0.0.1:2525";

	load(accounts, start, "work", NULL);
	check(strcmp(loaded.user, "me") == 0 && !loaded.user_from_file && loaded.timeout == 7, "options win");
	check(loaded.password == NULL, "the password of another user is not taken");
	start = (struct account){ .password_file = "f" };
	load(accounts, start, "work", NULL);
	check(loaded.password == NULL && strcmp(loaded.password_file, "f") == 0, "one source puts the file's aside");
	start = (struct account){ .smtp = { &here, 1 } };
	load(accounts, start, NULL, "ann@example.org");
	check(loaded.password == NULL && loaded.user == NULL && !loaded.server_from_file,
		"another server on the command line learns no password of the file's");
	load(accounts, start, "work", NULL);
	check(loaded.password != NULL, "unless the account was asked for");
	const char *there = "smtp://work.example.org:2525";

	start.smtp.values = &there;
	load(accounts, start, NULL, "ann@example.org");
	check(loaded.password != NULL, "or it is the same host");
	start.smtp.values = &here;
	load("user = u\npassword = p\n", start, NULL, NULL);
	check(loaded.password != NULL, "or the file names no server");
}

/* A server made of a; what came of it. */
static struct account_server server;

static const char *serve(struct account a, const char *url)
{
	static char out[500];
	struct err err = { 0 };

	if (a.timeout == 0)
		a.timeout = 60000000000;
	if (!account_server(&a, url, strncmp(url, "pop", 3) == 0, &server, &err)) {
		snprintf(out, sizeof out, "%d %s", err.kind, err.text);
		return out;
	}
	snprintf(out, sizeof out, "%s tls=%d clear=%d login=%.*s", server.label, server.tls, server.clear_auth,
		STR_ARGS(server.sasl != NULL ? sasl_user(server.sasl) : STR_LIT("-")));
	account_server_free(&server);
	return out;
}

static void test_tls_rule(void)
{
	char password[200];

	snprintf(password, sizeof password, "%s", put("password", 0600, "secret\n"));
	struct account none = { 0 };
	struct account off = { .tls = "off" };
	struct account try = { .tls = "try" };
	struct account login = { .user = "ann", .password_file = password };
	struct account login_off = { .user = "ann", .password_file = password, .tls = "off" };
	struct account file_off = login_off;
	struct account proxied = { .proxy = "socks5://127.0.0.1" };

	file_off.tls_from_file = true;
	check_same(str_of(serve(none, "smtp://mail.example.org")), "mail.example.org:587 tls=0 clear=0 login=-",
		"required");
	check_same(str_of(serve(none, "smtp://127.0.0.1:25")), "127.0.0.1:25 tls=1 clear=0 login=-",
		"on this machine only tried");
	check_same(str_of(serve(none, "smtp://[::1]:25")), "[::1]:25 tls=1 clear=0 login=-", "IPv6");
	check_same(str_of(serve(none, "smtp://localhost")), "localhost:587 tls=1 clear=0 login=-", "by name");
	check_same(str_of(serve(proxied, "smtp://localhost")), "localhost:587 tls=0 clear=0 login=-",
		"behind a proxy it is another's");
	check_same(str_of(serve(login, "smtp://127.0.0.1")), "127.0.0.1:587 tls=0 clear=0 login=ann",
		"required with a password");
	check_same(str_of(serve(none, "smtps://127.0.0.1")), "127.0.0.1:465 tls=3 clear=0 login=-", "from the start");
	check_same(str_of(serve(off, "smtp://mail.example.org")), "mail.example.org:587 tls=2 clear=0 login=-",
		"off without a password");
	check_same(str_of(serve(try, "smtp://mail.example.org")), "mail.example.org:587 tls=1 clear=0 login=-",
		"tried when asked");
	check_same(str_of(serve(login_off, "smtp://127.0.0.1")), "127.0.0.1:587 tls=2 clear=1 login=ann",
		"off on this machine");
	check(strncmp(serve(login_off, "smtp://mail.example.org"), "64 ", 3) == 0, "%s",
		serve(login_off, "smtp://mail.example.org"));
	check(strncmp(serve(file_off, "smtp://mail.example.org"), "78 ", 3) == 0, "78 when the file says so");
	check(strncmp(serve(off, "smtps://127.0.0.1"), "64 ", 3) == 0, "%s", serve(off, "smtps://127.0.0.1"));
	check_same(str_of(serve(none, "lmtp:///run/x")), "/run/x tls=2 clear=1 login=-", "a Unix socket");
	check_same(str_of(serve(login, "lmtp:///run/x")), "/run/x tls=2 clear=1 login=ann", "with a password");
	check(strncmp(serve(none, "pop3://mail.example.org"), "mail.example.org:110 tls=0", 26) == 0, "POP3");
	struct account bad = { .tls = "maybe" };

	check(strncmp(serve(bad, "smtp://x"), "64 option --tls", 15) == 0, "%s", serve(bad, "smtp://x"));
}

static void test_login(void)
{
	char password[200];

	snprintf(password, sizeof password, "%s", put("password", 0600, "secret\n"));
	struct account a = { .password_file = password };

	check_same(str_of(serve(a, "smtps://url@x")), "x:465 tls=3 clear=0 login=url", "the URL's user");
	a.user = "option";
	check_same(str_of(serve(a, "smtps://url@x")), "x:465 tls=3 clear=0 login=option", "--user wins");
	a.user_from_file = true;
	check_same(str_of(serve(a, "smtps://url@x")), "x:465 tls=3 clear=0 login=url", "the file's does not");
	a.auth = "none";
	check_same(str_of(serve(a, "smtps://url@x")), "x:465 tls=3 clear=0 login=-", "none at all");
	a.auth = "telepathy";
	check(strncmp(serve(a, "smtps://url@x"), "78 option --auth", 16) == 0, "%s", serve(a, "smtps://url@x"));
	a = (struct account){ .token_command = "echo token", .user = "u" };
	check_same(str_of(serve(a, "smtps://x")), "x:465 tls=3 clear=0 login=u", "a token");
	a = (struct account){ .auth = "plain", .password_file = password };
	check(strncmp(serve(a, "smtps://x"), "64 x:465: a login", 17) == 0, "%s", serve(a, "smtps://x"));
	setenv("NETRC", put("netrc", 0600, "machine x login rc password p\n"), 1);
	check_same(str_of(serve(a, "smtps://x")), "x:465 tls=3 clear=0 login=rc", "the user of ~/.netrc");
	a = (struct account){ .user = "u", .section = "work" };
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	put("pipemail.work", 0400, "c");
	check_same(str_of(serve(a, "smtps://y")), "y:465 tls=3 clear=0 login=u", "a systemd credential");
	a = (struct account){ .user = "u", .password_fd = "x" };
	check(strncmp(serve(a, "smtps://y"), "64 option --password-fd", 23) == 0, "%s", serve(a, "smtps://y"));
	a = (struct account){ .proxy = "socks5://u:p%40@proxy.example.org:9" };
	check(strncmp(serve(a, "smtp://x"), "64 ", 3) == 0, "%s", serve(a, "smtp://x"));
	a.proxy_from_file = true;
	struct err err;

	a.timeout = 1;
	check(account_server(&a, "smtp://x", false, &server, &err) &&
			strcmp(server.proxy_host, "proxy.example.org") == 0 && server.proxy_port == 9 &&
			str_eq(buf_str(&server.proxy_password), STR_LIT("p@")),
		"a proxy of the file");
	account_server_free(&server);
	a = (struct account){ .ca_file = "/no/such/file" };
	check(strncmp(serve(a, "smtp://x"), "78 /no/such/file", 16) == 0, "%s", serve(a, "smtp://x"));
}

static void test_options(void)
{
	static struct account a;
	const struct option *const tables[] = { account_options(&a, false), account_general_options(&a), NULL };
	const char *args[] = { "t", "--smtp", "smtp://x", "--smtp=smtp://y", "-A", "work", "--timeout", "2", "-v",
		NULL };
	const char **rest;
	struct err err = { 0 };

	check(options_parse(tables, 9, (char **)args, "", &rest, &err), "options: %s", err.text);
	check(a.smtp.n == 2 && a.names.n == 1 && a.timeout == 2000000000 && a.verbose, "their values");
	check(options_find(tables[0], "pop") == NULL && options_find(account_options(&a, true), "pop") != NULL &&
			options_find(account_options(&a, true), "smtp") == NULL,
		"each tool has its own server");
	check(options_find(tables[0], "password") == NULL && options_find(tables[0], "from") == NULL,
		"no password in argv");
}

int main(void)
{
	setenv("HOME", "/nonexistent", 1);
	say_init("t");
	if (mkdtemp(directory) == NULL)
		abort();
	test_urls();
	test_choice();
	test_precedence();
	test_tls_rule();
	test_login();
	test_options();
	char command[100];

	snprintf(command, sizeof command, "rm -r %s", directory);
	check(system(command) == 0, "clean");
	return tap_done();
}
