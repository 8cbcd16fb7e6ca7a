#include <config.h>

#include "cmd/mailsend/setup/setup.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/configfile.h"
#include "cli/say.h"
#include "cmd/mailsend/deliver/probe.h"
#include "cmd/mailsend/send.h"
#include "cmd/mailsend/setup/draft.h"
#include "io/file.h"
#include "mail/address/address.h"

static bool at_terminal(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* A question whose answer is no unless it begins with y. */
static bool agreed(const char *question)
{
	char answer[64];

	say_raw(str_of(question));
	long n = file_read_some(STDIN_FILENO, answer, sizeof answer, "standard input", NULL);

	return n > 0 && ascii_lower(answer[0]) == 'y';
}

/* The servers: those of the command line, else what the domain says. */
static bool find(const struct settings *s, struct servers *found, struct err *err)
{
	struct address a = { 0 };
	enum address_fault fault = address_parse(&a, str_of(s->setup), 0);
	bool ok = true;

	if (fault != ADDRESS_OK) {
		ok = err_set(err, ERR_USAGE, "--setup %s: %s", s->setup, address_fault_text(&a, fault));
	} else if (s->account.smtp.n > 0) {
		struct account_url url = { 0 };

		ok = account_url(s->account.smtp.values[0], false, &url, err);
		account_url_free(&url);
		buf_add_text(&found->smtp, s->account.smtp.values[0]);
		buf_add_text(&found->how, "the command line");
	} else {
		ok = servers_find(found, buf_str(&a.ascii), s->resolver, err);
	}
	address_free(&a);
	return ok;
}

/* Would a login have a password to show, and is the server one that may see it? */
static bool may_log_in(const struct settings *s, struct servers *found)
{
	const struct account *a = &s->account;
	bool secret = a->password_command != NULL || a->password_file != NULL || a->password_fd != NULL ||
		a->token_command != NULL || at_terminal();
	struct buf question = { 0 };
	bool yes;

	if (!found->foreign || !secret)
		return secret;
	if (!at_terminal()) {
		say_note(
			"the server is outside the domain of the address, and the DNS can be forged: no password is shown "
			"to it now");
		return false;
	}
	buf_printf(&question, "%s is outside the domain of %s, and the DNS can be forged. Log in there? [y/N] ",
		buf_text(&found->smtp), s->setup);
	yes = agreed(buf_text(&question));
	buf_free(&question);
	return yes;
}

static int send_to_oneself(struct settings *s)
{
	const char **to = mem_array(2, sizeof *to);

	to[0] = s->setup;
	s->from = s->setup;
	s->subject = "pipemail works";
	s->body = "This mail was sent by mailsend --setup.\n";
	s->recipients = options_keep(to);
	s->composing = true;
	return send_message(s);
}

/* What was written, tried: as far as a password is at hand. */
static int try_it(struct settings *s, struct servers *found, const char *path)
{
	bool login = may_log_in(s, found);
	struct buf question = { 0 };

	s->account.config = path;
	/* Servers and login are read from the file, as they will be. */
	s->account.smtp.n = 0;
	s->given = s->account;
	if (!login)
		s->account.auth = "none";
	int status = probe(s);

	if (!login)
		say_note("not logged in: there is no password yet; when it is in %s: mailsend --probe", path);
	/* A descriptor gives its password once. */
	if (status != 0 || !login || s->account.password_fd != NULL || !at_terminal())
		return status;
	buf_printf(&question, "Send a mail to %s now? [y/N] ", s->setup);
	if (agreed(buf_text(&question))) {
		s->account = s->given;
		status = send_to_oneself(s);
	}
	buf_free(&question);
	return status;
}

/* The file, new; one that is there stays, and the text goes to standard output. */
static bool put(const char *path, struct str text, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return file_make_dirs(path, err) && file_create(path, 0600, text, err);
	if (!file_write(STDOUT_FILENO, text, "standard output", err))
		return false;
	return err_set(err, ERR_CANTCREAT, "%s: exists and is left as it is; add what is on standard output", path);
}

int setup(struct settings *s)
{
	struct servers found = { .known = NULL };
	struct buf own = { 0 };
	struct buf text = { 0 };
	struct err err = { 0 };
	int status = 0;

	if (s->account.config != NULL)
		buf_add_text(&own, s->account.config);
	else
		configfile_user_path(&own);
	if (buf_len(&own) == 0)
		err_set(&err, ERR_OS, "--setup: there is no home directory; give --config FILE");
	else if (!find(s, &found, &err) || !draft_write(&text, s, &found, &err))
		status = (int)err.kind;
	else if (s->dry_run)
		file_write(STDOUT_FILENO, buf_str(&text), "standard output", &err);
	else if (put(buf_text(&own), buf_str(&text), &err)) {
		say_note("%s is written", buf_text(&own));
		status = try_it(s, &found, options_keep(mem_copy(buf_text(&own), buf_len(&own))));
	}
	if (err.kind != ERR_NONE)
		status = say_fail(&err);
	servers_free(&found);
	buf_free(&own);
	buf_free(&text);
	return status;
}
