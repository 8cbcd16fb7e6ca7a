#include <config.h>

#include "tests/tap.h"

#include "base/err.h"
#include "base/mem.h"
#include "cmd/mailbulk/send/ledger.h"
#include "cmd/mailbulk/settings.h"
#include "cmd/mailbulk/send/pace.h"
#include "cmd/mailbulk/send/provider.h"
#include "cmd/mailbulk/send/queue.h"
#include "io/clock.h"

#define KEY_A "00112233445566778899aabbccddeeff"
#define KEY_B "ffeeddccbbaa99887766554433221100"

static bool replay(struct ledger *l, const char *record)
{
	struct err err = { 0 };
	bool ok = ledger_replay(l, str_of(record), &err);

	return ok && err.kind == ERR_NONE;
}

static void test_ledger(void)
{
	struct ledger l = { .today = 20780 }; /* 2026-11-23 */

	check(!replay(&l, "T\t2026-11-23T01:02:03Z\t" KEY_A "\ta@example.net"), "a row before the campaign is refused");
	check(replay(&l, "C\t2026-11-22T23:59:59Z\tid\tprint\torder"), "campaign");
	check(strcmp(l.id, "id") == 0 && strcmp(l.fingerprint, "print") == 0 && strcmp(l.key_column, "order") == 0,
		"its fields");
	check(ledger_state(&l, KEY_A) == LEDGER_NEW, "a row nobody tried");
	check(replay(&l, "T\t2026-11-23T01:02:03Z\t" KEY_A "\ta@example.net"), "trying");
	check(ledger_state(&l, KEY_A) == LEDGER_TRYING && l.counts[LEDGER_TRYING] == 1, "in doubt");
	check(replay(&l, "D\t2026-11-23T01:02:04Z\t" KEY_A "\ta@example.net\t451\tlater"), "put off");
	check(ledger_state(&l, KEY_A) == LEDGER_DEFERRED && l.counts[LEDGER_TRYING] == 0, "not in doubt any more");
	check(replay(&l, "S\t2026-11-23T01:02:05Z\t" KEY_A "\ta@example.net\t250\tok") &&
			replay(&l, "S\t2026-11-22T23:59:59Z\t" KEY_B "\tb@example.net\t250\tok"),
		"sent");
	check(ledger_state(&l, KEY_A) == LEDGER_SENT && l.counts[LEDGER_SENT] == 2 && l.sent_today == 1,
		"sent, one of them today");
	check(replay(&l, "C\t2026-11-23T02:00:00Z\tother\tnew\torder") && strcmp(l.id, "id") == 0 &&
			strcmp(l.fingerprint, "new") == 0,
		"another text under the same sending");
	static const char *const strange[] = { "", "X\t2026-11-23T01:02:03Z\t" KEY_A "\ta", "S", "S\tnow\t" KEY_A "\ta",
		"S\t2026-11-23T01:02:03Z\tabc\ta", "S\t2026-11-23T01:02:03Z\t" KEY_A "0\ta",
		"S\t2026-11-23T01:02:03Z\t00112233445566778899aabbccddeefg\ta", "C\t2026-11-23T01:02:03Z" };

	for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
		check(!replay(&l, strange[i]), "no record of ours: %zu", i);
	ledger_free(&l);
}

#define TIME "\t2026-11-23T01:02:03Z\t"
#define HERE "00000000-0000-0000-0000-000000000001"
#define THERE "00000000-0000-0000-0000-000000000002"

static bool damaged(struct ledger *l, const char *record)
{
	struct err err = { 0 };

	return ledger_after_damage(l, str_of(record), &err) || (err.kind != ERR_DATA && check(false, "%s", err.text));
}

static void begin_ledger(struct ledger *l, const char *boot)
{
	ledger_free(l);
	*l = (struct ledger){ .today = 20780 };
	snprintf(l->boot, sizeof l->boot, "%s", boot);
	replay(l, "C" TIME "id\tprint\t");
}

static void test_reservations(void)
{
	struct ledger l = { 0 };
	struct ledger_doubt *doubts;
	size_t n;

	begin_ledger(&l, HERE);
	check(replay(&l, "R" TIME HERE "\t" KEY_A "\ta@example.net\t" KEY_B "\tb@example.net"), "reserved");
	check(ledger_state(&l, KEY_A) == LEDGER_RESERVED && l.counts[LEDGER_RESERVED] == 2, "by this boot");
	check(replay(&l, "T" TIME KEY_A "\ta@example.net\tid@x.example") && l.counts[LEDGER_RESERVED] == 1,
		"one of them tried");
	doubts = ledger_doubts(&l, &n);
	check(n == 1 && strcmp(doubts[0].key, KEY_A) == 0, "only that is in doubt");
	mem_free(doubts);
	check(replay(&l, "U" TIME KEY_A "\ta@example.net\t0\twhy") && replay(&l, "E\t2026-11-23T01:02:03Z"),
		"and told");
	check(ledger_state(&l, KEY_A) == LEDGER_UNKNOWN && ledger_state(&l, KEY_B) == LEDGER_NEW &&
			l.counts[LEDGER_RESERVED] == 0,
		"the other is free");
	check(replay(&l, "D" TIME KEY_B "\tb@example.net\t451\tlater") &&
			replay(&l, "R" TIME THERE "\t" KEY_B "\tb@example.net"),
		"deferred, and reserved by another boot");
	check(ledger_state(&l, KEY_B) == LEDGER_ADRIFT && l.counts[LEDGER_DEFERRED] == 0, "it is in doubt");
	check(replay(&l, "E" TIME KEY_B) && ledger_state(&l, KEY_B) == LEDGER_DEFERRED, "unless it was given back");
	check(!replay(&l, "R" TIME HERE "\tabc\ta"), "a reservation of no row");

	begin_ledger(&l, "-");
	replay(&l, "R" TIME "-\t" KEY_A "\ta@example.net");
	check(ledger_state(&l, KEY_A) == LEDGER_ADRIFT, "without a boot id each run is another boot");
	begin_ledger(&l, HERE);
	ledger_unsynced(&l);
	replay(&l, "R" TIME HERE "\t" KEY_A "\ta@example.net");
	check(ledger_state(&l, KEY_A) == LEDGER_ADRIFT, "so is one whose journal cannot be synced");
	ledger_free(&l);
}

/* What follows damage in the journal: at most one reservation after another boot. */
static void test_damage(void)
{
	struct ledger l = { 0 };

	begin_ledger(&l, HERE);
	check(!damaged(&l, "T" TIME KEY_A "\ta@example.net\tid"),
		"a journal without reservations was synced record by record");
	replay(&l, "R" TIME HERE "\t" KEY_A "\ta@example.net");
	check(!damaged(&l, "S" TIME KEY_A "\ta@example.net\t250\tok"), "in this boot nothing was lost");
	begin_ledger(&l, HERE);
	replay(&l, "R" TIME THERE "\t" KEY_A "\ta@example.net");
	check(damaged(&l, "S" TIME KEY_A "\ta@example.net\t250\tok") && ledger_state(&l, KEY_A) == LEDGER_ADRIFT,
		"after another boot a verdict may be lost: the row is in doubt");
	check(damaged(&l, "R" TIME THERE "\t" KEY_B "\tb@example.net") && ledger_state(&l, KEY_B) == LEDGER_ADRIFT,
		"and so are those of one reservation that follows");
	check(damaged(&l, "T" TIME KEY_B "\tb@example.net\tid"), "with what belongs to it");
	check(!damaged(&l, "R" TIME THERE "\t" KEY_A "\ta@example.net"), "but not of two");
	ledger_free(&l);
}

static void test_providers(void)
{
	struct providers ps = { .n = 0 };
	struct waiting w = { .number = 1 };
	int64_t now = 100 * CLOCK_SECOND;

	check(provider_find(&ps, STR_LIT("a@x.example")) == NULL && provider_due(&ps) == INT64_MAX &&
			!provider_take(&ps, now, &w) && !provider_drain(&ps, &w),
		"nobody pushed back");
	struct provider *p = provider_of(&ps, STR_LIT("a@X.example"));

	provider_pushed_back(p, now, false);
	provider_pushed_back(p, now + 1, false);
	check(provider_find(&ps, STR_LIT("b@x.example")) == p && provider_find(&ps, STR_LIT("b@y.example")) == NULL,
		"it is one by its domain, in any case");
	check(!provider_go(p, now) && p->refusals == 1, "it pauses, and a wave counts once");
	provider_hold(&ps, p, &w);
	check(provider_due(&ps) == p->next && !provider_take(&ps, p->next - 1, &w), "its rows wait");
	int64_t first = p->next;

	check(provider_take(&ps, first, &w) && w.number == 1 && ps.held == 0, "until then");
	check(!provider_go(p, first + p->interval - 1) && provider_go(p, first + p->interval), "and go one by one");
	provider_pushed_back(p, first + CLOCK_SECOND, false);
	check(p->next - (first + CLOCK_SECOND) > first - now, "the next pause is longer");
	for (int i = 0; i < 20; i++)
		provider_pushed_back(p, first + (100 + i) * CLOCK_SECOND, false);
	check(p->next == first + (119 + 60) * CLOCK_SECOND, "up to a minute");
	for (int i = 0; i < 40; i++)
		provider_accepted(p);
	now = p->next;
	check(p->interval == 0 && provider_go(p, now) && provider_go(p, now), "it recovers");
	for (int i = 0; i < 5; i++)
		provider_pushed_back(p, now, true);
	provider_hold(&ps, p, &w);
	check(p->closed && !provider_go(p, INT64_MAX) && provider_due(&ps) == INT64_MAX, "or is left alone");
	check(provider_drain(&ps, &w) && !provider_drain(&ps, &w), "its rows are not lost");
	provider_free(&ps);
}

static void test_records(void)
{
	struct ledger l = { 0 };
	struct ledger_words w;
	struct buf b = { 0 };

	ledger_campaign(&b, 1795395723, &(struct ledger_campaign){ "id", "print", "", "2/3", KEY_A });
	check_same(buf_str(&b), "C\t2026-11-23T01:02:03Z\tid\tprint\t\t2/3\t" KEY_A, "campaign record");
	check(ledger_replay(&l, buf_str(&b), NULL) && strcmp(l.share, "2/3") == 0 && strcmp(l.list_key, KEY_A) == 0,
		"and back");
	ledger_trying(&b, 1795395723, KEY_A, "a@example.net", STR_LIT("id@x.example"));
	check_same(buf_str(&b), "T\t2026-11-23T01:02:03Z\t" KEY_A "\ta@example.net\tid@x.example", "trying record");
	check(ledger_read(buf_str(&b), KEY_A, &w) && str_eq(w.message_id, STR_LIT("id@x.example")), "and read");
	const struct ledger_words words = { 550, STR_LIT("5.1.1"), STR_LIT("no\r\n\tS\x1b"), STR_LIT("no-mailbox"),
		STR_LIT("rcpt"), STR_LIT("id@x.example"), STR_LIT(""), 0, 0 };

	ledger_verdict(&b, LEDGER_REFUSED, 1795395723, KEY_A, "a@example.net", &words);
	check(ledger_read(buf_str(&b), KEY_A, &w) && w.code == 550 && str_eq(w.enhanced, words.enhanced) &&
			str_eq(w.reason, words.reason) && str_eq(w.stage, words.stage) &&
			str_eq(w.message_id, words.message_id) && w.reply.n > 2,
		"a verdict's words");
	check(!ledger_read(buf_str(&b), KEY_B, &w), "only of its own row");
	check(ledger_read(STR_LIT("F\t2026-11-23T01:02:05Z\t" KEY_B "\tb@example.net\t550\tno"), KEY_B, &w) &&
			w.code == 550 && str_eq(w.reply, STR_LIT("no")) && w.reason.n == 0 && w.message_id.n == 0,
		"an older journal has less to say");
	check(str_search(buf_str(&b), STR_LIT("\\x1b")) < buf_len(&b) && str_find(buf_str(&b), '\n') == buf_len(&b),
		"a server's controls do not get into a record");
	check(ledger_replay(&l, buf_str(&b), NULL) && ledger_state(&l, KEY_A) == LEDGER_REFUSED,
		"verdict record and back");
	buf_free(&b);
	ledger_free(&l);
}

static void test_keys(void)
{
	struct keys k = { .seed = { 1, 2 } };
	char key[33];
	bool added;
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < 20000; i++) {
		snprintf(key, sizeof key, "%08x%024x", i % 10000, 7);
		struct keys_entry *e = keys_add(&k, key, &added);

		wrong += added != (i < 10000);
		if (added)
			e->value = i;
	}
	for (uint32_t i = 0; i < 10000; i++) {
		snprintf(key, sizeof key, "%08x%024x", i, 7);
		wrong += keys_find(&k, key) == NULL || keys_find(&k, key)->value != i;
	}
	check(wrong == 0 && k.used == 10000, "keys: each once, with its value");
	/* Keys that differ in their last octet only are two. */
	for (uint32_t i = 0; i < 256; i++) {
		snprintf(key, sizeof key, "%030x%02x", 9, i);
		keys_add(&k, key, &added)->value = i;
		wrong += !added;
	}
	for (uint32_t i = 0; i < 256; i++) {
		snprintf(key, sizeof key, "%030x%02x", 9, i);
		wrong += keys_find(&k, key) == NULL || keys_find(&k, key)->value != i;
	}
	check(wrong == 0 && k.used == 10256, "keys: near ones");
	check(keys_find(&k, "zz") == NULL && keys_find(&k, KEY_A) == NULL, "keys: absent");
	keys_free(&k);
	check(keys_find(&k, KEY_A) == NULL, "keys: empty");
}

static void test_queue(void)
{
	struct queue q = { 0 };
	struct waiting w = { 0 };
	uint64_t last = 0;
	int wrong = 0;

	check(queue_due(&q) == INT64_MAX && !queue_take(&q, INT64_MAX, &w), "an empty queue");
	for (uint64_t i = 0; i < 1000; i++)
		queue_push(&q, &(struct waiting){ .due = (int64_t)(i * 7919 % 100), .number = i });
	check(queue_due(&q) == 0 && !queue_take(&q, -1, &w), "nothing before its time");
	for (int64_t due = 0; queue_take(&q, 1000, &w); due = w.due) {
		wrong += w.due < due || (w.due == due && due > 0 && w.number < last);
		last = w.number;
	}
	check(wrong == 0 && q.n == 0, "in order of time, then of arrival");
	queue_free(&q);
}

/* What a warm-up allows on a day. */
static uint64_t left_on(uint64_t start, unsigned percent, uint64_t day)
{
	struct settings s = { .warmup = { start, percent } };
	struct pace p;

	pace_init(&p, &s, day, 0);
	uint64_t left = p.left;

	pace_free(&p);
	return left;
}

static void test_pace(void)
{
	struct settings s = { .warmup = { 100, 50 } };
	struct domain_rate rates[] = { { (char *)"slow.example", { 10 } }, { (char *)"*", { 3 } } };
	struct pace p;
	struct rate r;
	struct err err;

	check(left_on(100, 50, 0) == 100 && left_on(100, 50, 1) == 150 && left_on(100, 50, 2) == 225, "warm-up");
	check(left_on(1, 1, 1000000) == 1, "a warm-up that does not grow ends");
	check(left_on(1, 100, UINT64_MAX) > 1000000, "nor does one overflow");
	pace_init(&p, &s, 1, 100);
	check(p.left == 50, "what is left of today");
	pace_took(&p, 5, 60);
	check(p.left == 0, "not less than nothing");
	s = (struct settings){ .rate = { 100 }, .domain_rates = rates, .n_domain_rates = 2 };
	pace_init(&p, &s, 0, 0);
	check(p.left == UINT64_MAX && pace_next(&p) <= 0, "the first at once");
	pace_took(&p, 1000, 1);
	check(pace_next(&p) == 1100, "then one interval later");
	pace_took(&p, 1100, 3);
	check(pace_next(&p) == 1400, "a batch counts as many");
	pace_took(&p, 9000, 1);
	check(pace_next(&p) == 9100, "time that passed is not saved up");
	check(pace_domain(&p, STR_LIT("slow.example"), 50) == 50 &&
			pace_domain(&p, STR_LIT("slow.example"), 50) == 60 &&
			pace_domain(&p, STR_LIT("mx.slow.example"), 50) == 50,
		"a domain's slots");
	check(pace_domain(&p, STR_LIT("x.example"), 1) == 1 && pace_domain(&p, STR_LIT("x.example"), 1) == 4,
		"* is each other domain");
	pace_free(&p);
	check(settings_rate("rate", "10/s", &r, &err) && r.interval == CLOCK_SECOND / 10, "10/s");
	check(settings_rate("rate", "30/m", &r, &err) && r.interval == 2 * CLOCK_SECOND, "30/m");
	check(!settings_rate("rate", "0/s", &r, &err) && !settings_rate("rate", "5", &r, &err) &&
			!settings_rate("rate", "5/x", &r, &err) && !settings_rate("rate", "-5/s", &r, &err) &&
			err.kind == ERR_USAGE,
		"no rates");
}

int main(void)
{
	test_ledger();
	test_reservations();
	test_damage();
	test_providers();
	test_records();
	test_keys();
	test_queue();
	test_pace();
	return tap_done();
}
