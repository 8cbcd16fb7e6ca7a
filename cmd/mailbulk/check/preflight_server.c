#include <config.h>

#include "cmd/mailbulk/check/preflight.h"

#include "cli/session.h"
#include "cmd/mailbulk/settings.h"
#include "mail/returns/outcome.h"

static void compare(struct preflight *p, const struct session *session)
{
	const char *label = session->server->label;
	uint64_t most = session->smtp.caps.size;

	if (most == 0 || p->largest <= most)
		return;
	if (p->first > most && !p->settings->skip_bad)
		preflight_error(p, ERR_UNAVAILABLE, "size-over-limit", TOO_LARGE, (unsigned long long)p->first, label,
			(unsigned long long)most);
	else
		preflight_warn(p, "size-over-limit",
			"the largest message has %llu octets, and %s takes %llu: such rows will be refused",
			(unsigned long long)p->largest, label, (unsigned long long)most);
}

/* Offer an envelope from the sender to the sender. */
static void try_sender(const struct preflight *p, struct smtp *smtp, struct smtp_rcpt *rcpt)
{
	struct str sender = buf_str(&p->sender);

	*rcpt = (struct smtp_rcpt){ .address = sender };
	const struct smtp_mail mail = {
		.reverse_path = sender,
		.rcpts = rcpt,
		.n_rcpts = 1,
		.utf8 = !str_ascii(sender),
		.envelope_only = true,
	};

	smtp_mail(smtp, &mail);
}

/* What a refusal of that envelope means for a run. False with err: nothing would be sent. */
static bool judge(struct preflight *p, const char *label, const struct smtp_news *news, struct err *err)
{
	struct str sender = buf_str(&p->sender);
	const struct reply *r = news->reply;

	if (r == NULL || (news->outcome != SMTP_REFUSED_LATER && news->outcome != SMTP_REFUSED_NEVER))
		return true;
	const struct outcome_reply reply = {
		.stage = r->stage,
		.code = r->code,
		.status = r->enhanced,
		.words = buf_str(&r->text),
		.us = sender,
		.recipient = news->rcpt != SIZE_MAX ? sender : STR_NONE,
		.host = str_of(label),
	};
	struct outcome o = outcome_judge(&reply);
	const char *advice = outcome_advice(&o);
	struct buf shown = { 0 };

	reply_show(r, &shown);
	if (o.run == OUTCOME_RUN_STOP || (news->rcpt == SIZE_MAX && !o.temporary))
		err_set(err, o.exit, "%s: mail from %.*s would be refused: %.*s%s%s", label, STR_ARGS(sender),
			STR_ARGS(buf_str(&shown)), advice != NULL ? "; " : "", advice != NULL ? advice : "");
	else
		preflight_warn(p, "sender-refused", "%s: %s the sender's own address, %.*s, is refused: %.*s", label,
			news->rcpt != SIZE_MAX ? "mail to" : "for now mail from", STR_ARGS(sender),
			STR_ARGS(buf_str(&shown)));
	buf_free(&shown);
	return err->kind == ERR_NONE;
}

/* Up to where a message could be given, and out again. False with err when it does not come so far. */
static bool ask(struct preflight *p, struct account_server *server, struct err *err)
{
	struct session session = { .server = NULL };
	struct smtp_news news = { 0 };
	struct smtp_rcpt rcpt;
	enum smtp_event event = SMTP_WAIT;
	bool up = false;
	bool ok = true;
	bool open = session_open(&session, server, INT64_MAX, true, err);

	while (open && event != SMTP_CLOSED && event != SMTP_FAILED) {
		event = session_next(&session, &news);
		if (event == SMTP_READY && !up) {
			up = true;
			compare(p, &session);
			if (p->errors == 0 && buf_len(&p->sender) > 0)
				try_sender(p, &session.smtp, &rcpt);
			else
				smtp_quit(&session.smtp);
		} else if (event == SMTP_RCPT || event == SMTP_VERDICT) {
			/* A refusal of the only recipient is told with SMTP_RCPT already. */
			if (event == SMTP_RCPT || (news.reply != NULL && news.reply->stage == OUTCOME_AT_MAIL))
				ok = judge(p, server->label, &news, err) && ok;
			if (event == SMTP_VERDICT)
				smtp_quit(&session.smtp);
		} else if (event == SMTP_FAILED && !up) {
			*err = news.err;
		}
	}
	session_close(&session);
	if (!up && !str_starts(str_of(err->text), str_of(server->label)))
		err_prefix(err, "%s", server->label);
	return up && ok;
}

void preflight_servers(struct preflight *p)
{
	const struct option_list *urls = &p->settings->account.smtp;
	size_t up = 0;
	struct err err = { 0 };

	for (size_t i = 0; i < urls->n; i++) {
		struct account_server server = { 0 };
		bool ok = account_server(&p->settings->account, urls->values[i], false, &server, &err) &&
			ask(p, &server, &err);

		account_server_free(&server);
		up += ok;
		/* One of several is enough to send. */
		if (!ok && urls->n > 1)
			preflight_warn(p, "server", "%s", err.text);
	}
	if (urls->n > 0 && up == 0)
		preflight_error(p, err.kind, "server", "%s", urls->n > 1 ? "no server can be used" : err.text);
}
