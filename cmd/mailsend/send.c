#include <config.h>

#include "cmd/mailsend/send.h"

#include <unistd.h>

#include "cli/drive.h"
#include "cli/say.h"
#include "cmd/mailsend/deliver/deliver.h"
#include "cmd/mailsend/deliver/fcc.h"
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
	for (size_t i = 0; ok && i < e->n; i++)
		say_note("would go from <%s> to <%s>", e->from, e->rcpts[i].shown);
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

/* Over a connection: the status it came to, after the copy and the spool had their turn. */
static int send_it(struct settings *s, struct outgoing *o, struct envelope *e, const struct delivery_wants *wants,
	struct result *result, bool *spooled)
{
	struct account_server server = { 0 };
	struct err err = { 0 };
	int status;

	if (!account_server(&s->account, s->account.smtp.n > 0 ? s->account.smtp.values[0] : NULL, false, &server,
		    &result->err)) {
		account_server_free(&server);
		return say_fail(&result->err);
	}
	deliver(o, e, &server, wants, result);
	account_server_free(&server);
	status = report_status(result, e);
	report_say(result, e, o);
	if (s->fcc != NULL && any_sent(e) && !fcc(o, s->fcc, e->from, &err)) {
		err_prefix(&err, "the message was sent, but the copy failed");
		status = also(status, &err);
	}
	if (s->spool && status != 0 && drive_stop_signal() == 0 && spool_applies(result, e)) {
		if (!spool_keep(o, e, result, wants, s, &err)) {
			say_error(&err);
			return status;
		}
		*spooled = true;
		say_note("the message is kept in the spool: mailsend --flush sends it");
		/* A refusal, or an outcome that a person has to look at, is still to be told. */
		if (status == ERR_TEMP || status == ERR_NOHOST || status == ERR_UNAVAILABLE)
			status = 0;
	}
	return status;
}

int send_message(struct settings *s)
{
	struct outgoing o = { .composed = false };
	struct envelope e = { .from = NULL };
	struct result result = { .bytes = 0 };
	struct delivery_wants wants;
	struct buf words = { 0 };
	struct err err = { 0 };
	bool spooled = false;
	int status = 0;

	if (!prepare(s, &o, &e, &result.err) || !prepare_wants(s, &wants, &words, &result.err))
		status = say_fail(&result.err);
	else if (s->dry_run)
		status = print(&o, &e, &err) ? 0 : say_fail(&err);
	else
		status = send_it(s, &o, &e, &wants, &result, &spooled);
	if (drive_stop_signal() != 0)
		status = 128 + drive_stop_signal();
	if (s->failed_to != NULL && !s->dry_run && e.n > 0 && !report_failed(&e, s->failed_to, &err))
		status = also(status, &err);
	if (s->report != NULL && !s->dry_run && !report_json(&result, &e, &o, status, spooled, &err)) {
		if (any_sent(&e))
			err_prefix(&err, "the message was sent, but the report failed");
		status = also(status, &err);
	}
	outgoing_free(&o);
	envelope_free(&e);
	buf_free(&words);
	return status;
}
