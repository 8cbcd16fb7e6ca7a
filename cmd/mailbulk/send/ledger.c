#include <config.h>

#include "cmd/mailbulk/send/ledger.h"

#include <stdio.h>

#include "text/date.h"
#include "text/utf8.h"

#define DAY 86400
#define REPLY_KEPT 300u
#define OVERHEAD 10u /* of a record in the journal: TAB, CRC and LF */
#define STATES 8u

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
		l->counts[entry->value % STATES]--;
	l->counts[state]++;
	/* Offset and state in one number: a million rows are to fit into little memory. */
	entry->value = (l->record_at * STATES + (uint64_t)state) & (UINT64_MAX >> 1);
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

	l->record_at = l->at;
	l->at += record.n + OVERHEAD;
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

	return entry != NULL ? (enum ledger_state)(entry->value % STATES) : LEDGER_NEW;
}

bool ledger_at(const struct ledger *l, const char *key, uint64_t *at)
{
	const struct keys_entry *entry = keys_find(&l->rows, key);

	if (entry == NULL)
		return false;
	*at = entry->value / STATES;
	return true;
}

/* The next field; the last ones are missing in older journals. */
static struct str field(struct str *rest)
{
	return rest->p != NULL ? str_cut(rest, '\t') : STR_LIT("");
}

bool ledger_read(struct str record, const char *key, struct ledger_words *w)
{
	struct str rest = record;
	struct str letter = field(&rest);
	uint64_t code = 0;

	*w = (struct ledger_words){ .code = 0 };
	field(&rest); /* time */
	if (!str_eq(field(&rest), str_of(key)))
		return false;
	field(&rest); /* address */
	if (str_eq(letter, STR_LIT("T"))) {
		w->message_id = field(&rest);
		return true;
	}
	if (str_number(field(&rest), 999, &code))
		w->code = (int)code;
	w->reply = field(&rest);
	w->reason = field(&rest);
	w->stage = field(&rest);
	w->enhanced = field(&rest);
	w->message_id = field(&rest);
	return true;
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

void ledger_trying(struct buf *out, int64_t now, const char *key, const char *address, struct str message_id)
{
	begin(out, LEDGER_TRYING, now);
	buf_printf(out, "%s\t%s\t%.*s", key, address, STR_ARGS(message_id));
}

void ledger_verdict(struct buf *out, enum ledger_state state, int64_t now, const char *key, const char *address,
	const struct ledger_words *w)
{
	begin(out, state, now);
	buf_printf(out, "%s\t%s\t%d\t", key, address, w->code);
	utf8_show(out, w->reply, REPLY_KEPT);
	buf_printf(out, "\t%.*s\t%.*s\t%.*s\t%.*s", STR_ARGS(w->reason), STR_ARGS(w->stage), STR_ARGS(w->enhanced),
		STR_ARGS(w->message_id));
}
