#include <config.h>

#include "cmd/mailbulk/send/engine.h"

#include "base/mem.h"
#include "text/hex.h"

/* The results of rows that will not be tried any more. */

/* A row that waits, for its result: its address stands in the list, if that is still the same list. */
static struct str email_again(struct engine *e, const struct waiting *w)
{
	struct err err = { 0 };

	e->again_row = (struct row){ .number = w->number, .line = w->line, .offset = w->offset, .octets = w->octets };
	if (selection_again(&e->selection, w->key, &e->again_row, &e->again, &err) == CHOICE_FAIL)
		return STR_LIT("");
	return feed_written(e, &e->again);
}

/* Rows of the list that were not come to. One that an earlier run settled is told as ever. */
static void leave_unread(struct engine *e, const char *reply)
{
	struct ticket t;

	/* They are not to be sent any more: no rate holds them, and each is looked at once. */
	while (!e->list_ended) {
		if (feed_fresh(e, &t) <= 0)
			continue;
		struct result result = { .status = RESULT_DEFERRED,
			.email = str_of(t.written),
			.reply = str_of(reply),
			.relay = "",
			.reason = "not-tried",
			.row = t.row.number,
			.key = t.key };

		results_add(&e->results, &result, e->wall.wall);
		mem_free(t.email);
		if (buf_len(&e->results.out) > 65536 && !results_flush(&e->results, &e->why))
			return;
	}
}

void engine_leave(struct engine *e, const char *reply)
{
	struct waiting w;

	while (line_drain(e, &w))
		queue_push(&e->queue, &w);
	leave_unread(e, reply);
	while (queue_take(&e->queue, INT64_MAX, &w) || provider_drain(&e->providers, &w)) {
		char key[33];
		struct result result = { .status = RESULT_DEFERRED,
			.email = email_again(e, &w),
			.reply = str_of(reply),
			.attempts = w.attempts,
			.relay = "",
			.reason = w.attempts == 0 ? "not-tried" : NULL,
			.row = w.number,
			.key = key };

		hex_encode(key, w.key, sizeof w.key);
		results_add(&e->results, &result, e->wall.wall);
	}
}
