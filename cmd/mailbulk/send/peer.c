#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include "cli/session.h"
#include "proto/sasl.h"

#define PROOF_LEAST 100u /* rows for which a round trip is worth it */

static void start_session(struct peer *p, uint64_t left)
{
	struct smtp_params params = session_params(&p->relay->server, link_fd(&p->connection.link), p->sasl, &p->ehlo);

	params.window_messages = WINDOW_MESSAGES;
	params.window_bytes = WINDOW_OCTETS;
	params.prove = left > PROOF_LEAST && !p->relay->unprovable;
	smtp_init(&p->smtp, &params);
	p->state = PEER_UP;
}

void peer_open(struct engine *e, struct peer *p, struct relay *relay)
{
	struct err err = { 0 };

	*p = (struct peer){ .state = PEER_OPENING, .relay = relay };
	relay->open++;
	if (relay->server.sasl != NULL)
		p->sasl = sasl_copy(relay->server.sasl);
	if (connection_open(&p->connection, &relay->server, p->sasl, INT64_MAX, &err))
		p->connection.talk.number = (unsigned)(p - e->peers) + 1;
	else
		peer_end(e, p, &err);
}

void peer_free(struct peer *p)
{
	connection_close(&p->connection);
	smtp_free(&p->smtp);
	sasl_free(p->sasl);
	buf_free(&p->ehlo);
	doubt_free(p);
	*p = (struct peer){ .state = PEER_FREE };
}

/* Messages that are still under way get their verdicts from the session, which knows what was handed over. */
static void last_verdicts(struct engine *e, struct peer *p, const struct err *why)
{
	struct smtp_news news;
	enum smtp_event event;

	if (p->state != PEER_UP)
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

/* What the end of a connection says about its relay. */
static void learn_end(struct engine *e, struct peer *p, size_t jobs, const struct err *why)
{
	struct relay *relay = p->relay;

	/* 421 after some messages is a server's way to share out its connections. */
	if (p->closing && p->finished > 0) {
		relay_closed(relay, p->finished);
		if (p->limited && relay->per_connection != p->finished)
			relay_pushed_back(relay, e->now, true);
		return;
	}
	if (harmless(p, jobs))
		return;
	engine_trouble(e);
	if (p->suspect)
		relay_broken(relay, e->now, why, p->aside);
	else
		relay_failed(relay, e->now, why, p->ready);
	if (relay->dead && e->n_relays > 1)
		say_note("%s: no longer used", why->text);
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
	/* Whatever it is that the server cannot bear, it is not asked again. */
	relay->unprovable |= p->state == PEER_UP && smtp_proof_broke(&p->smtp);
	last_verdicts(e, p, why);
	if (why != NULL && why->kind == ERR_PROTOCOL)
		doubt_tell(e, p, &named);
	if (why != NULL)
		peer_write(p); /* a QUIT may be left */
	if (p->state == PEER_FREE)
		return;
	relay->open--;
	if (why != NULL && !e->stopping)
		learn_end(e, p, jobs, &named);
	peer_free(p);
}

/* An idle session owes nothing, and one that waits for its relay's token cannot be answered. */
static const char *owed(const struct peer *p)
{
	bool idle = p->ready && p->jobs == 0 && !p->quitting;

	return p->state != PEER_UP || idle || p->wants_token ? NULL : smtp_waiting_for(&p->smtp);
}

size_t peer_poll(struct peer *p, struct pollfd *fds, int64_t *deadline)
{
	if (p->state == PEER_FREE)
		return 0;
	link_expect(&p->connection.link, owed(p));
	/* What was written made room for more of a message: the next step feeds it. */
	if (p->state == PEER_UP && !p->full && smtp_content_due(&p->smtp))
		*deadline = 0;
	return link_poll(&p->connection.link, p->state == PEER_UP ? &p->smtp.out : NULL, fds, deadline);
}

void peer_read(struct engine *e, struct peer *p)
{
	struct err err = { 0 };

	while (p->state != PEER_FREE) {
		switch (connection_next(&p->connection, p->state == PEER_UP ? &p->smtp.in : NULL, &err)) {
		case LINK_WAIT:
		case LINK_INPUT:
			return;
		case LINK_UP:
			start_session(p, e->left);
			break;
		case LINK_TLS:
			smtp_tls_started(&p->smtp);
			break;
		case LINK_EOF:
		case LINK_FAILED:
			if (p->state == PEER_UP)
				smtp_eof(&p->smtp, &err);
			else
				peer_end(e, p, &err);
			return;
		}
	}
}

void peer_write(struct peer *p)
{
	struct err err = { 0 };

	if (p->state == PEER_UP && connection_write(&p->connection, &p->smtp.out, &err) == LINK_FAILED)
		smtp_eof(&p->smtp, &err);
}

void peer_quit(struct peer *p)
{
	p->quitting = true;
	smtp_quit(&p->smtp);
}

static void use_token(struct peer *p)
{
	p->wants_token = false;
	sasl_set_password(p->sasl, sasl_password(p->relay->server.sasl));
	smtp_auth_retry(&p->smtp);
}

void peer_new_token(struct engine *e, struct peer *p)
{
	struct relay *r = p->relay;
	struct err err = { 0 };

	if (!str_eq(sasl_password(p->sasl), sasl_password(r->server.sasl))) {
		use_token(p);
		return;
	}
	p->wants_token = true;
	if (r->asking)
		return;
	r->asking = account_token_begin(&r->server, &r->token, &err);
	if (!r->asking)
		peer_end(e, p, &err);
}

void peer_take_token(struct engine *e, struct relay *r)
{
	struct err err = { 0 };
	int done = r->asking ? account_token_next(&r->server, &r->token, &err) : 0;

	if (done == 0)
		return;
	r->asking = false;
	child_free(&r->token);
	for (size_t i = 0; i < e->n_peers; i++) {
		struct peer *p = &e->peers[i];

		if (p->relay != r || !p->wants_token)
			continue;
		if (done > 0)
			use_token(p);
		else
			peer_end(e, p, &err);
	}
}
