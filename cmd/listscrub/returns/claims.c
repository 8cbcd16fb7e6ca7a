#include <config.h>

#include "cmd/listscrub/returns/bounces.h"

#include <gnutls/crypto.h>

#include "base/mem.h"
#include "cmd/listscrub/returns/rest.h"
#include "mail/returns/token.h"
#include "text/hex.h"

/* What mails and results say, and what may prove it, before anything is believed. */

struct claim *bounces_claim(struct bounces *b, enum dsn_class class, struct str address)
{
	struct buf key = { .limit = 0 };
	struct claim *c = NULL;

	if (address.n == 0 || bounces_key(b, address, &key, NULL)) {
		b->claims = mem_grow(b->claims, b->n_claims, &b->cap_claims, sizeof *b->claims);
		c = &b->claims[b->n_claims++];
		*c = (struct claim){ .class = class,
			.address = bounces_keep(b, address),
			.key = bounces_keep(b, buf_str(&key)),
			.message = b->counts.messages };
		if (address.n > 0)
			(void)bounces_entry(b, buf_str(&key), address);
	}
	buf_free(&key);
	return c;
}

static size_t link(struct set *s, struct str key, size_t claim)
{
	struct set_entry *e = set_add(s, key, NULL);
	size_t before = e->value;

	e->value = claim;
	return before;
}

void bounces_link_id(struct bounces *b, struct claim *c, struct str id)
{
	if (id.n > 0)
		c->next_id = link(&b->ids, id, (size_t)(c - b->claims) + 1);
}

static void add_lower(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_add_char(out, ascii_lower(s.p[i]));
}

void bounces_link_token(struct bounces *b, struct claim *c, struct str token)
{
	struct buf lower = { .limit = 0 };

	add_lower(&lower, token);
	c->next_token = link(&b->tokens, buf_str(&lower), (size_t)(c - b->claims) + 1);
	c->token = bounces_keep(b, token);
	if (token.n == TOKEN_LEAVE)
		b->n_leave++;
	else if (token.n == TOKEN_CONFIRM)
		(void)set_add(&b->days, str_sub(token, 0, TOKEN_DAY + 1 + TOKEN_TAG + TOKEN_TEXT), NULL);
	else
		b->n_rows++;
	buf_free(&lower);
}

bool bounces_asks(const struct bounces *b)
{
	return !b->settled && b->n_leave + b->n_rows + b->days.used > 0;
}

/* --- whose is it? --- */

static void give(struct bounces *b, struct claim *c, struct str address)
{
	struct buf key = { .limit = 0 };

	if (bounces_key(b, address, &key, NULL)) {
		if (c->key > 0 && !str_eq(bounces_text(b, c->key), buf_str(&key)))
			c->several = true;
		c->key = bounces_keep(b, buf_str(&key));
		c->address = bounces_keep(b, address);
		c->proved = true;
	}
	buf_free(&key);
}

/* Claims with this token are about address. */
static void resolve(struct bounces *b, struct str token, struct str address)
{
	struct buf lower = { .limit = 0 };
	const struct set_entry *e;

	add_lower(&lower, token);
	e = set_find(&b->tokens, buf_str(&lower));
	for (size_t i = e != NULL ? e->value : 0; i > 0; i = b->claims[i - 1].next_token) {
		struct claim *c = &b->claims[i - 1];

		/* A key of a row proves a report about somebody who is named; a token names them. */
		if (token.n != 32 || c->key == 0)
			give(b, c, address);
		else
			c->proved = true;
	}
	buf_free(&lower);
}

static void resolve_confirm(struct bounces *b, struct str plain, struct str address)
{
	struct buf token = { .limit = 0 };

	for (size_t i = 0; i < b->days.used; i++) {
		const struct set_entry *day = &b->days.entries[i];

		buf_clear(&token);
		token_add_confirm_like(&token, b->asked.key, plain, str_at(day->p, day->n));
		resolve(b, buf_str(&token), address);
	}
	buf_free(&token);
}

void bounces_offer(struct bounces *b, struct str plain, struct str address)
{
	struct buf token = { .limit = 0 };

	if (b->n_leave > 0) {
		token_add_leave(&token, b->asked.key, plain);
		resolve(b, buf_str(&token), address);
	}
	if (b->days.used > 0)
		resolve_confirm(b, plain, address);
	if (b->n_rows > 0) {
		unsigned char sum[32];
		char hex[33];

		if (gnutls_hash_fast(GNUTLS_DIG_SHA256, plain.p, plain.n, sum) != 0)
			mem_die();
		hex_encode(hex, sum, 16);
		resolve(b, str_at(hex, 32), address);
	}
	buf_free(&token);
}

/* Files have it with or without its brackets. */
static struct str without_brackets(struct str id)
{
	return str_starts(id, STR_LIT("<")) ? str_sub(id, 1, str_find(id, '>') - 1) : id;
}

/* Who a message was sent to proves a report about them, and finds whose complaint it is. */
static void match_id(struct bounces *b, struct str id, struct str address)
{
	const struct set_entry *e = id.n > 0 ? set_find(&b->ids, id) : NULL;
	struct buf key = { .limit = 0 };

	if (e == NULL || !bounces_key(b, address, &key, NULL))
		e = NULL;
	for (size_t i = e != NULL ? e->value : 0; i > 0; i = b->claims[i - 1].next_id) {
		struct claim *c = &b->claims[i - 1];

		if (c->key == 0 || (c->n_held > 0 && c->proved))
			give(b, c, address);
		else if (str_eq(bounces_text(b, c->key), buf_str(&key)))
			c->proved = true;
	}
	buf_free(&key);
}

void bounces_sent(struct bounces *b, struct str address, struct str message_id, struct str row_key)
{
	struct buf plain = { .limit = 0 };
	struct buf key = { .limit = 0 };

	if (b->ids.used > 0)
		match_id(b, without_brackets(message_id), address);
	if (b->n_rows > 0 && row_key.n == 32)
		resolve(b, row_key, address);
	if (bounces_asks(b) && bounces_key(b, address, &key, &plain))
		bounces_offer(b, buf_str(&plain), address);
	buf_free(&plain);
	buf_free(&key);
}

/* --- rows of results --- */

void bounces_take_row(struct bounces *b, const struct bounces_row *row, const struct outcome *o)
{
	struct bounces_rate *rate = &b->counts.rates[bounces_provider(row->email)];
	enum dsn_class class = dsn_class_of(o);
	struct buf key = { .limit = 0 };

	b->counts.rows++;
	bounces_sent(b, row->email, row->message_id, row->key);
	rate->sent += row->sent || class != DSN_NOTHING;
	if (row->sent && b->n > 0 && bounces_key(b, row->email, &key, NULL)) {
		/* Only of those of whom something else is said: a list of a million that got it is not kept. */
		const struct set_entry *found = set_find(&b->keys, buf_str(&key));
		struct bounce *e = found != NULL ? &b->entries[found->value] : NULL;

		if (e != NULL && row->when > e->delivered)
			e->delivered = row->when;
	} else if (class != DSN_NOTHING) {
		struct claim *c = bounces_claim(b, class, row->email);
		struct buf source = { .limit = 0 };

		if (c != NULL) {
			buf_printf(&source, "%s:%llu", row->file, (unsigned long long)row->line);
			c->reason = o->reason;
			c->code = bounces_keep(b, row->code);
			c->words = bounces_keep(b, str_sub(row->words, 0, 300));
			c->source = bounces_keep(b, buf_str(&source));
			c->when = row->when;
			c->message = SIZE_MAX;
			c->proved = true; /* it is our own record */
			b->counts.reports++;
		}
		buf_free(&source);
	}
	buf_free(&key);
}
