#include <config.h>

#include "cmd/mailbulk/engine.h"

#include "cli/session.h"
#include "io/clock.h"
#include "proto/sasl.h"
#include "proto/tls.h"

#define BLOCK 16384 /* octets out that count as progress */

void peer_progress(struct engine *e, struct peer *p)
{
	p->wait_until = e->now + p->relay->server.timeout;
	p->written = p->wire.octets_out;
}

static void learn_channel(struct peer *p)
{
	struct buf channel = { 0 };
	const char *type = p->sasl != NULL ? tls_channel(p->wire.tls, &channel) : NULL;
	struct tls_facts facts;

	if (type != NULL)
		sasl_set_channel(p->sasl, type, buf_str(&channel));
	buf_wipe(&channel);
	if (!say_tracing())
		return;
	tls_facts(p->wire.tls, &facts);
	say_trace_note(&p->talk, "%s, %s, certificate of %s", facts.version, facts.cipher, facts.subject);
}

static void start_session(struct peer *p)
{
	const struct account_server *server = &p->relay->server;
	struct smtp_params params = {
		.lmtp = server->url.scheme == SCHEME_LMTP,
		.tls = session_tls(server),
		.clear_auth = server->clear_auth,
		.chunking = true,
		.window_messages = WINDOW_MESSAGES,
		.window_bytes = WINDOW_OCTETS,
	};

	buf_clear(&p->ehlo);
	if (server->ehlo != NULL)
		buf_add_text(&p->ehlo, server->ehlo);
	else
		net_own_name(p->wire.fd, &p->ehlo);
	params.ehlo = buf_text(&p->ehlo);
	params.sasl = p->sasl;
	smtp_init(&p->smtp, &params);
	p->session = true;
	if (say_tracing())
		say_trace_note(&p->talk, "connected to %s", server->label);
}

/* What lies under the session stands: begin it, or tell it that its TLS does. */
static void wire_stands(struct engine *e, struct peer *p)
{
	p->state = PEER_UP;
	if (!p->session && p->relay->server.sasl != NULL)
		p->sasl = sasl_copy(p->relay->server.sasl);
	if (wire_tls_up(&p->wire))
		learn_channel(p);
	if (p->session)
		smtp_tls_started(&p->smtp);
	else
		start_session(p);
	p->tls_asked = false;
	peer_progress(e, p);
}

bool peer_start_tls(struct engine *e, struct peer *p, struct err *err)
{
	struct account_server *server = &p->relay->server;
	struct tls_trust *trust = account_handshake(server, err);
	const char *host = server->url.host != NULL ? server->url.host : "localhost";

	if (trust == NULL || !wire_start_tls(&p->wire, trust, host, p->session ? &p->smtp.in : NULL, err))
		return false;
	p->state = PEER_WIRE;
	peer_progress(e, p);
	return true;
}

/* The connection stands: the proxy comes first, then TLS where the URL has it. */
static void connected(struct engine *e, struct peer *p, int fd)
{
	struct account_server *server = &p->relay->server;
	struct err err = { 0 };

	net_dial_free(p->dial);
	p->dial = NULL;
	wire_init(&p->wire, fd);
	p->state = PEER_WIRE;
	peer_progress(e, p);
	if (server->proxy_host != NULL)
		wire_start_socks(&p->wire, server->url.host, server->url.port,
			buf_len(&server->proxy_user) > 0 ? buf_str(&server->proxy_user) : STR_NONE,
			buf_str(&server->proxy_password));
	else if (server->tls == ACCOUNT_TLS_ON && !peer_start_tls(e, p, &err))
		peer_end(e, p, &err);
	else if (wire_ready(&p->wire))
		wire_stands(e, p);
}

static void dial_on(struct engine *e, struct peer *p)
{
	struct err err = { 0 };
	int fd = -1;
	int done = net_dial_next(p->dial, p->fds, p->n_fds, &fd, &err);

	if (done > 0)
		connected(e, p, fd);
	else if (done < 0)
		peer_end(e, p, &err);
}

void peer_open(struct engine *e, struct peer *p, struct relay *relay)
{
	const struct account_server *server = &relay->server;
	const struct net_target proxy = { .host = server->proxy_host, .port = server->proxy_port };
	unsigned number = (unsigned)(p - e->peers) + 1;
	struct err err = { 0 };

	*p = (struct peer){ .state = PEER_DIAL, .relay = relay, .talk = { .number = number } };
	wire_init(&p->wire, -1);
	relay->open++;
	peer_progress(e, p);
	p->dial = net_dial_new(server->proxy_host != NULL ? &proxy : &server->target, &err);
	if (p->dial == NULL)
		peer_end(e, p, &err);
	else
		dial_on(e, p);
}

void peer_free(struct peer *p)
{
	net_dial_free(p->dial);
	if (p->state != PEER_FREE && p->wire.fd >= 0)
		wire_close(&p->wire);
	if (p->session)
		smtp_free(&p->smtp);
	sasl_free(p->sasl);
	buf_free(&p->ehlo);
	say_talk_free(&p->talk);
	*p = (struct peer){ .state = PEER_FREE };
}

/* Messages that are still under way get their verdicts from the session, which knows what was handed over. */
static void last_verdicts(struct engine *e, struct peer *p, const struct err *why)
{
	struct smtp_news news;
	enum smtp_event event;

	if (!p->session)
		return;
	smtp_eof(&p->smtp, why);
	while ((event = smtp_next(&p->smtp, &news)) != SMTP_CLOSED && event != SMTP_FAILED && event != SMTP_WAIT) {
		if (event != SMTP_VERDICT && event != SMTP_RCPT)
			continue;
		if (event == SMTP_VERDICT || news.outcome != SMTP_ACCEPTED)
			engine_job_verdict(e, &e->jobs[news.tag], news.rcpt, &news);
		if (event == SMTP_VERDICT && news.final)
			engine_job_free(e, &e->jobs[news.tag]);
	}
}

/* A server may close what idles, and a session that was told to quit may end as it likes. */
static bool harmless(const struct peer *p, size_t jobs)
{
	return jobs == 0 && !p->troubled && (p->quitting || (p->ready && p->taken > 0));
}

void peer_end(struct engine *e, struct peer *p, const struct err *why)
{
	struct relay *relay = p->relay;
	size_t jobs = p->jobs;
	struct err named = { 0 };

	if (why != NULL) {
		named = *why;
		if (!str_starts(str_of(named.text), str_of(relay->server.label)))
			err_prefix(&named, "%s", relay->server.label);
	}
	/* After BDAT all replies look alike: out of step, an acceptance may have been the answer to something else. */
	if (why != NULL && why->kind == ERR_PROTOCOL && p->session && (p->smtp.used & SMTP_CAP_CHUNKING) != 0 &&
		p->taken > jobs)
		say_errorf("%s: what it accepted on this connection before (%llu messages) is in doubt", named.text,
			(unsigned long long)(p->taken - jobs));
	last_verdicts(e, p, why);
	if (why != NULL && p->session)
		peer_write(e, p); /* a QUIT may be left */
	if (p->state == PEER_FREE)
		return;
	relay->open--;
	if (why != NULL && !harmless(p, jobs) && !e->stopping) {
		relay_failed(relay, e->now, &named);
		if (relay->dead && e->n_relays > 1)
			say_note("%s: no longer used", named.text);
	}
	peer_free(p);
}

size_t peer_poll(struct peer *p, struct pollfd *fds, int64_t *deadline)
{
	p->fds = fds;
	p->n_fds = 0;
	if (p->state == PEER_FREE)
		return 0;
	if (p->state == PEER_DIAL) {
		p->n_fds = net_dial_poll(p->dial, fds, NET_DIAL_FDS, deadline);
	} else {
		*fds = (struct pollfd){ .fd = p->wire.fd,
			.events = wire_events(&p->wire, p->state == PEER_UP ? &p->smtp.out : NULL) };
		p->n_fds = 1;
		if (wire_has_input(&p->wire))
			*deadline = 0;
	}
	if (p->wait_until < *deadline)
		*deadline = p->wait_until;
	return p->n_fds;
}

static void trace(struct peer *p, char direction, struct str octets)
{
	if (octets.n > 0 && say_tracing())
		say_trace(&p->talk, direction, octets);
}

void peer_read(struct engine *e, struct peer *p)
{
	struct err err = { 0 };
	enum wire_status status;

	if (p->state == PEER_FREE)
		return;
	if (p->state == PEER_DIAL) {
		dial_on(e, p);
		return;
	}
	short revents = p->n_fds > 0 ? p->fds[0].revents : 0;
	struct buf *in = p->session ? &p->smtp.in : NULL;
	size_t before = in != NULL ? buf_len(in) : 0;

	if (wire_has_input(&p->wire))
		revents |= POLLIN;
	if (revents == 0)
		return;
	status = wire_turn(&p->wire, p->state == PEER_UP ? in : NULL, NULL, revents, &err);
	if (in != NULL)
		trace(p, '<', str_sub(buf_str(in), before, buf_len(in)));
	if (status == WIRE_EOF)
		err_set(&err, ERR_TEMP, "the server closed the connection");
	if (status != WIRE_OK && p->state == PEER_WIRE)
		peer_end(e, p, &err);
	else if (status != WIRE_OK)
		smtp_eof(&p->smtp, &err);
	else if (p->state == PEER_WIRE && wire_ready(&p->wire)) {
		/* Behind a proxy, TLS from the start comes only now. */
		bool tls_due = p->relay->server.tls == ACCOUNT_TLS_ON && p->wire.tls == NULL;

		if (!tls_due)
			wire_stands(e, p);
		else if (!peer_start_tls(e, p, &err))
			peer_end(e, p, &err);
	}
}

void peer_write(struct engine *e, struct peer *p)
{
	struct err err = { 0 };

	if (p->state != PEER_UP || wire_flushed(&p->wire, &p->smtp.out))
		return;
	trace(p, '>', str_sub(buf_str(&p->smtp.out), p->traced, buf_len(&p->smtp.out)));
	enum wire_status status = wire_turn(&p->wire, NULL, &p->smtp.out, 0, &err);

	p->traced = buf_len(&p->smtp.out);
	if (p->wire.octets_out - p->written >= BLOCK || wire_flushed(&p->wire, &p->smtp.out))
		peer_progress(e, p);
	if (status != WIRE_OK)
		smtp_eof(&p->smtp, &err);
}

void peer_quit(struct engine *e, struct peer *p)
{
	p->quitting = true;
	smtp_quit(&p->smtp);
	peer_progress(e, p);
}

/* Nothing came for too long: not the greeting, not a reply, not a block taken. An idle session owes nothing. */
void peer_patience(struct engine *e, struct peer *p)
{
	struct err err;
	int64_t timeout = p->state != PEER_FREE ? p->relay->server.timeout : 0;
	const char *what = p->state == PEER_DIAL ? "connection"
		: p->state == PEER_WIRE          ? "answer to the handshake"
						 : NULL;

	if (p->state == PEER_FREE || e->now < p->wait_until)
		return;
	if (p->state == PEER_UP && p->ready && p->jobs == 0 && !p->quitting) {
		peer_progress(e, p);
		return;
	}
	err_set(&err, ERR_TEMP, "no %s within %lld.%lld s", what != NULL ? what : smtp_waiting_for(&p->smtp),
		(long long)(timeout / CLOCK_SECOND), (long long)(timeout % CLOCK_SECOND / (CLOCK_SECOND / 10)));
	peer_end(e, p, &err);
}
