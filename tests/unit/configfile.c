#include <config.h>

#include "tests/tap.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/configfile.h"
#include "io/file.h"

static char directory[] = "/tmp/pipemail-config-XXXXXX";
static char path[200];

static const char *put(const char *name, mode_t mode, const char *text)
{
	snprintf(path, sizeof path, "%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || !file_write(fd, str_of(text), path, NULL) || fchmod(fd, mode) < 0)
		abort();
	close(fd);
	return path;
}

/* All entries as "section/key=value@line|". */
static const char *parsed(const char *text)
{
	static struct buf out;
	struct config c = { 0 };
	struct err err = { 0 };

	buf_clear(&out);
	if (!configfile_parse(&c, "f", str_of(text), &err)) {
		buf_add_text(&out, err.text);
		if (err.kind != ERR_CONFIG)
			buf_add_text(&out, " (not 78)");
	}
	for (size_t i = 0; err.kind == ERR_NONE && i < c.n; i++)
		if (*c.entries[i].key != '\0')
			buf_printf(&out, "%s/%s=%s@%d|", c.entries[i].section, c.entries[i].key, c.entries[i].value,
				c.entries[i].line);
	configfile_free(&c);
	return buf_text(&out);
}

static void test_good(void)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "# only\n; comments\n\n", "" },
		{ "\xef\xbb\xbf"
		  "user = ann\r\n[a]\r\nuser: bob",
			"/user=ann@1|a/user=bob@3|" },
		{ "smtp = smtps://a\nsmtp = smtps://b\n", "/smtp=smtps://a@1|/smtp=smtps://b@2|" },
		{ "smtp = smtps://a\n       smtps://b\n  smtps://c\n", "/smtp=smtps://a smtps://b smtps://c@1|" },
		{ "password = a ;b #c = d \n", "/password=a ;b #c = d@1|" },
		{ "user =\n", "/user=@1|" },
		{ "[a]\n  user = x\n  pin = y\n", "a/user=x@2|a/pin=y@3|" },
		{ "[a]\n\tuser = x\n\n\t\tpin = y\n", "a/user=x@2|a/pin=y@4|" },
		{ "[a]\nuser = x\n  # no value\n  z\n", "a/user=x z@2|" },
		{ " [ a b ] ; note\nuser = x\n", "a b/user=x@2|" },
		{ "[a]\nuser=x\n[b]\nuser=y\n[a]\npin=z\n", "a/user=x@2|b/user=y@4|a/pin=z@6|" },
		{ "key = smtps://x:1\n", "/key=smtps://x:1@1|" },
		{ "from = \"B\xc3\xbc\" <b@example.org>\n", "/from=\"B\xc3\xbc\" <b@example.org>@1|" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_same(str_of(parsed(cases[i][0])), cases[i][1], "a good file");
}

static void test_bad(void)
{
	static const char *const cases[][2] = {
		{ "user = a\nnonsense\n", "f:2: neither [section] nor key = value" },
		{ "= x\n", "f:1: a key has 1 to 49 characters" },
		{ "[]\n", "f:1: a section's name has 1 to 49 characters" },
		{ "[a\n", "f:1: a section's name ends in ]" },
		{ "[a] user = x\n", "f:1: something stands behind the section's name" },
		{ "user = a\033[1m\n", "f:1: control character" },
		{ "user = a\rb\n", "f:1: control character" },
		{ "[a]\nuser = a\nuser = b\n", "f:3: the key is given twice" },
		{ "  deep = 1\nnonsense\n", "f:2: neither [section] nor key = value" },
		{ "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij = x\n", "f:1: a key has 1 to 49 characters" },
	};
	struct buf text = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_same(str_of(parsed(cases[i][0])), cases[i][1], "a bad file");
	buf_add_text(&text, "user = ");
	for (int i = 0; i < 4000; i++)
		buf_add_char(&text, 'x');
	check(strlen(parsed(buf_text(&text))) > 4000, "a long value is whole");
	for (int i = 0; i < 4000; i++)
		buf_add_char(&text, 'x');
	check_same(str_of(parsed(buf_text(&text))), "f:1: the line is too long", "a line past the limit");
	buf_free(&text);
	struct config c = { 0 };
	struct err err;

	check(!configfile_parse(&c, "f", STR_LIT("user = a\0b\n"), &err), "%s", err.text);
	configfile_free(&c);
}

static void reads(const char *file, bool ok, const char *name)
{
	struct config c;
	struct err err = { 0 };
	bool got = configfile_read(&c, file, &err);

	check(got == ok && (ok || err.kind == ERR_CONFIG), "%s: %s", name, err.text);
	configfile_free(&c);
}

static void test_modes(void)
{
	reads(put("c", 0600, "password = x\n"), true, "a password for us alone");
	reads(put("c", 0640, "password = x\n"), false, "for a group");
	reads(put("c", 0604, "[a]\npassword = x\n"), false, "for all");
	reads(put("c", 0644, "user = x\n"), true, "no password");
	reads(put("c", 0644, "proxy = socks5://h:1080\n"), true, "a proxy");
	reads(put("c", 0644, "proxy = socks5://u:p@h:1080\n"), false, "a proxy with a password");
	reads(put("c", 0644, "password-command = pass x\n"), true, "a command that others may read");
	reads(put("c", 0664, "password-command = pass x\n"), false, "a command that others may write");
	reads("/no/such/file", false, "one that was asked for and is not there");
	reads(directory, false, "a directory");
}

static void test_places(void)
{
	struct config c;
	struct err err;

	snprintf(path, sizeof path, "%s/pipemail", directory);
	mkdir(path, 0700);
	put("pipemail/config", 0600, "user = found\n[empty]\n");
	setenv("XDG_CONFIG_HOME", directory, 1);
	check(configfile_read(&c, NULL, &err) && c.n == 2 && strcmp(c.entries[0].value, "found") == 0,
		"XDG_CONFIG_HOME");
	check(configfile_has(&c, "empty") && !configfile_has(&c, "other"), "a section without keys is there");
	configfile_free(&c);
	setenv("XDG_CONFIG_HOME", "/no/such/dir", 1);
	check(configfile_read(&c, NULL, &err) && c.n == 0, "none at all is no error");
	configfile_free(&c);
}

int main(void)
{
	if (mkdtemp(directory) == NULL)
		abort();
	test_good();
	test_bad();
	test_modes();
	test_places();
	char command[100];

	snprintf(command, sizeof command, "rm -r %s", directory);
	check(system(command) == 0, "clean");
	return tap_done();
}
