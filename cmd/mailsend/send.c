#include <config.h>

#include "cmd/mailsend/send.h"

#include <unistd.h>

#include "cli/drive.h"
#include "cli/say.h"
#include "cmd/mailsend/deliver/deliver.h"
#include "cmd/mailsend/deliver/fcc.h"
#include "cmd/mailsend/deliver/log.h"
#include "cmd/mailsend/deliver/report.h"
#include "cmd/mailsend/prepare.h"
#include "cmd/mailsend/spool/spool.h"
#include "io/file.h"

#define BLOCK ((size_t)64 << 10)

/* --dry-run: the exact octets to standard output, and to people what these do not tell: whom they would go to. */
static bool print(struct outgoing *o, const struct envelope *e, struct err *err)
{
	struct buf block = { 0 };
	int more = 1;
	bool ok = outgoing_plan(o, true, false, false, err) && (!o->utf8 || outgoing_plan(o, true, true, false, err));

	while (ok && more > 0) {
		buf_clear(&block);
		more = outgoing_read(o, BLOCK, &block, err);
		ok = more >= 0 && file_write(STDOUT_FILENO, buf_str(&block), "standard output", err);
	}
	buf_free(&block);
	for (size_t i = 0; ok && i < e->n; i++) {
		if (e->rcpts[i].verdict == VERDICT_NONE)
			say_note("would go from <%s> to <%s>", e->from, e->rcpts[i].shown);
		else
			say_errorf("%s", e->rcpts[i].reply);
	}
	return ok;
}

/* A fault beside what has happened: said, and the status only where there was none to tell. */
static int also(int status, const struct err *err)
{
	int own = say_fail(err);

	return status != 0 ? status : own;
}

static bool any_sent(const struct envelope *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->rcpts[i].verdict == VERDICT_SENT)
			return true;
	return false;
}

/* The first thing that kept it from leaving, for the one warning. */
static const char *why_not_sent(const struct result *r, const struct envelope *e)
{
	if (r->err.kind != ERR_NONE)
		return r->err.text;
	for (size_t i = 0; i < e->n; i++)
		if (e->rcpts[i].verdict != VERDICT_SENT && e->rcpts[i].reply != NULL)
			return e->rcpts[i].reply;
	return "the server deferred it";
}

/* Keep what could not be sent for a reason that is not the message's: *spooled, and status 0 where nothing else is to
 * be told. */
static int keep(struct settings *s, struct outgoing *o, struct envelope *e, const struct delivery_wants *wants,
	struct result *result, int status, bool *spooled)
{
	bool applies = s->spool && status != 0 && drive_stop_signal() == 0 && spool_applies(result, e);
	struct err err = { 0 };

	*spooled = applies && spool_keep(o, e, result, wants, s, &err);
	if (!*spooled || !spool_covers(e)) {
		/* A refusal, or an outcome that a person has to look at, is to be told. */
		if (result->started != 0)
			report_say(result, e, o);
		else if (status != 0)
			status = say_fail(&result->err);
		if (applies && !*spooled)
			say_error(&err);
		else if (*spooled)
			say_note("the message is kept in the spool: mailsend --flush sends it");
		return status;
	}
	say_note("not sent now: %s; kept in the spool, mailsend --flush sends it", why_not_sent(result, e));
	return 0;
}

/* Over a connection: the status it came to, after the copy and the spool had their turn. */
static int send_it(struct settings *s, struct outgoing *o, struct envelope *e, const struct delivery_wants *wants,
	struct result *result, bool *spooled)
{
	struct account_server server = { 0 };
	struct err err = { 0 };
	const char *url = s->account.smtp.n > 0 ? s->account.smtp.values[0] : NULL;
	int status;

	if (url == NULL) {
		err_set(&result->err, ERR_CONFIG,
			"no mail server configured: write 'smtp = smtp://USER@HOST' into %s, or give --smtp URL",
			s->account.config != NULL ? s->account.config : "~/.config/pipemail/config");
		return keep(s, o, e, wants, result, ERR_CONFIG, spooled);
	}
	s->account.always_verify = s->require_tls;
	if (!account_server(&s->account, url, false, &server, &result->err)) {
		account_server_free(&server);
		return keep(s, o, e, wants, result, (int)result->err.kind, spooled);
	}
	deliver(o, e, &server, wants, result);
	account_server_free(&server);
	status = keep(s, o, e, wants, result, report_status(result, e), spooled);
	if (s->fcc != NULL && any_sent(e) && !fcc(o, s->fcc, e->from, &err)) {
		err_prefix(&err, "the message was sent, but the copy failed");
		status = also(status, &err);
	}
	return status;
}

int send_given(struct settings *s, struct outgoing *o, struct envelope *e, struct result *result, bool *spooled)
{
	struct delivery_wants wants;
	struct buf words = { 0 };
	struct err err = { 0 };
	int status;

	*spooled = false;
	if (!prepare(s, o, e, &result->err) || !prepare_wants(s, &wants, &words, &result->err))
		status = say_fail(&result->err);
	else if (s->skip_empty && o->empty)
		status = 0;
	else if (s->dry_run)
		status = print(o, e, &err) ? (e->refused > 0 ? ERR_PART : 0) : say_fail(&err);
	else
		status = send_it(s, o, e, &wants, result, spooled);
	/* What became of the message does not depend on the log. */
	if (s->log != NULL && e->from != NULL && !s->dry_run && !(s->skip_empty && o->empty) &&
		!log_message(s->log, result, e, o, status, *spooled, &err))
		say_error(&err);
	buf_free(&words);
	return status;
}

int send_message(struct settings *s)
{
	struct outgoing o = { .composed = false };
	struct envelope e = { .from = NULL };
	struct result result = { .bytes = 0 };
	struct err err = { 0 };
	bool spooled;
	int status = send_given(s, &o, &e, &result, &spooled);

	bool told = s->dry_run || (s->skip_empty && o.empty && status == 0);

	if (drive_stop_signal() != 0)
		status = 128 + drive_stop_signal();
	if (s->failed_to != NULL && !told && e.n > 0 && !report_failed(&e, s->failed_to, spooled, &err))
		status = also(status, &err);
	if (s->report != NULL && !told && !report_json(&result, &e, &o, status, spooled, &err)) {
		if (any_sent(&e))
			err_prefix(&err, "the message was sent, but the report failed");
		status = also(status, &err);
	}
	outgoing_free(&o);
	envelope_free(&e);
	return status;
}
