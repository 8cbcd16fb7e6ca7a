#include <config.h>

#include "cmd/mailsend/deliver/report.h"

#include <unistd.h>

#include "cli/say.h"
#include "io/clock.h"
#include "io/file.h"
#include "proto/smtp.h"
#include "text/date.h"
#include "text/json.h"

struct tally {
	size_t sent, refused, deferred, unknown, not_sent;
};

static struct tally count(const struct envelope *e)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < e->n; i++) {
		enum verdict v = e->rcpts[i].verdict;

		t.sent += v == VERDICT_SENT;
		t.refused += v == VERDICT_REFUSED;
		t.deferred += v == VERDICT_DEFERRED;
		t.unknown += v == VERDICT_UNKNOWN;
		t.not_sent += v == VERDICT_NOT_SENT || v == VERDICT_NONE;
	}
	return t;
}

/* The status when every recipient was refused: 67 when all were refused on their own account, else by what it was. */
static int refused_status(const struct envelope *e)
{
	int status = ERR_NOUSER;

	for (size_t i = 0; i < e->n; i++) {
		const struct outcome *o = &e->rcpts[i].outcome;

		if (e->rcpts[i].verdict != VERDICT_REFUSED)
			continue;
		if (o->reason == OUTCOME_LOGIN && o->exit == ERR_AUTH)
			return ERR_AUTH;
		if (o->about == OUTCOME_ABOUT_US || o->about == OUTCOME_ABOUT_SERVER)
			status = ERR_UNAVAILABLE;
	}
	return status;
}

int report_status(const struct result *r, const struct envelope *e)
{
	struct tally t = count(e);

	if (t.unknown > 0)
		return ERR_OUTCOME;
	if (t.sent == e->n)
		return 0;
	if (t.sent > 0)
		return ERR_PART;
	if (t.deferred > 0)
		return ERR_TEMP;
	if (r->err.kind != ERR_NONE && r->err.kind != ERR_NOUSER)
		return (int)r->err.kind;
	int status = refused_status(e);

	if (status == ERR_NOUSER && r->err.kind == ERR_NONE && (r->message_refused || t.not_sent > 0))
		return ERR_UNAVAILABLE;
	return status;
}

/* What can be done about it, once for each reason. */
static void say_advice(const struct outcome *o, unsigned *said)
{
	const char *advice = outcome_advice(o);

	if (advice == NULL || (*said >> o->reason & 1) != 0)
		return;
	*said |= 1u << o->reason;
	say_note("%s", advice);
}

static void say_advices(const struct result *r, const struct envelope *e)
{
	unsigned said = 0;

	for (size_t i = 0; i < e->n; i++)
		if (e->rcpts[i].verdict == VERDICT_REFUSED || e->rcpts[i].verdict == VERDICT_DEFERRED)
			say_advice(&e->rcpts[i].outcome, &said);
	say_advice(&r->stopped, &said);
}

static void say_recipient(const struct result *r, const struct recipient *rcpt, const char *what)
{
	if (rcpt->here)
		say_errorf("%s", rcpt->reply);
	else
		say_errorf("%s: %s by %s: %s", rcpt->shown, what, r->server,
			rcpt->reply != NULL ? rcpt->reply : "no reason given");
}

static void say_recipients(const struct result *r, const struct envelope *e, enum verdict verdict, const char *what)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->rcpts[i].verdict == verdict)
			say_recipient(r, &e->rcpts[i], what);
}

void report_say(const struct result *r, const struct envelope *e, const struct outgoing *o)
{
	struct tally t = count(e);

	/* One line when the server's word is on the message, one each when it is on recipients. */
	if (t.sent + t.unknown == 0 && r->message_refused && t.refused > 0) {
		const struct recipient *last = NULL;

		for (size_t i = 0; i < e->n; i++)
			if (e->rcpts[i].verdict == VERDICT_REFUSED && e->rcpts[i].taken)
				last = &e->rcpts[i];
		if (last != NULL)
			say_errorf("the message was refused by %s: %s", r->server,
				last->reply != NULL ? last->reply : "no reason given");
		for (size_t i = 0; i < e->n; i++)
			if (e->rcpts[i].verdict == VERDICT_REFUSED && (!e->rcpts[i].taken || last == NULL))
				say_recipient(r, &e->rcpts[i], "refused");
	} else {
		say_recipients(r, e, VERDICT_REFUSED, "refused");
	}
	say_recipients(r, e, VERDICT_DEFERRED, "deferred");
	if (r->err.kind != ERR_NONE)
		say_error(&r->err);
	say_advices(r, e);
	for (size_t i = 0; i < e->n && t.not_sent > 0 && r->err.kind == ERR_NONE; i++)
		if (e->rcpts[i].verdict == VERDICT_NOT_SENT)
			say_errorf("%s: not sent, because another recipient was refused", e->rcpts[i].shown);
	if (t.unknown > 0)
		say_errorf("the connection to %s died after the message was handed over: it may "
			   "have been delivered. Look for "
			   "Message-ID %s before you send it again",
			r->server, o->message_id);
	else if (t.sent > 0 && t.sent < e->n)
		say_note("%zu of %zu recipients were served", t.sent, e->n);
}

void report_tls(struct json *j, const struct tls_facts *facts)
{
	struct buf date = { 0 };

	json_key(j, "tls");
	if (facts == NULL) {
		json_null(j);
		return;
	}
	json_object(j);
	json_key(j, "version");
	json_text(j, facts->version);
	json_key(j, "cipher");
	json_text(j, facts->cipher);
	json_key(j, "subject");
	json_text(j, facts->subject);
	json_key(j, "issuer");
	json_text(j, facts->issuer);
	json_key(j, "not_after");
	date_add_iso(&date, facts->not_after);
	json_str(j, buf_str(&date));
	json_key(j, "verified");
	json_bool(j, facts->verified);
	json_key(j, "pin");
	json_text(j, facts->pin);
	json_close(j, '}');
	buf_free(&date);
}

static const char *some(const char *s)
{
	return s[0] != '\0' ? s : NULL;
}

static void put_recipients(struct json *j, const struct envelope *e)
{
	json_key(j, "recipients");
	json_array(j);
	for (size_t i = 0; e != NULL && i < e->n; i++) {
		const struct recipient *r = &e->rcpts[i];

		json_object(j);
		json_key(j, "address");
		json_text(j, r->shown);
		json_key(j, "status");
		json_text(j, envelope_verdict_name(r->verdict));
		json_key(j, "code");
		if (r->code > 0)
			json_int(j, r->code);
		else
			json_null(j);
		json_key(j, "enhanced");
		json_text(j, r->enhanced[0] != '\0' ? r->enhanced : NULL);
		json_key(j, "reply");
		json_text(j, r->reply);
		json_key(j, "reason");
		json_text(j, some(outcome_reason_name(r->outcome.reason)));
		json_key(j, "stage");
		json_text(j, some(outcome_stage_name(r->outcome.stage)));
		json_close(j, '}');
	}
	json_close(j, ']');
}

static double span(int64_t from, int64_t to)
{
	return from > 0 && to > from ? (double)(to - from) / (double)CLOCK_SECOND : 0;
}

static void put_timings(struct json *j, const struct result *r)
{
	json_key(j, "timings");
	json_object(j);
	json_key(j, "connect");
	json_seconds(j, span(r->started, r->connected));
	json_key(j, "session");
	json_seconds(j, span(r->connected, r->ended));
	json_key(j, "total");
	json_seconds(j, span(r->started, r->ended));
	json_close(j, '}');
}

const char *report_status_name(int status, bool spooled)
{
	if (spooled)
		return "spooled";
	switch (status) {
	case 0:
		return "sent";
	case ERR_PART:
		return "partial";
	case ERR_TEMP:
		return "deferred";
	case ERR_OUTCOME:
		return "unknown";
	case ERR_NOUSER:
	case ERR_UNAVAILABLE:
		return "refused";
	default:
		return "failed";
	}
}

bool report_json(const struct result *r, const struct envelope *e, const struct outgoing *o, int status, bool spooled,
	struct err *err)
{
	struct buf out = { 0 };
	struct json j;

	json_init(&j, &out);
	json_object(&j);
	json_key(&j, "status");
	json_text(&j, report_status_name(status, spooled));
	json_key(&j, "exit");
	json_int(&j, status);
	json_key(&j, "error");
	json_text(&j, r->err.kind != ERR_NONE ? r->err.text : NULL);
	json_key(&j, "message_id");
	json_text(&j, o != NULL && o->message_id[0] != '\0' ? o->message_id : NULL);
	json_key(&j, "from");
	json_text(&j, e != NULL ? e->from : NULL);
	json_key(&j, "server");
	json_text(&j, r->server[0] != '\0' ? r->server : NULL);
	json_key(&j, "queue_id");
	json_text(&j, r->queue_id[0] != '\0' ? r->queue_id : NULL);
	report_tls(&j, r->tls ? &r->facts : NULL);
	json_key(&j, "auth");
	json_text(&j, r->mechanism[0] != '\0' ? r->mechanism : NULL);
	json_key(&j, "bytes");
	json_uint(&j, r->bytes);
	json_key(&j, "flights");
	json_uint(&j, r->flights);
	json_key(&j, "smtputf8");
	json_bool(&j, (r->used & SMTP_CAP_SMTPUTF8) != 0);
	put_timings(&j, r);
	put_recipients(&j, e);
	json_close(&j, '}');
	buf_add_text(&out, "\n");
	bool ok = file_write(STDOUT_FILENO, buf_str(&out), "standard output", err);

	buf_free(&out);
	return ok;
}

bool report_failed(const struct envelope *e, const char *path, bool spooled, struct err *err)
{
	struct file_new file;
	struct buf out = { 0 };

	for (size_t i = 0; i < e->n; i++) {
		enum verdict v = e->rcpts[i].verdict;

		if (v == VERDICT_REFUSED || (!spooled && v != VERDICT_SENT && v != VERDICT_UNKNOWN))
			buf_printf(&out, "%s\n", e->rcpts[i].shown);
	}
	bool ok = file_new_begin(&file, path, 0600, err);

	if (ok) {
		ok = file_write(file.fd, buf_str(&out), path, err) && file_new_commit(&file, err);
		file_new_abort(&file);
	}
	buf_free(&out);
	return ok;
}
