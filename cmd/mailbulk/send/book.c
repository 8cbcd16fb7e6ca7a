#include <config.h>

#include "cmd/mailbulk/send/book.h"

#include "base/mem.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/settings.h"

void book_free(struct book *b)
{
	journal_close(&b->journal);
	ledger_free(&b->ledger);
	buf_free(&b->record);
}

static void add(struct book *b)
{
	if (b->why.kind == ERR_NONE)
		journal_add(&b->journal, buf_str(&b->record), &b->why);
}

/* A journal says whose it is when it has a first row: until then it binds nobody to a text. */
static void add_campaign(struct book *b)
{
	const char *key = b->settings->key != NULL ? b->settings->key : "";

	if (!b->campaign_due)
		return;
	b->campaign_due = false;
	ledger_campaign(&b->record, b->wall,
		&(struct ledger_campaign){ b->campaign->id, b->campaign->fingerprint, key, b->share, b->list_key });
	add(b);
}

bool book_may_reserve(const struct book *b)
{
	return !b->reserving;
}

void book_reserve(struct book *b, const struct book_row *rows, size_t n)
{
	if (!b->used)
		return;
	add_campaign(b);
	ledger_reserve(&b->record, b->wall, b->ledger.boot);
	for (size_t i = 0; i < n; i++)
		ledger_name(&b->record, rows[i].key, rows[i].address);
	add(b);
	b->open += n;
	b->reserving = true;
	b->sync_due = true;
}

void book_release(struct book *b, const struct book_row *rows, size_t n)
{
	if (!b->used || n == 0)
		return;
	ledger_release(&b->record, b->wall);
	for (size_t i = 0; i < n; i++)
		ledger_name(&b->record, rows[i].key, NULL);
	add(b);
	b->open -= n;
}

void book_trying(struct book *b, const char *key, const char *address, struct str message_id)
{
	if (!b->used)
		return;
	add_campaign(b);
	ledger_trying(&b->record, b->wall, key, address, message_id);
	add(b);
	b->sync_due |= !b->ordered;
}

void book_verdict(struct book *b, enum ledger_state state, const char *key, const char *address,
	const struct ledger_words *w, bool ends)
{
	if (!b->used)
		return;
	add_campaign(b);
	ledger_verdict(&b->record, state, b->wall, key, address, w);
	add(b);
	b->open -= ends;
}

bool book_commit(struct book *b, struct err *err)
{
	if (!b->used)
		return true;
	if (b->why.kind != ERR_NONE) {
		*err = b->why;
		return false;
	}
	if (!(b->sync_due ? journal_commit(&b->journal, err) : journal_flush(&b->journal, err)))
		return false;
	b->sync_due = false;
	b->reserving = false;
	return true;
}

bool book_close(struct book *b, struct err *err)
{
	if (!b->used || b->journal.failed)
		return true;
	if (b->open > 0) {
		ledger_release(&b->record, b->wall);
		add(b);
		b->open = 0;
	}
	b->sync_due = true;
	return book_commit(b, err);
}

void book_recall(const struct book *b, const char *key, uint64_t value, struct buf *room, struct ledger_words *w)
{
	uint64_t at;

	*w = (struct ledger_words){ .code = 0 };
	/* What cannot be read is not told. */
	if (ledger_at_of(&b->ledger, key, value, &at) && journal_at(&b->journal, at, room, NULL))
		ledger_read(buf_str(room), key, w);
}
