#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include "base/mem.h"
#include "cmd/mailbulk/settings.h"

/*
 * After BDAT all good replies look alike: one too many, or one that never came, and each acceptance answers something
 * else. Where replies turn out not to fit, those before were good ones, so no more verdicts are wrong than replies may
 * have been displaced by: as many as were owed at once. That is --max-unknown rows, which are therefore kept.
 */

void doubt_keep(struct engine *e, struct peer *p, struct ticket *t, struct str message_id)
{
	if ((p->smtp.used & SMTP_CAP_CHUNKING) == 0)
		return;
	if (p->recent == NULL) {
		p->recent_most = (size_t)e->settings->max_unknown;
		p->recent = mem_array(p->recent_most, sizeof *p->recent);
	}
	struct recent *r = &p->recent[p->n_recent++ % p->recent_most];

	mem_free(r->ticket.email);
	r->ticket = *t;
	t->email = NULL;
	buf_clear(&r->message_id);
	buf_add(&r->message_id, message_id);
}

static size_t kept(const struct peer *p)
{
	return p->n_recent < p->recent_most ? (size_t)p->n_recent : p->recent_most;
}

void doubt_free(struct peer *p)
{
	for (size_t i = 0; i < kept(p); i++) {
		mem_free(p->recent[i].ticket.email);
		buf_free(&p->recent[i].message_id);
	}
	mem_free(p->recent);
	p->recent = NULL;
	p->n_recent = 0;
}

static void doubt_row(struct engine *e, const struct peer *p, const struct recent *r, struct str why)
{
	const struct ledger_words words = { .reply = why, .message_id = buf_str(&r->message_id) };
	const struct result result = {
		.status = RESULT_UNKNOWN,
		.email = str_of(r->ticket.written),
		.reply = why,
		.attempts = r->ticket.row.attempts,
		.message_id = buf_str(&r->message_id),
		.relay = p->relay->server.label,
		.row = r->ticket.row.number,
		.key = r->ticket.key,
	};

	book_verdict(&e->book, LEDGER_UNKNOWN, r->ticket.key, r->ticket.email, &words, false);
	results_add(&e->results, &result, e->wall.wall);
	e->results.counts[RESULT_SENT]--;
}

void doubt_tell(struct engine *e, struct peer *p, const struct err *why)
{
	struct buf words = { 0 };
	uint64_t n = kept(p);

	if (n == 0)
		return;
	say_errorf("%s: the last %llu recipients that it accepted on this connection are unknown", why->text,
		(unsigned long long)n);
	buf_printf(&words, "accepted, but then the replies did not fit: %s", why->text);
	for (uint64_t i = p->n_recent - n; i < p->n_recent; i++)
		doubt_row(e, p, &p->recent[i % p->recent_most], buf_str(&words));
	buf_free(&words);
	doubt_free(p);
}
