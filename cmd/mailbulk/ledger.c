#include <config.h>

#include "cmd/mailbulk/ledger.h"

#include <stdio.h>

#include "text/date.h"
#include "text/utf8.h"

#define DAY 86400
#define REPLY_KEPT 300u

static const char letters[] = { [LEDGER_NEW] = 'C',
	[LEDGER_TRYING] = 'T',
	[LEDGER_SENT] = 'S',
	[LEDGER_REFUSED] = 'F',
	[LEDGER_DEFERRED] = 'D',
	[LEDGER_UNKNOWN] = 'U' };

void ledger_free(struct ledger *l)
{
	keys_free(&l->rows);
}

static bool strange(struct err *err)
{
	return err_set(err, ERR_DATA, "this is no journal of mailbulk");
}

static bool keep(char *to, size_t size, struct str s)
{
	if (s.p == NULL || s.n >= size)
		return false;
	memcpy(to, s.p, s.n);
	to[s.n] = '\0';
	return true;
}

static bool replay_campaign(struct ledger *l, int64_t when, struct str rest, struct err *err)
{
	struct str id = str_cut(&rest, '\t');
	struct str fingerprint = str_cut(&rest, '\t');

	if (l->id[0] == '\0') {
		if (!keep(l->id, sizeof l->id, id))
			return strange(err);
		l->first = when;
	}
	return (keep(l->fingerprint, sizeof l->fingerprint, fingerprint) &&
		       keep(l->key_column, sizeof l->key_column, rest)) ||
		strange(err);
}

static bool replay_row(struct ledger *l, enum ledger_state state, int64_t when, struct str rest, struct err *err)
{
	struct str key = str_cut(&rest, '\t');
	char text[33];
	bool added;

	if (!keep(text, sizeof text, key) || key.n != 32)
		return strange(err);
	struct keys_entry *entry = keys_add(&l->rows, text, &added);

	if (entry == NULL || l->id[0] == '\0')
		return strange(err);
	if (!added)
		l->counts[entry->value]--;
	l->counts[state]++;
	entry->value = state;
	if (state == LEDGER_SENT && when / DAY == l->today)
		l->sent_today++;
	return true;
}

bool ledger_replay(void *ledger, struct str record, struct err *err)
{
	struct ledger *l = ledger;
	struct str rest = record;
	struct str letter = str_cut(&rest, '\t');
	struct str time = str_cut(&rest, '\t');
	int64_t when = 0;

	if (letter.n != 1 || rest.p == NULL || date_parse_any(time, &when) != DATE_OK)
		return strange(err);
	if (letter.p[0] == 'C')
		return replay_campaign(l, when, rest, err);
	for (int state = LEDGER_TRYING; state <= LEDGER_UNKNOWN; state++)
		if (letters[state] == letter.p[0])
			return replay_row(l, (enum ledger_state)state, when, rest, err);
	return strange(err);
}

enum ledger_state ledger_state(const struct ledger *l, const char *key)
{
	const struct keys_entry *entry = keys_find(&l->rows, key);

	return entry != NULL ? (enum ledger_state)entry->value : LEDGER_NEW;
}

static void begin(struct buf *out, enum ledger_state state, int64_t now)
{
	buf_clear(out);
	buf_add_char(out, letters[state]);
	buf_add_char(out, '\t');
	date_add_iso(out, now);
	buf_add_char(out, '\t');
}

void ledger_campaign(struct buf *out, int64_t now, const char *id, const char *fingerprint, const char *key_column)
{
	begin(out, LEDGER_NEW, now);
	buf_printf(out, "%s\t%s\t%.120s", id, fingerprint, key_column);
}

void ledger_trying(struct buf *out, int64_t now, const char *key, const char *address)
{
	begin(out, LEDGER_TRYING, now);
	buf_printf(out, "%s\t%s", key, address);
}

void ledger_verdict(struct buf *out, enum ledger_state state, int64_t now, const char *key, const char *address,
	int code, struct str reply, const char *reason, const char *stage)
{
	begin(out, state, now);
	buf_printf(out, "%s\t%s\t%d\t", key, address, code);
	utf8_show(out, reply, REPLY_KEPT);
	buf_printf(out, "\t%s\t%s", reason, stage);
}
