#include <config.h>

#include "cmd/mailsend/setup/draft.h"

#include "cli/configfile.h"

static void put_found(struct buf *out, const struct settings *s, struct servers *found)
{
	const struct known *known = found->known;

	buf_printf(out, "# Written by mailsend --setup %s; pipemail.conf(5) explains each key.\n", s->setup);
	if (known != NULL)
		buf_printf(out, "# %s, known by %s.\n# Source: %s\n", known->name, buf_text(&found->how),
			known->source);
	else
		buf_printf(out, "# The servers come from %s.\n", buf_text(&found->how));
	if (found->foreign)
		buf_add_text(out,
			"# They are outside that domain, and the DNS can be forged: compare them with what your provider says.\n");
	if (known != NULL)
		buf_printf(out, "# Limits: %s.\n", known->limits != NULL ? known->limits : "none published");
	buf_printf(out, "\nfrom = %s\nsmtp = %s\n", s->setup, buf_text(&found->smtp));
	if (buf_len(&found->pop) > 0)
		buf_printf(out, "# For popfetch.\npop = %s\n", buf_text(&found->pop));
}

/* What the person has to fetch before a login works. */
static void put_advice(struct buf *out, const struct settings *s, const struct known *known)
{
	enum known_secret secret = known != NULL ? known->secret : KNOWN_PASSWORD;

	buf_add_char(out, '\n');
	if (known != NULL && known->hint != NULL)
		buf_printf(out, "# Note: %s.\n", known->hint);
	if (secret != KNOWN_TOKEN) {
		buf_printf(out, "# %s, from a command (the first line of its output), so that it is in no file:\n",
			secret == KNOWN_PASSWORD ? "The password" : "An app password; the account's own is refused");
		buf_printf(out, "#password-command = secret-tool lookup service pipemail user %s\n", s->setup);
	}
	if (secret == KNOWN_TOKEN || secret == KNOWN_EITHER) {
		buf_printf(out, "# %s (OAuth 2), from a program that renews it: oama, pizauth or mutt_oauth2.py:\n",
			secret == KNOWN_TOKEN ? "Passwords are refused here. A token" : "Or a token");
		buf_printf(out, "#token-command = oama access %s\n", s->setup);
	}
}

static bool put_key(struct buf *out, const char *key, const char *value, bool file, struct err *err)
{
	if (value == NULL)
		return true;
	if (file && value[0] != '/')
		return err_set(err, ERR_USAGE, "--%s %s: with --setup it goes into a file; give the path from / on",
			key, value);
	buf_printf(out, "%s = %s\n", key, value);
	return true;
}

bool draft_write(struct buf *out, const struct settings *s, struct servers *found, struct err *err)
{
	const struct account *a = &s->account;
	struct config check = { 0 };
	bool login = a->auth == NULL || strcmp(a->auth, "none") != 0;
	bool secret = a->password_command != NULL || a->password_file != NULL || a->token_command != NULL;

	put_found(out, s, found);
	bool ok = put_key(out, "user",
			  a->user != NULL ? a->user
				  : login ? s->setup
					  : NULL,
			  false, err) &&
		put_key(out, "auth", a->auth, false, err) && put_key(out, "tls", a->tls, false, err) &&
		put_key(out, "ca-file", a->ca_file, true, err) && put_key(out, "pin", a->pin, false, err) &&
		put_key(out, "password-command", a->password_command, false, err) &&
		put_key(out, "password-file", a->password_file, true, err) &&
		put_key(out, "token-command", a->token_command, false, err);

	if (ok && login && !secret)
		put_advice(out, s, found->known);
	/* A value that a file cannot hold (too long) shows here, not at the first mail. */
	if (ok && !configfile_parse(&check, "--setup", buf_str(out), err)) {
		ok = false;
		if (err != NULL)
			err->kind = ERR_USAGE;
	}
	configfile_free(&check);
	return ok;
}
