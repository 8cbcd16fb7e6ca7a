#include <config.h>

#include "tests/tap.h"

#include <fcntl.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/clock.h"
#include "io/netrc.h"
#include "io/secret.h"

static char directory[] = "/tmp/pipemail-secret-XXXXXX";

static const char *put(const char *name, mode_t mode, const char *text)
{
	static char path[200];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode) < 0)
		abort();
	close(fd);
	return path;
}

static void test_split(void)
{
	struct buf out = { 0 };
	struct err err = { 0 };

	check(secret_run(" printf  [%s] pass 'a b'\\ c \"d\\\"e\\f\" ''", INT64_MAX, &out, &err),
		"a command is split: %s", err.text);
	check_same(buf_str(&out), "[pass][a b c][d\"e\\f][]", "into words, quotes and backslashes as a shell has them");
	check(!secret_run("a 'b", INT64_MAX, &out, &err) && err.kind == ERR_USAGE, "an open quote");
	check(!secret_run("  ", INT64_MAX, &out, &err) && err.kind == ERR_USAGE, "nothing");
	buf_free(&out);
}

static void get(const struct secret_source *source, const char *want, enum err_kind kind, const char *name)
{
	struct buf out = { 0 };
	struct err err = { 0 };
	bool ok = secret_get(source, &out, &err);

	if (want != NULL)
		check(ok && str_eq(buf_str(&out), str_of(want)), "%s (%s)", name, err.text);
	else
		check(!ok && err.kind == kind, "%s: %s", name, err.text);
	buf_wipe(&out);
}

static void test_sources(void)
{
	struct secret_source s = { .fd = -1 };
	int ends[2];

	s.command = "printf 'first\\nsecond\\n'";
	get(&s, "first", 0, "a command's first line");
	s.command = "echo $HOME";
	get(&s, "$HOME", 0, "no shell");
	s.command = "false";
	get(&s, NULL, ERR_CONFIG, "a command that fails");
	s.command = "/no/such/command";
	get(&s, NULL, ERR_CONFIG, "a command that is not there");
	s.command = "cat";
	get(&s, NULL, ERR_CONFIG, "a command gets no standard input");
	s.command = "yes";
	get(&s, "y", 0, "a command that does not stop");
	s.command = NULL;
	s.file = put("p", 0600,
		"s\xc3\xa9"
		"cret \r\n");
	get(&s,
		"s\xc3\xa9"
		"cret ",
		0, "a file, its last blank kept");
	s.file = put("p", 0640, "x\n");
	get(&s, NULL, ERR_CONFIG, "a file that others read");
	s.file = put("p", 0600, "\n");
	get(&s, NULL, ERR_CONFIG, "an empty password");
	s.file = "/no/such/file";
	get(&s, NULL, ERR_CONFIG, "no file");
	s.file = NULL;
	if (pipe(ends) == 0 && write(ends[1], "via fd\n", 7) == 7)
		s.fd = ends[0];
	get(&s, "via fd", 0, "a descriptor");
	s.fd = -1;
	s.credential = "smtp";
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	put("smtp", 0444, "from systemd");
	get(&s, "from systemd", 0, "a credential, without a line end");
	s.credential = "../p";
	get(&s, NULL, ERR_CONFIG, "a credential's name is no path");
	s.credential = NULL;
	get(&s, NULL, ERR_AUTH, "no source at all");
}

/* What stands elsewhere is out of reach by a credential's name, also where it exists. */
static void test_credential(void)
{
	static const char *const names[] = { "../p", "/etc/hostname", "..", ".", "", "a/../../p", "/" };
	struct secret_source s = { .fd = -1 };
	char folder[100];

	put("p", 0600, "not for you\n");
	snprintf(folder, sizeof folder, "%s/cred", directory);
	mkdir(folder, 0700);
	snprintf(folder, sizeof folder, "%s/cred/a", directory);
	mkdir(folder, 0700);
	snprintf(folder, sizeof folder, "%s/cred", directory);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		s.credential = names[i];
		get(&s, NULL, ERR_CONFIG, names[i]);
	}
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	snprintf(folder, sizeof folder, "%s/cred/a", directory);
	rmdir(folder);
	snprintf(folder, sizeof folder, "%s/cred", directory);
	rmdir(folder);
}

/* Our standard input is the message: a command that reads does not get it. */
static void test_input(void)
{
	struct secret_source s = { .fd = -1, .command = "cat" };
	char text[20] = "";
	int saved = dup(0);
	int ends[2];

	if (pipe(ends) < 0 || write(ends[1], "a message\n", 10) != 10 || dup2(ends[0], 0) < 0)
		abort();
	close(ends[1]);
	close(ends[0]);
	get(&s, NULL, ERR_CONFIG, "cat has nothing to read");
	s.command = "sh -c 'cat >/dev/null; echo secret'";
	get(&s, "secret", 0, "a command that reads its input to the end");
	check(read(0, text, sizeof text) == 10 && strcmp(text, "a message\n") == 0, "the message is still there");
	dup2(saved, 0);
	close(saved);
}

static void test_modes(void)
{
	static const struct {
		mode_t mode;
		bool ok;
	} modes[] = { { 0600, true }, { 0400, true }, { 0700, true }, { 0604, false }, { 0640, false }, { 0620, false },
		{ 0610, false }, { 0601, false }, { 0602, false }, { 0777, false } };
	struct secret_source s = { .fd = -1 };

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		s.file = put("p", modes[i].mode, "x\n");
		get(&s, modes[i].ok ? "x" : NULL, ERR_CONFIG,
			modes[i].ok ? "nobody else's" : "others may read or change it");
	}
}

static void test_lines(void)
{
	static const struct {
		const char *text, *want;
	} lines[] = { { "x", "x" }, { "x\n", "x" }, { "x\r\n", "x" }, { "x\r\r\n", "x\r" }, { "x\ny\n", "x" },
		{ " x \n", " x " }, { "\n", NULL }, { "\r\n", NULL }, { "", NULL }, { "\nx\n", NULL } };
	struct secret_source s = { .fd = -1 };
	struct buf out = { 0 };
	struct err err = { 0 };
	int ends[2];

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		s.file = put("p", 0600, lines[i].text);
		get(&s, lines[i].want, ERR_CONFIG, "the first line");
	}
	s.file = NULL;
	if (pipe(ends) < 0 || write(ends[1], "a\0b\n", 4) != 4)
		abort();
	s.fd = ends[0];
	check(!secret_get(&s, &out, &err) && err.kind == ERR_CONFIG, "%s", err.text);
	buf_wipe(&out);
	close(ends[0]);
	close(ends[1]);
	s.fd = -1;
	s.command = "sh -c 'echo x; exit 3'";
	get(&s, NULL, ERR_CONFIG, "a command that fails behind its line");
	s.command = "sh -c 'echo x; kill -9 $$'";
	get(&s, NULL, ERR_CONFIG, "a command that is killed");
}

static void test_deadline(void)
{
	struct buf out = { 0 };
	struct err err = { 0 };
	int64_t start = clock_now();

	check(!secret_run("sleep 60", clock_after(CLOCK_SECOND / 10), &out, &err) && err.kind == ERR_TEMP, "%s",
		err.text);
	check(clock_now() - start < 5 * CLOCK_SECOND, "a command that hangs is given up");
	check(!secret_run("sh -c 'echo token; exec sleep 60'", clock_after(CLOCK_SECOND / 2), &out, &err) &&
			buf_len(&out) == 0,
		"and so is one that hangs after its line: %s", err.text);
	check(!secret_run("head -c 100000 /dev/zero", INT64_MAX, &out, &err) && err.kind == ERR_CONFIG, "%s", err.text);
	buf_wipe(&out);
}

static void netrc(const char *host, const char *user, const char *want)
{
	struct buf out = { 0 };
	struct err err = { 0 };
	int n = netrc_get(host, user, NETRC_PASSWORD, &out, &err);

	check(n == (want != NULL) && (want == NULL || str_eq(buf_str(&out), str_of(want))), "netrc: %s of %s", host,
		user != NULL ? user : "anybody");
	buf_wipe(&out);
}

static void test_netrc(void)
{
	struct err err = { 0 };
	struct buf out = { 0 };

	setenv("NETRC",
		put("netrc", 0600,
			"# machine mx.example password no\n"
			"machine a.example login ann password one\n"
			"macdef init\nmachine trap.example password two\n\n"
			"machine A.example\n\tlogin bob\n\tpassword \"t w o\"\n"
			"default login any password last\n"),
		1);
	netrc("a.example", "ann", "one");
	netrc("a.example", "bob", "t w o");
	netrc("a.example", NULL, "one");
	netrc("trap.example", "any", "last");
	netrc("mx.example", "x", NULL);
	check(netrc_get("a.example", NULL, NETRC_LOGIN, &out, &err) == 1 && str_eq(buf_str(&out), STR_LIT("ann")),
		"login");
	buf_free(&out);
	put("netrc", 0644, "machine a.example password x\n");
	check(netrc_get("a.example", NULL, NETRC_PASSWORD, &out, &err) == -1 && err.kind == ERR_CONFIG,
		"others read it: %s", err.text);
	setenv("NETRC", "/no/such/netrc", 1);
	netrc("a.example", NULL, NULL);
	buf_free(&out);
}

/* What holds secrets leaves none in a core file, and no other process may look into it. */
static void test_harden(void)
{
	struct rlimit limit = { 1, 1 };

	secret_harden();
	check(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0, "no core file");
#ifdef HAVE_SYS_PRCTL_H
	check(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0, "nobody may look");
#endif
}

int main(void)
{
	if (mkdtemp(directory) == NULL)
		abort();
	test_harden();
	test_split();
	test_sources();
	test_credential();
	test_input();
	test_modes();
	test_lines();
	test_deadline();
	test_netrc();
	for (const char *const *name = (const char *const[]){ "p", "smtp", "netrc", NULL }; *name != NULL; name++) {
		char path[200];

		snprintf(path, sizeof path, "%s/%s", directory, *name);
		unlink(path);
	}
	rmdir(directory);
	return tap_done();
}
