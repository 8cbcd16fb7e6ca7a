#include <config.h>

#include "proto/smtp_state.h"

/*
 * Whether a server reads the octets of a chunk that it refuses is not told by its name: it is tried, once a connection,
 * before the first message. One write has MAIL, a chunk without a recipient whose six octets are a NOOP, RSET, and
 * EHLO, whose reply cannot be taken for another one's. Three replies before that of EHLO: the chunk was refused and
 * read, so that BDAT may go ahead of the replies to RCPT and many messages be under way. Four: the NOOP was taken for a
 * command, as the text of a message would be. Nothing can be delivered by it: there is no recipient, and the chunk is
 * not LAST. A server that counts transactions (LIMITS MAILMAX) is not asked.
 */
#define BEFORE_EHLO 3u

static bool is_due(const struct smtp *s)
{
	const struct smtp_state *st = s->state;
	unsigned needed = SMTP_CAP_CHUNKING | SMTP_CAP_PIPELINING;

	return st->send != NULL && st->phase == PHASE_UP && st->params.prove && st->params.chunking &&
		!st->params.lmtp && !st->params.lock_step && st->proof == PROOF_NONE &&
		(s->caps.flags & needed) == needed && smtp_want_first(s) == NULL && st->mails == 0 &&
		s->caps.mail_max == 0;
}

static bool send_line(struct smtp *s, const char *verb, const char *text)
{
	smtp_line_begin(s, verb);
	smtp_line_add(s, str_of(text));
	return smtp_line_send(s);
}

static void ask(struct smtp *s, const struct smtp_message *m)
{
	struct smtp_state *st = s->state;

	st->proof = PROOF_ASKED;
	st->mails++;
	smtp_line_begin(s, "MAIL FROM:<");
	smtp_line_add(s, m->mail.reverse_path);
	smtp_line_add(s, STR_LIT(">"));
	if (m->mail.utf8)
		smtp_line_add(s, STR_LIT(" BODY=8BITMIME SMTPUTF8"));
	if (!smtp_line_send(s) || !send_line(s, "BDAT 6", ""))
		return;
	smtp_put_octets(s, STR_LIT("NOOP\r\n"));
	if (!send_line(s, "RSET", "") || !send_line(s, "EHLO ", st->params.ehlo))
		return;
	for (unsigned i = 0; i <= BEFORE_EHLO; i++)
		smtp_want_add(s, WANT_PROOF, NULL, i);
}

bool smtp_proof_waits(struct smtp *s)
{
	if (is_due(s))
		ask(s, s->state->send);
	return s->state->proof == PROOF_ASKED;
}

static bool is_ehlo(const struct reply *r)
{
	struct str text = buf_str(&r->text);

	return r->code == 250 && str_isearch(text, STR_LIT("\nCHUNKING")) < text.n;
}

void smtp_proof_handle(struct smtp *s, size_t i)
{
	struct smtp_state *st = s->state;
	const struct reply *r = &st->reply;
	enum reply_class class = reply_class(r);

	if (class == REPLY_GO_ON) {
		smtp_session_end(s, ERR_PROTOCOL, "the server answers BDAT out of step", true);
	} else if (i == 1) {
		st->chunk_refused = class != REPLY_OK;
	} else if (i >= BEFORE_EHLO && is_ehlo(r)) {
		st->proof = PROOF_DONE;
		st->trust = i == BEFORE_EHLO && st->chunk_refused ? TRUST_WINDOW : TRUST_NONE;
	} else if (i == BEFORE_EHLO) {
		smtp_want_add(s, WANT_PROOF, NULL, i + 1);
	} else if (i > BEFORE_EHLO) {
		smtp_session_end(s, ERR_PROTOCOL, "the server answers EHLO out of step", true);
	}
}

bool smtp_proof_broke(const struct smtp *s)
{
	return s->state != NULL && s->state->proof == PROOF_ASKED;
}
