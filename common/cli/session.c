#include <config.h>

#include "cli/session.h"

/*
 * Turns the events that are the connection's business (wait, TLS, a new token) into actions, so mailsend and
 * --probe only see those that are about messages.
 */

struct smtp_params session_params(const struct account_server *server, int fd, struct sasl *sasl, struct buf *ehlo)
{
	buf_clear(ehlo);
	if (server->ehlo != NULL)
		buf_add_text(ehlo, server->ehlo);
	else
		net_own_name(fd, ehlo);
	return (struct smtp_params){
		.lmtp = server->url.scheme == SCHEME_LMTP,
		.ehlo = buf_text(ehlo),
		.tls = server->tls,
		.clear_auth = server->clear_auth,
		.sasl = sasl,
		.chunking = true,
	};
}

bool session_open(struct session *s, struct account_server *server, int64_t ends, bool probe, struct err *err)
{
	*s = (struct session){ .server = server };
	if (!drive_connect(&s->drive, server, ends, err))
		return false;
	struct smtp_params params = session_params(server, link_fd(&s->drive.connection.link), server->sasl, &s->ehlo);

	params.probe = probe;
	smtp_init(&s->smtp, &params);
	return true;
}

/* The connection, one turn: what goes wrong there is told to the session, which knows what it
 * means. */
static void turn(struct session *s)
{
	struct err err = { 0 };
	enum wire_status status = drive_turn(&s->drive, &s->smtp.in, &s->smtp.out, smtp_waiting_for(&s->smtp), &err);

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
	drive_close(&s->drive);
	smtp_free(&s->smtp);
	buf_free(&s->ehlo);
}
