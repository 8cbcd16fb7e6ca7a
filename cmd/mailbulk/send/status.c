#include <config.h>

#include "cmd/mailbulk/send/status.h"

#include "cli/say.h"
#include "cmd/mailbulk/send/ledger.h"
#include "cmd/mailbulk/send/results.h"
#include "io/journal.h"
#include "io/random.h"
#include "mail/returns/outcome.h"
#include "text/date.h"

/* The journal is read twice: first to know which record of each row is its last one, then to tell those, in order. So a
 * long one takes no more memory than a run with it. */

struct telling {
	struct ledger ledger;
	struct results results;
	uint64_t at; /* of the next record, in the second reading */
};

/* A row as a result: what it is by its last record. */
static void tell(struct telling *t, struct str record, const char *key, enum ledger_state state, int64_t when)
{
	static const enum result_status status[LEDGER_STATES] = { RESULT_DEFERRED, RESULT_UNKNOWN, RESULT_SENT,
		RESULT_REFUSED, RESULT_DEFERRED, RESULT_UNKNOWN, RESULT_DEFERRED, RESULT_UNKNOWN };
	enum outcome_reason reason = OUTCOME_NONE;
	struct ledger_words w;

	ledger_read(record, key, &w);
	struct result result = { .status = status[state],
		.email = w.address,
		.code = w.code,
		.enhanced = w.enhanced,
		.reply = w.reply,
		.message_id = w.message_id,
		.relay = "",
		.stage = outcome_stage_name(outcome_stage_parse(w.stage)),
		.key = key };

	if (outcome_reason_parse(w.reason, &reason))
		result.reason = outcome_reason_name(reason);
	if (state == LEDGER_RESERVED)
		result.reason = "not-tried";
	results_add(&t->results, &result, when);
}

/* Is this record the last one of the row? Then the row is told. */
static void tell_if_last(struct telling *t, struct str record, struct str key, uint64_t at, int64_t when)
{
	char text[33];
	uint64_t last;

	if (key.n != 32)
		return;
	memcpy(text, key.p, 32);
	text[32] = '\0';
	enum ledger_state state = ledger_state(&t->ledger, text);

	if (state != LEDGER_NEW && ledger_at(&t->ledger, text, &last) && last == at)
		tell(t, record, text, state, when);
}

static bool tell_record(void *arg, struct str record, struct err *err)
{
	struct telling *t = arg;
	struct str rest = record;
	struct str letter = str_cut(&rest, '\t');
	struct str time = str_cut(&rest, '\t');
	uint64_t at = t->at;
	int64_t when = 0;

	t->at += record.n + LEDGER_OVERHEAD;
	date_parse_any(time, &when);
	if (letter.n != 1 || letter.p[0] == 'C' || letter.p[0] == 'E')
		return true;
	if (letter.p[0] != 'R') {
		tell_if_last(t, record, str_cut(&rest, '\t'), at, when);
	} else {
		str_cut(&rest, '\t'); /* boot */
		while (rest.p != NULL && rest.n > 0) {
			tell_if_last(t, record, str_cut(&rest, '\t'), at, when);
			str_cut(&rest, '\t'); /* address */
		}
	}
	return buf_len(&t->results.out) < 65536 || results_flush(&t->results, err);
}

static bool tell_nothing(void *arg, struct str record, struct err *err)
{
	(void)arg;
	(void)record;
	(void)err;
	return true;
}

static void tell_numbers(const char *journal, const struct ledger *l)
{
	const uint64_t *n = l->counts;
	struct buf begun = { 0 };

	date_add_iso(&begun, l->first);
	say_note("%s: begun %s%s%s", journal, buf_text(&begun), l->share[0] != '\0' ? ", share " : "", l->share);
	say_note("%llu sent, %llu refused, %llu deferred, %llu unknown, %llu not tried yet",
		(unsigned long long)n[LEDGER_SENT], (unsigned long long)n[LEDGER_REFUSED],
		(unsigned long long)n[LEDGER_DEFERRED],
		(unsigned long long)(n[LEDGER_TRYING] + n[LEDGER_UNKNOWN] + n[LEDGER_ADRIFT]),
		(unsigned long long)n[LEDGER_RESERVED]);
	buf_free(&begun);
}

int status_tell(const char *journal, enum results_format format)
{
	struct telling t = { .at = 0 };
	struct journal_reader reader = {
		.replay = ledger_replay, .after_damage = ledger_after_damage, .arg = &t.ledger
	};
	uint64_t whole = UINT64_MAX;
	struct err err = { 0 };

	random_bytes(t.ledger.rows.seed, sizeof t.ledger.rows.seed);
	random_bytes(t.ledger.deferred.seed, sizeof t.ledger.deferred.seed);
	boot_id(t.ledger.boot);
	bool ok = results_init(&t.results, format, NULL, &err) && journal_read(journal, &reader, &whole, &err);

	if (ok && t.ledger.id[0] == '\0')
		say_note("%s: there is nothing in it", journal);
	else if (ok) {
		reader = (struct journal_reader){ .replay = tell_record, .after_damage = tell_nothing, .arg = &t };
		ok = journal_read(journal, &reader, &whole, &err);
		tell_numbers(journal, &t.ledger);
	}
	ok = ok && results_flush(&t.results, &err);
	results_free(&t.results);
	ledger_free(&t.ledger);
	return ok ? 0 : say_fail(&err);
}
