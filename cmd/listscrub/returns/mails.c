#include <config.h>

#include "cmd/listscrub/returns/bounces.h"

#include "base/mem.h"
#include "base/siphash.h"
#include "cmd/listscrub/returns/rest.h"
#include "cmd/listscrub/returns/yes.h"
#include "mail/returns/token.h"

/* One message of a mailbox: who says what, and the tokens that it brings back. */

struct mail {
	struct bounces *b;
	const struct dsn *d;
	struct str message;
	struct buf source;
	struct buf identity;
};

/* The same report read twice counts once: told by its Message-ID, or its octets where it has none. */
static bool is_new(struct mail *m, enum dsn_class class, struct str recipient)
{
	struct buf text = { .limit = 0 };
	bool added = true;

	buf_add(&text, buf_str(&m->identity));
	buf_printf(&text, "\n%d\n%.*s", (int)class, STR_ARGS(recipient));
	(void)set_add(&m->b->read, buf_str(&text), &added);
	buf_free(&text);
	if (!added)
		m->b->counts.again++;
	return added;
}

/* A date in the future would hide all that comes before it. */
static int64_t believable(const struct bounces *b, int64_t when)
{
	return when > b->asked.now + 2 * 86400 ? 0 : when;
}

static struct claim *claim(struct mail *m, enum dsn_class class, struct str recipient, int64_t when)
{
	struct bounces *b = m->b;
	struct claim *c = is_new(m, class, recipient) ? bounces_claim(b, class, recipient) : NULL;

	if (c == NULL)
		return NULL;
	c->source = bounces_keep(b, buf_str(&m->source));
	c->message_id = bounces_keep(b, m->d->facts.message_id);
	c->when = believable(b, when);
	bounces_link_id(b, c, m->d->facts.returned_id);
	return c;
}

/* --- what addresses that were made for one person prove --- */

/* "bounces+ann=example.net+MAC" or "bounces+KEY+MAC": 1 it is right, -1 it is wrong, 0 there is none. */
static int check_return(const struct bounces *b, struct str to, struct str *signed_part)
{
	struct str local = str_sub(to, 0, str_find(to, '@'));
	size_t plus = str_after_last(local, '+');
	struct str mac = str_sub(local, plus, local.n);

	if (b->asked.key.n == 0 || plus == 0 || plus >= local.n || !token_looks_returned(mac))
		return 0;
	local = str_sub(local, 0, plus - 1);
	*signed_part = str_sub(local, str_find(local, '+') + 1, local.n);
	if (signed_part->n == 0)
		return 0;
	return token_is_return(mac, b->asked.key, *signed_part) ? 1 : -1;
}

/* "ann=example.net": is it this recipient's? */
static bool is_of(const struct bounces *b, struct str signed_part, struct str key)
{
	size_t at = str_after_last(signed_part, '=');
	struct buf address = { .limit = 0 };
	struct buf k = { .limit = 0 };
	bool same;

	if (at == 0)
		return false;
	buf_printf(&address, "%.*s@%.*s", (int)(at - 1), signed_part.p,
		STR_ARGS(str_sub(signed_part, at, signed_part.n)));
	same = bounces_key(b, buf_str(&address), &k, NULL) && str_eq(buf_str(&k), key);
	buf_free(&address);
	buf_free(&k);
	return same;
}

static void prove_by_return(struct mail *m, struct claim *c)
{
	struct bounces *b = m->b;

	for (struct str rest = m->d->facts.to; rest.n > 0;) {
		struct str part = STR_LIT("");
		int right = check_return(b, str_cut(&rest, ' '), &part);

		if (right == 0)
			continue;
		if (str_find(part, '=') == part.n) {
			if (right > 0 && part.n == 32)
				bounces_link_token(b, c, part);
			continue;
		}
		if (!is_of(b, part, bounces_text(b, c->key)))
			continue;
		if (right > 0)
			c->proved = true;
		else if (!c->proved)
			c->dropped = true; /* somebody made it up */
		b->counts.wrong += right < 0;
	}
}

/* --- tokens of people --- */

/* The next token for leaving, or for confirming, in the addresses and then in the subject. */
static bool find_token(const struct dsn_facts *f, enum token_kind kind, struct str *token)
{
	const struct str where[] = { f->to, f->subject };

	for (size_t i = 0; i < 2; i++)
		for (struct str rest = where[i]; rest.n > 0;) {
			enum token_kind found = token_next(&rest, token);

			if (found == kind)
				return true;
			if (found == TOKEN_NONE)
				break;
		}
	return false;
}

/* Who writes is asked first: mostly it is who got the token. */
static void try_sender(struct bounces *b, const struct dsn_facts *f)
{
	struct buf key = { .limit = 0 };
	struct buf plain = { .limit = 0 };

	if (bounces_key(b, f->sender, &key, &plain))
		bounces_offer(b, buf_str(&plain), f->sender);
	buf_free(&key);
	buf_free(&plain);
}

/* A wish with a token is the wish of whose token it is, from whatever address. */
static bool take_leave(struct mail *m)
{
	const struct dsn_facts *f = &m->d->facts;
	struct str token;
	struct claim *c;

	if (m->b->asked.key.n == 0 || f->kind == DSN_IS_BOUNCE || f->kind == DSN_IS_COMPLAINT ||
		f->kind == DSN_IS_AWAY || f->kind == DSN_IS_NOTICE || !find_token(f, TOKEN_IS_LEAVE, &token))
		return false;
	if (!is_new(m, DSN_UNSUBSCRIBE, token))
		return true;
	c = bounces_claim(m->b, DSN_UNSUBSCRIBE, STR_LIT(""));
	c->source = bounces_keep(m->b, buf_str(&m->source));
	c->words = bounces_keep(m->b, f->subject);
	c->message_id = bounces_keep(m->b, f->message_id);
	c->when = believable(m->b, f->when);
	bounces_link_token(m->b, c, token);
	try_sender(m->b, f);
	return true;
}

/* A yes with a token of a request. True: it is an answer to one, whatever it says. */
static bool take_confirm(struct mail *m)
{
	const struct dsn_facts *f = &m->d->facts;
	struct str token;
	struct claim *c;

	if (m->b->asked.key.n == 0 || !find_token(f, TOKEN_IS_CONFIRM, &token))
		return false;
	if (f->automatic || f->kind == DSN_IS_REQUEST || !yes_is_confirmed(f->subject, f->first_line, token) ||
		!is_new(m, DSN_NOTHING, token))
		return f->kind != DSN_IS_REQUEST && !f->automatic;
	c = bounces_claim(m->b, DSN_NOTHING, STR_LIT(""));
	c->source = bounces_keep(m->b, buf_str(&m->source));
	c->message_id = bounces_keep(m->b, f->message_id);
	c->when = believable(m->b, f->when);
	bounces_link_token(m->b, c, token);
	try_sender(m->b, f);
	return true;
}

/* --- reports --- */

static void take_reports(struct mail *m)
{
	for (size_t i = 0; i < m->d->n; i++) {
		const struct dsn_report *r = &m->d->reports[i];
		struct claim *c = claim(m, r->class, r->recipient, r->when);

		if (c == NULL)
			continue;
		c->reason = r->reason;
		c->code = bounces_keep(m->b, r->status);
		c->words = bounces_keep(m->b, r->diagnostic);
		prove_by_return(m, c);
		m->b->counts.reports++;
	}
}

/* A complaint that does not say whose it is: what it returns may. */
static void take_nameless(struct mail *m)
{
	struct bounces *b = m->b;
	struct claim *c = claim(m, m->d->facts.nameless, STR_LIT(""), m->d->facts.when);

	if (c == NULL)
		return;
	c->words = bounces_keep(b, m->d->facts.subject);
	c->held = buf_len(&b->held);
	if (buf_add(&b->held, m->message))
		c->n_held = m->message.n;
	prove_by_return(m, c);
	b->counts.reports++;
}

void bounces_message(struct bounces *b, struct str message, const char *file, uint64_t number)
{
	struct dsn dsn = { .n = 0 };
	struct mail m = { .b = b, .d = &dsn, .message = message };

	dsn_read(&dsn, message);
	b->counts.messages++;
	buf_printf(&m.source, "%s:%llu", file, (unsigned long long)number);
	if (dsn.facts.message_id.n > 0)
		buf_add(&m.identity, dsn.facts.message_id);
	else
		buf_printf(&m.identity, "%llx", (unsigned long long)siphash(b->read.key, message));
	if (take_leave(&m)) {
		dsn.facts.kind = DSN_IS_REQUEST;
	} else if (take_confirm(&m)) {
		b->counts.answers++;
		dsn.facts.kind = DSN_IS_NOTICE;
	} else {
		take_reports(&m);
		if (dsn.facts.nameless != DSN_NOTHING)
			take_nameless(&m);
	}
	b->counts.kinds[dsn.facts.kind]++;
	if (dsn.facts.kind == DSN_IS_UNKNOWN)
		rest_add(b->asked.rest, message, dsn.facts.sender, dsn.facts.when);
	buf_free(&m.source);
	buf_free(&m.identity);
	dsn_free(&dsn);
}
