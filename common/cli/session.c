#include <config.h>

#include "cli/session.h"

bool session_open(struct session *s, struct account_server *server, int64_t ends, bool probe, struct err *err)
{
	*s = (struct session){ .server = server };
	if (!drive_connect(&s->drive, server, ends, err))
		return false;
	if (server->ehlo != NULL)
		buf_add_text(&s->ehlo, server->ehlo);
	else
		net_own_name(s->drive.wire.fd, &s->ehlo);
	const struct smtp_params params = {
		.lmtp = server->url.scheme == SCHEME_LMTP,
		.ehlo = buf_text(&s->ehlo),
		.tls = server->tls,
		.clear_auth = server->clear_auth,
		.sasl = server->sasl,
		.probe = probe,
		.chunking = true,
	};

	smtp_init(&s->smtp, &params);
	return true;
}

/* The connection, one turn: what goes wrong there is told to the session, which knows what it
 * means. */
static void turn(struct session *s)
{
	struct err err = { 0 };
	size_t waiting = buf_len(&s->smtp.out);
	const char *what = smtp_waiting_for(&s->smtp);

	/* Every reply has its own time. A trickle of octets that makes none does not get more. */
	if (what != s->waiting_for)
		drive_progress(&s->drive);
	s->waiting_for = what;
	enum wire_status status = drive_turn(&s->drive, &s->smtp.in, &s->smtp.out, what, &err);

	if (waiting > buf_len(&s->smtp.out))
		drive_progress(&s->drive);
	if (status == WIRE_OK && drive_stop_signal() != 0 && !s->committed) {
		err_set(&err, ERR_TEMP, "%s: interrupted, nothing was sent", s->server->label);
		status = WIRE_BROKEN;
	}
	if (status != WIRE_OK)
		smtp_eof(&s->smtp, err.kind != ERR_NONE ? &err : NULL);
}

enum smtp_event session_next(struct session *s, struct smtp_news *news)
{
	for (;;) {
		struct err err = { 0 };
		enum smtp_event event = smtp_next(&s->smtp, news);

		if (event == SMTP_WAIT) {
			turn(s);
		} else if (event == SMTP_STARTTLS) {
			if (drive_start_tls(&s->drive, &s->smtp.in, &err))
				smtp_tls_started(&s->smtp);
			else
				smtp_eof(&s->smtp, &err);
		} else if (event == SMTP_AUTH_AGAIN) {
			bool again = !s->asked_again && account_new_token(s->server, &err);

			s->asked_again = true;
			if (again)
				smtp_auth_retry(&s->smtp);
			else
				smtp_quit(&s->smtp);
		} else {
			drive_progress(&s->drive);
			return event;
		}
	}
}

void session_close(struct session *s)
{
	if (s->drive.connected)
		drive_close(&s->drive);
	smtp_free(&s->smtp);
	buf_free(&s->ehlo);
}
