#include <config.h>

#include "cmd/mailbulk/send/ledger.h"

#include <stdio.h>

#include "text/date.h"
#include "text/utf8.h"

/* Single records: what one says of a row, and how they are written. */

#define REPLY_KEPT 300u

const char ledger_letters[LEDGER_STATES] = { [LEDGER_NEW] = 'C',
	[LEDGER_TRYING] = 'T',
	[LEDGER_SENT] = 'S',
	[LEDGER_REFUSED] = 'F',
	[LEDGER_DEFERRED] = 'D',
	[LEDGER_UNKNOWN] = 'U',
	[LEDGER_RESERVED] = 'R' };

/* The next field; the last ones are missing in older journals. */
static struct str field(struct str *rest)
{
	return rest->p != NULL ? str_cut(rest, '\t') : STR_LIT("");
}

/* In a reservation the row's key and address are two of many fields. */
static bool read_reservation(struct str rest, const char *key, struct ledger_words *w)
{
	while (rest.n > 0) {
		bool found = str_eq(field(&rest), str_of(key));

		w->address = field(&rest);
		if (found)
			return true;
	}
	return false;
}

bool ledger_read(struct str record, const char *key, struct ledger_words *w)
{
	struct str rest = record;
	struct str letter = field(&rest);
	uint64_t code = 0;

	*w = (struct ledger_words){ .code = 0 };
	field(&rest); /* time */
	struct str first = field(&rest);

	if (str_eq(letter, str_at(&ledger_letters[LEDGER_RESERVED], 1)))
		return read_reservation(rest, key, w);
	if (!str_eq(first, str_of(key)))
		return false;
	w->address = field(&rest);
	if (str_eq(letter, str_at(&ledger_letters[LEDGER_TRYING], 1))) {
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
	date_parse_any(field(&rest), &w->not_before);
	if (str_number(field(&rest), 1000, &code))
		w->puts = (unsigned)code;
	return true;
}

static void begin(struct buf *out, char letter, int64_t now)
{
	buf_clear(out);
	buf_add_char(out, letter);
	buf_add_char(out, '\t');
	date_add_iso(out, now);
}

void ledger_campaign(struct buf *out, int64_t now, const struct ledger_campaign *c)
{
	begin(out, ledger_letters[LEDGER_NEW], now);
	buf_printf(out, "\t%s\t%s\t%.120s\t%s\t%s", c->id, c->fingerprint, c->key_column, c->share, c->list_key);
}

void ledger_reserve(struct buf *out, int64_t now, const char *boot)
{
	begin(out, ledger_letters[LEDGER_RESERVED], now);
	buf_add_char(out, '\t');
	buf_add_text(out, boot);
}

void ledger_release(struct buf *out, int64_t now)
{
	begin(out, LEDGER_RELEASE, now);
}

void ledger_name(struct buf *out, const char *key, const char *address)
{
	buf_add_char(out, '\t');
	buf_add_text(out, key);
	if (address == NULL)
		return;
	buf_add_char(out, '\t');
	buf_add_text(out, address);
}

void ledger_trying(struct buf *out, int64_t now, const char *key, const char *address, struct str message_id)
{
	begin(out, ledger_letters[LEDGER_TRYING], now);
	ledger_name(out, key, address);
	buf_add_char(out, '\t');
	buf_add(out, message_id);
}

void ledger_verdict(struct buf *out, enum ledger_state state, int64_t now, const char *key, const char *address,
	const struct ledger_words *w)
{
	begin(out, ledger_letters[state], now);
	ledger_name(out, key, address);
	buf_add_char(out, '\t');
	buf_add_number(out, w->code > 0 ? (uint64_t)w->code : 0);
	buf_add_char(out, '\t');
	utf8_show(out, w->reply, REPLY_KEPT);
	const struct str last[] = { w->reason, w->stage, w->enhanced, w->message_id };

	for (size_t i = 0; i < sizeof last / sizeof *last; i++) {
		buf_add_char(out, '\t');
		buf_add(out, last[i]);
	}
	if (state != LEDGER_DEFERRED || (w->not_before == 0 && w->puts == 0))
		return;
	buf_add_char(out, '\t');
	if (w->not_before != 0)
		date_add_iso(out, w->not_before);
	buf_printf(out, "\t%u", w->puts);
}
