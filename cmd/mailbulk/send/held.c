#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include "base/mem.h"

/* Refusals of which it is not known yet what they mean. */

static char *copy(struct str s)
{
	return mem_copy(s.p != NULL ? s.p : "", s.n);
}

void held_add(struct engine *e, const struct result *result, const char *address)
{
	struct held *h = &e->held[e->n_held++];

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

void held_end(struct engine *e, bool refused)
{
	for (size_t i = 0; i < e->n_held; i++) {
		struct held *h = &e->held[i];
		struct result *r = &h->result;

		if (!refused) {
			const struct ledger_words words = { r->code, r->enhanced, r->reply, str_of(r->reason),
				str_of(r->stage), r->message_id, STR_LIT("") };

			book_verdict(&e->book, LEDGER_DEFERRED, h->key, h->address, &words, false);
			r->status = RESULT_DEFERRED;
		}
		results_add(&e->results, r, e->wall.wall);
		mem_free(h->address);
		mem_free(h->email);
		mem_free(h->enhanced);
		mem_free(h->reply);
		mem_free(h->message_id);
		mem_free(h->key);
	}
	e->n_held = 0;
}
