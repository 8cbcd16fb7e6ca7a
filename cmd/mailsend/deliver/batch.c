#include <config.h>

#include "cmd/mailsend/deliver/batch.h"

#include "cmd/mailsend/compose/envelope.h"

bool batch_fill(struct batch *b, const struct envelope *e, uint64_t rcpt_max, bool utf8_all, bool all_or_nothing)
{
	uint64_t most = rcpt_max == 0 || rcpt_max > BATCH_MOST ? BATCH_MOST : rcpt_max;

	b->n = 0;
	b->utf8 = utf8_all;
	b->last = true;
	for (size_t i = 0; i < e->n; i++) {
		const struct recipient *r = &e->rcpts[i];

		if (r->verdict != VERDICT_NONE)
			continue;
		if (b->n == 0)
			b->utf8 = utf8_all || r->utf8;
		if (b->n == most || !(utf8_all || all_or_nothing || r->utf8 == b->utf8)) {
			b->last = false;
			continue;
		}
		b->utf8 = b->utf8 || r->utf8;
		b->rcpts[b->n++] = i;
	}
	return b->n > 0;
}
