#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include "cli/say.h"
#include "cmd/mailbulk/settings.h"
#include "cmd/mailbulk/check/preflight.h"

/* Would too many rows be in doubt if the connection broke? The next message then waits for a verdict. */
static bool is_full(const struct engine *e, struct peer *p, const struct job *job)
{
	size_t rows = 0;

	for (size_t i = 0; i < job->n; i++)
		rows += !job->tickets[i].done;
	p->full = p->handed > 0 && p->handed + rows > e->settings->max_unknown;
	return p->full;
}

/* Feed a message's octets; its T records are written before its last ones can leave. */
static bool feed(struct engine *e, struct peer *p, struct job *job)
{
	size_t room = smtp_content_room(&p->smtp);
	enum letter_more more = LETTER_OCTETS;
	struct str octets;
	struct err err = { 0 };

	if (room == 0 || is_full(e, p, job))
		return false;
	while (room > 0 && more == LETTER_OCTETS) {
		more = letter_next(&job->letter, e->campaign, room, &octets, &err);
		if (more != LETTER_OCTETS)
			break;
		smtp_content(&p->smtp, octets);
		room -= octets.n;
	}
	if (more == LETTER_FAILED) {
		/* A row's own file is looked at anew when the row is tried again; that of all must stay. */
		if (letter_own(&job->letter))
			say_note("%s", err.text);
		else
			engine_stop(e, &err);
		smtp_abort(&p->smtp);
	} else if (more == LETTER_END) {
		engine_job_trying(e, job);
		smtp_content_end(&p->smtp);
	}
	return true;
}

static void verdict(struct engine *e, struct peer *p, const struct smtp_news *news)
{
	struct job *job = &e->jobs[news->tag];

	engine_job_verdict(e, job, news->rcpt, news);
	if (!news->final)
		return;
	p->finished += news->outcome != SMTP_NOT_SENT && news->outcome != SMTP_UNKNOWN;
	/* No recipient is left without an end, whatever the session forgot. */
	struct smtp_news rest = { .rcpt = SIZE_MAX, .outcome = job->trying ? SMTP_UNKNOWN : SMTP_NOT_SENT };

	engine_job_verdict(e, job, SIZE_MAX, &rest);
	engine_job_free(e, job);
	p->idle_since = e->now;
}

/* A campaign whose first message no server would take is stopped, not refused row by row. */
static void up(struct engine *e, struct peer *p)
{
	uint64_t most = p->smtp.caps.size;
	uint64_t size = e->first_size;
	struct err err;

	p->ready = true;
	p->relay->greeted = true;
	p->idle_since = e->now;
	e->first_size = 0;
	if (most == 0 || size <= most || e->settings->skip_bad)
		return;
	err_set(&err, ERR_UNAVAILABLE, "nothing was sent: " TOO_LARGE, (unsigned long long)size, p->relay->server.label,
		(unsigned long long)most);
	engine_stop(e, &err);
}

bool step_peer(struct engine *e, struct peer *p)
{
	struct smtp_news news;
	bool moved = false;

	while (p->state == PEER_UP) {
		enum smtp_event event = smtp_next(&p->smtp, &news);
		struct err err = { 0 };

		switch (event) {
		case SMTP_WAIT:
			return moved;
		case SMTP_STARTTLS:
			if (!connection_start_tls(&p->connection, &p->smtp.in, &err))
				peer_end(e, p, &err);
			break;
		case SMTP_READY:
			up(e, p);
			break;
		case SMTP_RCPT:
			if (news.outcome != SMTP_ACCEPTED)
				engine_job_verdict(e, &e->jobs[news.tag], news.rcpt, &news);
			break;
		case SMTP_CONTENT:
			if (e->book.journal.failed)
				smtp_abort(&p->smtp);
			else if (!feed(e, p, &e->jobs[news.tag]))
				return moved;
			break;
		case SMTP_VERDICT:
			verdict(e, p, &news);
			break;
		case SMTP_AUTH_AGAIN:
			peer_new_token(e, p);
			break;
		case SMTP_CLOSED:
			peer_end(e, p, NULL);
			break;
		case SMTP_FAILED:
			p->closing |= news.reply != NULL && news.reply->code == 421;
			peer_end(e, p, &news.err);
			break;
		}
		if (p->state == PEER_UP)
			link_progress(&p->connection.link);
		moved = true;
	}
	return moved;
}
