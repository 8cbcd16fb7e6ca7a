#include <config.h>

#include "cmd/mailbulk/send/book.h"

#include <stdio.h>

#include "base/mem.h"
#include "cli/say.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/send/pace.h"
#include "cmd/mailbulk/settings.h"
#include "io/clock.h"
#include "io/random.h"
#include "text/hex.h"

#define DAY 86400

static void new_id(struct campaign *c)
{
	unsigned char random[16];

	/* The same sending twice is two sendings, or the second would be taken for a copy where it arrives. */
	random_bytes(random, sizeof random);
	if (!clock_is_fixed())
		hex_encode(c->id, random, sizeof random);
}

/* Is the journal of this campaign? */
static bool check_campaign(struct book *b, struct campaign *c, struct err *err)
{
	const char *key = b->settings->key != NULL ? b->settings->key : "";
	struct ledger *l = &b->ledger;
	uint64_t taken = l->counts[LEDGER_SENT] + l->counts[LEDGER_TRYING] + l->counts[LEDGER_UNKNOWN] +
		l->counts[LEDGER_ADRIFT];

	if (l->id[0] == '\0') {
		new_id(c);
		l->first = b->wall;
		b->campaign_due = true;
		return true;
	}
	memcpy(c->id, l->id, sizeof l->id);
	if (strcmp(l->key_column, key) != 0)
		return err_set(err, ERR_USAGE, "%s: the journal was started with --key \"%s\"; use the same --key",
			b->settings->journal, l->key_column);
	if (strcmp(l->fingerprint, c->fingerprint) == 0)
		return true;
	/* When nobody can have the other text, there is nothing to mix up. */
	if (!b->settings->accept_changed && taken > 0)
		return err_set(err, ERR_DATA,
			"%s: this journal belongs to a different message. A new campaign needs a new journal "
			"(--journal FILE); --accept-changed sends this message to those who did not get the other",
			b->settings->journal);
	b->campaign_due = true;
	return true;
}

static void write_doubt(struct book *b, const struct ledger_doubt *d, struct buf *room)
{
	struct ledger_words w = { .code = 0 };
	struct str record = buf_str(&b->ledger.cut);

	if (d->at != LEDGER_CUT)
		record = journal_at(&b->journal, d->at, room, NULL) ? buf_str(room) : STR_LIT("");
	ledger_read(record, d->key, &w);
	w.reply = STR_LIT("an earlier run ended between sending it and the answer: it may have been delivered");
	char *address = mem_copy(w.address.n > 0 ? w.address.p : "", w.address.n);

	book_verdict(b, LEDGER_UNKNOWN, d->key, address, &w, false);
	mem_free(address);
}

/* Before anything is sent it is written down who is in doubt, so that a later run need not find it out again. */
static bool settle_doubts(struct book *b, struct err *err)
{
	struct ledger *l = &b->ledger;
	struct buf room = { 0 };
	size_t n;
	struct ledger_doubt *doubts = ledger_doubts(l, &n);
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++) {
		write_doubt(b, &doubts[i], &room);
		if (buf_len(&b->journal.pending) > JOURNAL_RECORD_MAX)
			ok = book_commit(b, err);
	}
	mem_free(doubts);
	buf_free(&room);
	if (n == 0 && l->counts[LEDGER_RESERVED] == 0)
		return true;
	b->open = 1;
	return ok && book_close(b, err);
}

/* Old journals say nothing of their share. */
static bool check_share(const struct book *b, struct err *err)
{
	const struct ledger *l = &b->ledger;

	if (l->id[0] == '\0' || l->list_key[0] == '\0' || strcmp(l->share, b->share) == 0)
		return true;
	return err_set(err, ERR_DATA, "%s: this journal is of %s%s, not of %s%s; each share has a journal of its own",
		b->settings->journal, l->share[0] != '\0' ? "share " : "the whole list", l->share,
		b->share[0] != '\0' ? "share " : "the whole list", b->share);
}

bool book_open(struct book *b, struct campaign *campaign, const struct settings *settings, const char *list_key,
	int64_t wall, struct err *err)
{
	struct ledger *l = &b->ledger;
	const struct journal_reader reader = {
		.replay = ledger_replay, .after_damage = ledger_after_damage, .unsynced = ledger_unsynced, .arg = l
	};

	*b = (struct book){
		.journal = { .fd = -1 }, .campaign = campaign, .settings = settings, .wall = wall, .used = true
	};
	snprintf(b->list_key, sizeof b->list_key, "%s", list_key);
	if (settings->shard.k > 0)
		snprintf(b->share, sizeof b->share, "%u/%u", (unsigned)settings->shard.k, (unsigned)settings->shard.n);
	random_bytes(l->rows.seed, sizeof l->rows.seed);
	random_bytes(l->deferred.seed, sizeof l->deferred.seed);
	l->today = wall / DAY;
	if (pace_longest(settings) > 0)
		l->since = wall - pace_longest(settings) / CLOCK_SECOND - 1;
	boot_id(l->boot);
	if (!journal_open_as(&b->journal, settings->journal, &reader, err))
		return false;
	b->ordered = journal_ordered(&b->journal);
	boot_id(l->boot);
	if (!check_campaign(b, campaign, err) || !check_share(b, err) || !book_shares(b, err))
		return false;
	if (l->id[0] != '\0')
		say_note("%s: %llu sent before, %llu refused, %llu to be tried again, %llu unknown", settings->journal,
			(unsigned long long)l->counts[LEDGER_SENT], (unsigned long long)l->counts[LEDGER_REFUSED],
			(unsigned long long)l->counts[LEDGER_DEFERRED],
			(unsigned long long)(l->counts[LEDGER_TRYING] + l->counts[LEDGER_UNKNOWN] +
				l->counts[LEDGER_ADRIFT]));
	return settle_doubts(b, err);
}
