#include <config.h>

#include "proto/smtp_state.h"

#include "base/mem.h"

/*
 * What is sent of a message, and when. There are four ways, chosen by what the server offers and has shown that it
 * can do:
 *
 * - one command at a time (no PIPELINING, or lock_step);
 * - the envelope in one group, content after the replies (DATA, or BDAT when they are there);
 * - the envelope of the next message together with the content of the last one (RFC 2920, 3.1);
 * - BDAT in the same group as the envelope, with several messages under way.
 *
 * A server that refused a message must not continue under its sender. So RSET comes before each message but the
 * first in groups, where it costs nothing, and alone only after a transaction that did not end well.
 */

#define OUT_HIGH ((size_t)128 << 10)
#define WINDOW_BYTES ((size_t)256 << 10)

static bool pipelines(const struct smtp *s)
{
	return !s->state->params.lock_step && (s->caps.flags & SMTP_CAP_PIPELINING);
}

static bool chunks(const struct smtp *s)
{
	/* LMTP answers a chunk once for every recipient, which only the dot makes plain to all servers. */
	return s->state->params.chunking && !s->state->params.lmtp && (s->caps.flags & SMTP_CAP_CHUNKING);
}

/* May chunks of several messages be under way? */
static bool chunk_window(const struct smtp *s)
{
	const struct smtp_state *st = s->state;

	return chunks(s) && st->proved_chunk && (st->trust == TRUST_WINDOW || st->params.trusted);
}

static enum smtp_way choose_way(const struct smtp *s, const struct smtp_message *m)
{
	const struct smtp_state *st = s->state;

	if (!chunks(s))
		return WAY_DATA;
	if (m->mail.all_or_nothing)
		return WAY_CHUNK; /* nothing has to be taken back when a recipient is refused */
	if (!pipelines(s))
		return WAY_DATA;
	if (chunk_window(s) || st->params.trusted)
		return WAY_CHUNK_AHEAD;
	if (st->trust != TRUST_NONE && st->params.window_messages <= 1)
		return WAY_CHUNK_AHEAD;
	/* The first of many: BDAT is tried where nothing can go wrong. Later messages overlap with DATA where it is not
	 * trusted. */
	return st->trust == TRUST_WINDOW && !st->proved_chunk ? WAY_CHUNK : WAY_DATA;
}

static size_t window(const struct smtp *s)
{
	const struct smtp_state *st = s->state;
	size_t most = st->params.window_messages;

	if (!pipelines(s) || !st->proved || most < 2)
		return 1;
	if (!chunk_window(s))
		most = 2; /* the envelope of the next behind the content of the one before */
	return most < st->window ? most : st->window;
}

bool smtp_room(const struct smtp *s)
{
	const struct smtp_state *st = s->state;

	return st->phase == PHASE_UP && !st->quit_wanted && !st->eof && st->n_messages < window(s) &&
		(s->caps.mail_max == 0 || st->queued < s->caps.mail_max);
}

/* May the first command of m leave now? */
static bool may_begin(const struct smtp *s, const struct smtp_message *m)
{
	const struct smtp_state *st = s->state;
	size_t most = st->params.window_bytes > 0 ? st->params.window_bytes : WINDOW_BYTES;
	uint64_t bytes = m->mail.size; /* with chunks; else no more than an envelope goes ahead */
	size_t n = 0;

	for (const struct smtp_message *before = st->first; before != m; before = before->next) {
		bytes += before->mail.size;
		n++;
	}
	return n == 0 || (n < window(s) && (bytes <= most || !chunk_window(s)));
}

static void send_mail_from(struct smtp *s, struct smtp_message *m)
{
	const struct smtp_mail *mail = &m->mail;
	unsigned flags = s->caps.flags;
	unsigned used = 0;

	smtp_line_begin(s, "MAIL FROM:<");
	smtp_line_add(s, mail->reverse_path);
	smtp_line_add(s, STR_LIT(">"));
	if (flags & SMTP_CAP_SIZE) {
		smtp_line_add(s, STR_LIT(" SIZE="));
		smtp_line_number(s, mail->size);
		used |= SMTP_CAP_SIZE;
	}
	/* RFC 6531, 3.6: SMTPUTF8 comes with 8BITMIME */
	if ((mail->eight_bit || mail->utf8) && (flags & SMTP_CAP_8BITMIME)) {
		smtp_line_add(s, STR_LIT(" BODY=8BITMIME"));
		used |= SMTP_CAP_8BITMIME;
	}
	if (mail->utf8) {
		smtp_line_add(s, STR_LIT(" SMTPUTF8"));
		used |= SMTP_CAP_SMTPUTF8;
	}
	if (mail->require_tls) {
		smtp_line_add(s, STR_LIT(" REQUIRETLS"));
		used |= SMTP_CAP_REQUIRETLS;
	}
	if ((flags & SMTP_CAP_DSN) && mail->ret != NULL) {
		smtp_line_add(s, STR_LIT(" RET="));
		smtp_line_add(s, str_of(mail->ret));
		used |= SMTP_CAP_DSN;
	}
	if ((flags & SMTP_CAP_DSN) && mail->envid != NULL) {
		smtp_line_add(s, STR_LIT(" ENVID="));
		smtp_line_add(s, str_of(mail->envid));
		used |= SMTP_CAP_DSN;
	}
	s->used |= used;
	s->state->mails++;
	if (smtp_line_send(s))
		smtp_want_add(s, WANT_MAIL, m, 0);
}

static void send_rcpt(struct smtp *s, struct smtp_message *m, size_t at)
{
	const struct smtp_rcpt *r = &m->mail.rcpts[at];
	bool dsn = (s->caps.flags & SMTP_CAP_DSN) != 0;

	smtp_line_begin(s, "RCPT TO:<");
	smtp_line_add(s, r->address);
	smtp_line_add(s, STR_LIT(">"));
	if (dsn && r->notify != NULL) {
		smtp_line_add(s, STR_LIT(" NOTIFY="));
		smtp_line_add(s, str_of(r->notify));
	}
	if (dsn && r->orcpt != NULL) {
		smtp_line_add(s, STR_LIT(" ORCPT="));
		smtp_line_add(s, str_of(r->orcpt));
	}
	if (dsn && (r->notify != NULL || r->orcpt != NULL))
		s->used |= SMTP_CAP_DSN;
	if (smtp_line_send(s))
		smtp_want_add(s, WANT_RCPT, m, at);
}

static void send_bdat(struct smtp *s, struct smtp_message *m)
{
	/* One chunk a message: Exchange makes those wait that send more. */
	smtp_line_begin(s, "BDAT ");
	smtp_line_number(s, m->mail.size);
	smtp_line_add(s, STR_LIT(" LAST"));
	s->used |= SMTP_CAP_CHUNKING;
	if (smtp_line_send(s))
		smtp_want_add(s, WANT_BDAT, m, SIZE_MAX);
	m->stage = STAGE_CONTENT;
}

/* One command of the envelope. */
static void send_step(struct smtp *s, struct smtp_message *m)
{
	size_t step = m->step++;

	if (step == 0) {
		/* Behind other messages a RSET costs nothing in a group and keeps a server from going on under an
		 * earlier sender; alone it is sent when the transaction before did not end well. */
		if (s->state->mails == 0 || !(s->state->dirty || pipelines(s)))
			return;
		smtp_line_begin(s, "RSET");
		if (smtp_line_send(s))
			smtp_want_add(s, WANT_RSET, m, 0);
	} else if (step == 1) {
		send_mail_from(s, m);
	} else if (step < m->mail.n_rcpts + 2) {
		send_rcpt(s, m, step - 2);
	} else if (m->way == WAY_CHUNK_AHEAD) {
		send_bdat(s, m);
	} else if (m->way == WAY_CHUNK) {
		m->stage = STAGE_REPLIES;
	} else {
		smtp_line_begin(s, "DATA");
		if (smtp_line_send(s))
			smtp_want_add(s, WANT_DATA, m, 0);
		m->stage = STAGE_REPLIES;
	}
}

static bool send_envelope(struct smtp *s, struct smtp_message *m, struct smtp_news *news, enum smtp_event *event)
{
	while (m->stage == STAGE_ENVELOPE && s->state->phase == PHASE_UP) {
		if (!pipelines(s) && m->wants > 0)
			return false;
		if (!pipelines(s) && m->step > 1 && smtp_is_lost(m))
			return smtp_finish_lost(s, m, news, event);
		send_step(s, m);
	}
	return false;
}

static void send_quit(struct smtp *s)
{
	smtp_line_begin(s, "QUIT");
	if (smtp_line_send(s)) {
		smtp_want_add(s, WANT_QUIT, NULL, 0);
		s->state->phase = PHASE_QUIT;
	}
}

/* The final dot or the last chunk is in out. */
static void sent_whole(struct smtp *s, struct smtp_message *m)
{
	m->stage = STAGE_SENT;
	m->whole = true;
	m->end = s->state->position;
	s->state->send = m->next;
	if (m->mail.last && pipelines(s))
		send_quit(s);
}

static void send_lone_dot(struct smtp *s, struct smtp_message *m)
{
	smtp_put_octets(s, STR_LIT(".\r\n"));
	smtp_want_add(s, WANT_END, m, SIZE_MAX);
	sent_whole(s, m);
}

static bool take_back(struct smtp *s, struct smtp_message *m, struct smtp_news *news, enum smtp_event *event)
{
	smtp_line_begin(s, "RSET");
	if (smtp_line_send(s))
		smtp_want_add(s, WANT_RSET, NULL, 0);
	return smtp_message_finish(s, m, SMTP_NOT_SENT, NULL, news, event);
}

/* Go on with the message that is being sent. True: an event. *moved: it is another one's turn now. */
static bool send_message(struct smtp *s, struct smtp_message *m, bool *moved, struct smtp_news *news,
	enum smtp_event *event)
{
	switch (m->stage) {
	case STAGE_QUEUED:
		if (m->outcome == SMTP_REJECTED_HERE && m->decided)
			return smtp_message_finish(s, m, m->outcome, NULL, news, event);
		if (!may_begin(s, m))
			return false;
		/* As with a chunk that waits for the replies to RCPT. */
		m->way = m->mail.envelope_only ? WAY_CHUNK : choose_way(s, m);
		m->stage = STAGE_ENVELOPE;
		*moved = true;
		return false;
	case STAGE_ENVELOPE:
		if (send_envelope(s, m, news, event))
			return true;
		*moved = m->stage != STAGE_ENVELOPE;
		return false;
	case STAGE_REPLIES:
		if (m->wants > 0 || m->way != WAY_CHUNK)
			return false;
		if (smtp_is_lost(m))
			return smtp_finish_lost(s, m, news, event);
		if (m->mail.envelope_only)
			return take_back(s, m, news, event);
		send_bdat(s, m);
		*moved = true;
		return false;
	case STAGE_CONTENT:
		news->tag = m->mail.tag;
		*event = SMTP_CONTENT;
		return smtp_content_room(s) > 0;
	case STAGE_LONE_DOT:
		send_lone_dot(s, m);
		*moved = true;
		return false;
	default:
		return false;
	}
}

bool smtp_mail_send(struct smtp *s, struct smtp_news *news, enum smtp_event *event)
{
	struct smtp_state *st = s->state;
	bool moved = true;

	if (smtp_proof_waits(s))
		return false;
	while (moved && st->send != NULL && st->phase == PHASE_UP) {
		moved = false;
		if (send_message(s, st->send, &moved, news, event))
			return true;
	}
	if (st->phase != PHASE_UP)
		return false;
	if (st->ready_due && smtp_room(s)) {
		st->ready_due = false;
		*event = SMTP_READY;
		return true;
	}
	if (s->caps.mail_max > 0 && st->queued >= s->caps.mail_max)
		st->quit_wanted = true;
	if (st->quit_wanted && st->first == NULL && smtp_want_first(s) == NULL)
		send_quit(s);
	return false;
}

void smtp_mail(struct smtp *s, const struct smtp_mail *mail)
{
	struct smtp_state *st = s->state;
	struct smtp_message *m = mem_alloc(sizeof *m);
	struct smtp_message **end = &st->first;

	m->mail = *mail;
	m->line_start = true;
	m->tail = '\n';
	m->rcpts = mem_array(mail->n_rcpts, sizeof *m->rcpts);
	for (size_t i = 0; i < mail->n_rcpts; i++)
		m->rcpts[i] = SMTP_NOT_SENT;
	while (*end != NULL)
		end = &(*end)->next;
	*end = m;
	st->n_messages++;
	st->queued++;
	if (st->send == NULL)
		st->send = m;
	if (mail->last)
		st->quit_wanted = true;
	st->ready_due = true;
	smtp_mail_check(s, m);
}

size_t smtp_content_room(const struct smtp *s)
{
	return buf_len(&s->out) < OUT_HIGH ? OUT_HIGH - buf_len(&s->out) : 0;
}

/* The message whose content is being given, or NULL: the session may have ended in the meantime. */
static struct smtp_message *in_content(const struct smtp *s)
{
	struct smtp_message *m = s->state->send;

	return s->state->phase == PHASE_UP && m != NULL && m->stage == STAGE_CONTENT ? m : NULL;
}

bool smtp_content_due(const struct smtp *s)
{
	return in_content(s) != NULL && smtp_content_room(s) > 0;
}

void smtp_content(struct smtp *s, struct str octets)
{
	struct smtp_message *m = in_content(s);

	if (m == NULL || octets.n == 0)
		return;
	m->given += octets.n;
	m->tail = octets.p[octets.n - 1];
	if (m->given > m->mail.size && m->way != WAY_DATA)
		smtp_session_end(s, ERR_DATA, "the message grew while it was being sent", false);
	else if (m->way == WAY_DATA)
		smtp_put_stuffed(s, &m->line_start, octets);
	else
		smtp_put_octets(s, octets);
}

void smtp_content_end(struct smtp *s)
{
	struct smtp_message *m = in_content(s);

	if (m == NULL)
		return;
	if (m->given != m->mail.size) {
		smtp_session_end(s, ERR_DATA, "the message changed its size while it was being sent", false);
		return;
	}
	if (m->way != WAY_DATA) {
		sent_whole(s, m);
		return;
	}
	if (m->tail != '\n')
		smtp_put_octets(s, STR_LIT("\r\n"));
	smtp_put_octets(s, STR_LIT(".\r\n"));
	if (!s->state->params.lmtp)
		smtp_want_add(s, WANT_END, m, SIZE_MAX);
	for (size_t i = 0; s->state->params.lmtp && i < m->mail.n_rcpts; i++)
		if (m->rcpts[i] == SMTP_ACCEPTED)
			smtp_want_add(s, WANT_END, m, i);
	sent_whole(s, m);
}
