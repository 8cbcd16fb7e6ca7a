#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include "base/mem.h"

/* Refusals of which it is not known yet what they mean. */

static char *copy(struct str s)
{
	return mem_copy(s.p != NULL ? s.p : "", s.n);
}

/* A result with strings of its own. */
static void keep(struct held *h, const struct result *result, const char *address)
{
	*h = (struct held){ .result = *result,
		.address = copy(str_of(address)),
		.email = copy(result->email),
		.enhanced = copy(result->enhanced),
		.reply = copy(result->reply),
		.message_id = copy(result->message_id),
		.key = copy(str_of(result->key)) };
	h->result.email = str_of(h->email);
	h->result.enhanced = str_of(h->enhanced);
	h->result.reply = str_of(h->reply);
	h->result.message_id = str_of(h->message_id);
	h->result.key = h->key;
}

static void drop(struct held *h)
{
	mem_free(h->address);
	mem_free(h->email);
	mem_free(h->enhanced);
	mem_free(h->reply);
	mem_free(h->message_id);
	mem_free(h->key);
}

void held_add(struct engine *e, const struct result *result, const char *address)
{
	keep(&e->held[e->n_held++], result, address);
}

void held_end(struct engine *e, bool refused)
{
	for (size_t i = 0; i < e->n_held; i++) {
		struct held *h = &e->held[i];
		struct result *r = &h->result;

		if (!refused) {
			const struct ledger_words words = { r->code, r->enhanced, r->reply, str_of(r->reason),
				str_of(r->stage), r->message_id, STR_LIT(""), 0, 0 };

			book_verdict(&e->book, LEDGER_DEFERRED, h->key, h->address, &words, false);
			r->status = RESULT_DEFERRED;
		}
		results_add(&e->results, r, e->wall.wall);
		drop(h);
	}
	e->n_held = 0;
}

bool held_took(const struct engine *e, const char *address)
{
	struct str s = str_of(address);

	return set_find(&e->took, str_sub(s, str_after_last(s, '@'), s.n)) != NULL;
}

bool held_put_back(struct engine *e, const struct result *result, const struct ticket *t, int64_t not_before)
{
	if (e->n_put_back >= WAIT_MOST)
		return false;
	e->put_back = mem_grow(e->put_back, e->n_put_back, &e->put_back_room, sizeof *e->put_back);
	struct held *h = &e->put_back[e->n_put_back++];

	keep(h, result, t->email);
	h->puts = t->row.puts;
	h->not_before = not_before;
	return true;
}

static void end_put_back(struct engine *e, struct held *h)
{
	struct result *r = &h->result;
	struct buf reply = { 0 };

	if (held_took(e, h->address)) {
		bool over = ++h->puts >= PUTS_MOST;

		buf_add(&reply, r->reply);
		if (over)
			buf_add_text(&reply, GIVEN_UP);
		r->reply = buf_str(&reply);
		r->status = over ? RESULT_REFUSED : r->status;
		const struct ledger_words words = { r->code, r->enhanced, r->reply, str_of(r->reason), str_of(r->stage),
			r->message_id, STR_LIT(""), h->not_before, h->puts };

		book_verdict(&e->book, over ? LEDGER_REFUSED : LEDGER_DEFERRED, h->key, h->address, &words, false);
	}
	results_add(&e->results, r, e->wall.wall);
	buf_free(&reply);
	drop(h);
}

void held_put_back_end(struct engine *e)
{
	for (size_t i = 0; i < e->n_put_back; i++)
		end_put_back(e, &e->put_back[i]);
	mem_free(e->put_back);
	e->put_back = NULL;
	e->n_put_back = e->put_back_room = 0;
}
