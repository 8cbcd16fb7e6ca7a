#include <config.h>

#include "cmd/mailbulk/send/ledger.h"

#include <stdlib.h>

#include "base/mem.h"
#include "text/date.h"
#include "text/hex.h"

#define DAY 86400

void ledger_free(struct ledger *l)
{
	keys_free(&l->rows);
	keys_free(&l->deferred);
	set_free(&l->domains);
	buf_free(&l->cut);
}

static bool strange(struct err *err)
{
	return err_set(err, ERR_DATA, "this is no journal of mailbulk");
}

/* The next field; the last ones are missing in older journals. */
static struct str field(struct str *rest)
{
	return rest->p != NULL ? str_cut(rest, '\t') : STR_LIT("");
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
	struct str key_column = str_cut(&rest, '\t');
	struct str share = field(&rest);
	struct str list_key = field(&rest);

	return (keep(l->fingerprint, sizeof l->fingerprint, fingerprint) &&
		       keep(l->key_column, sizeof l->key_column, key_column) &&
		       keep(l->share, sizeof l->share, share) && keep(l->list_key, sizeof l->list_key, list_key)) ||
		strange(err);
}

/* What the record of a row says by now. */
static enum ledger_state state_of(const struct ledger *l, uint64_t value)
{
	enum ledger_state state = (enum ledger_state)(value % LEDGER_STATES);

	return state >= LEDGER_RESERVED && value / LEDGER_STATES < l->released ? LEDGER_NEW : state;
}

/* Offset and state in one number: a million rows are to fit into little memory. */
static uint64_t value_of(const struct ledger *l, enum ledger_state state)
{
	return l->record_at * LEDGER_STATES + (uint64_t)state;
}

static struct keys_entry *add_key(struct keys *keys, struct str key, bool *added)
{
	char text[33];

	return keep(text, sizeof text, key) && key.n == 32 ? keys_add(keys, text, added) : NULL;
}

static bool set_state(struct ledger *l, enum ledger_state state, struct str key, struct err *err)
{
	bool added;
	struct keys_entry *entry = add_key(&l->rows, key, &added);

	if (entry == NULL || l->id[0] == '\0')
		return strange(err);
	enum ledger_state before = added ? LEDGER_NEW : state_of(l, entry->value);

	if (before != LEDGER_NEW)
		l->counts[before]--;
	l->counts[state]++;
	entry->value = value_of(l, state);
	return true;
}

/* Limits of domains hold from one run to the next. */
static void note_domain(struct ledger *l, struct str address, int64_t when)
{
	char room[256];
	struct str domain = str_sub(address, str_after_last(address, '@'), address.n);

	if (domain.n > sizeof room)
		return;
	for (size_t i = 0; i < domain.n; i++)
		room[i] = ascii_lower(domain.p[i]);
	set_add(&l->domains, str_at(room, domain.n), NULL)->value = (uint64_t)when;
}

static bool replay_row(struct ledger *l, enum ledger_state state, int64_t when, struct str rest, struct err *err)
{
	struct str key = str_cut(&rest, '\t');
	bool added;

	if (!set_state(l, state, key, err))
		return false;
	if (state == LEDGER_DEFERRED)
		add_key(&l->deferred, key, &added)->value = value_of(l, state);
	if (state == LEDGER_TRYING && l->since != 0 && when >= l->since)
		note_domain(l, str_cut(&rest, '\t'), when);
	if (state == LEDGER_SENT && when / DAY == l->today)
		l->sent_today++;
	return true;
}

static bool replay_reservation(struct ledger *l, struct str rest, struct err *err)
{
	struct str boot = str_cut(&rest, '\t');

	if (!keep(l->last_boot, sizeof l->last_boot, boot))
		return strange(err);
	enum ledger_state state = boot_same(l->boot, l->last_boot) ? LEDGER_RESERVED : LEDGER_ADRIFT;

	while (rest.p != NULL && rest.n > 0) {
		struct str key = str_cut(&rest, '\t');

		if (!set_state(l, state, key, err))
			return false;
		str_cut(&rest, '\t'); /* address */
	}
	return true;
}

/* Rows that did not leave are what they were before. */
static bool replay_release(struct ledger *l, struct str rest, struct err *err)
{
	if (rest.p == NULL || rest.n == 0) {
		l->released = l->record_at;
		l->counts[LEDGER_RESERVED] = l->counts[LEDGER_ADRIFT] = 0;
		return true;
	}
	while (rest.p != NULL && rest.n > 0)
		if (!set_state(l, LEDGER_NEW, str_cut(&rest, '\t'), err))
			return false;
	return true;
}

/* Most records of a run have the time of the one before. */
static bool take_time(struct ledger *l, struct str time, int64_t *when)
{
	if (time.p == NULL)
		return false;
	if (!str_eq(time, str_of(l->time_text))) {
		if (date_parse_any(time, &l->time) != DATE_OK)
			return false;
		if (!keep(l->time_text, sizeof l->time_text, time))
			l->time_text[0] = '\0';
	}
	*when = l->time;
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
	l->at += record.n + LEDGER_OVERHEAD;
	if (letter.n != 1 || !take_time(l, time, &when))
		return strange(err);
	if (letter.p[0] == LEDGER_RELEASE)
		return replay_release(l, rest, err);
	if (rest.p == NULL)
		return strange(err);
	if (letter.p[0] == ledger_letters[LEDGER_NEW])
		return replay_campaign(l, when, rest, err);
	if (letter.p[0] == ledger_letters[LEDGER_RESERVED])
		return replay_reservation(l, rest, err);
	for (int state = LEDGER_TRYING; state <= LEDGER_UNKNOWN; state++)
		if (ledger_letters[state] == letter.p[0])
			return replay_row(l, (enum ledger_state)state, when, rest, err);
	return strange(err);
}

bool ledger_after_damage(void *ledger, struct str record, struct err *err)
{
	struct ledger *l = ledger;
	struct str rest = record;
	bool reservation = str_eq(str_cut(&rest, '\t'), str_at(&ledger_letters[LEDGER_RESERVED], 1));
	bool first = reservation && buf_len(&l->cut) == 0;

	if (first && l->id[0] != '\0') {
		buf_add(&l->cut, record);
		l->record_at = LEDGER_CUT;
		str_cut(&rest, '\t'); /* time */
		if (!replay_reservation(l, rest, err))
			return false;
	}
	/* In this boot nothing was lost, and before there were reservations every record was synced. */
	if (first == reservation && l->last_boot[0] != '\0' && !boot_same(l->boot, l->last_boot))
		return true;
	return err_set(err, ERR_DATA,
		"more than a power failure explains. Restore the journal, or begin a new one and keep those from it "
		"whom this one names (grep the addresses, --suppress FILE)");
}

void ledger_unsynced(void *ledger)
{
	struct ledger *l = ledger;

	memcpy(l->boot, "-", 2);
}

static uint64_t find(const struct ledger *l, const char *key)
{
	const struct keys_entry *entry = keys_find(&l->rows, key);

	return entry != NULL ? entry->value : 0;
}

enum ledger_state ledger_state_of(const struct ledger *l, const char *key, uint64_t value)
{
	enum ledger_state state = state_of(l, value);

	/* It did not leave, so what was known before counts. */
	if ((state == LEDGER_NEW || state == LEDGER_RESERVED) && keys_find(&l->deferred, key) != NULL)
		return LEDGER_DEFERRED;
	return state;
}

enum ledger_state ledger_state(const struct ledger *l, const char *key)
{
	return ledger_state_of(l, key, find(l, key));
}

bool ledger_at_of(const struct ledger *l, const char *key, uint64_t value, uint64_t *at)
{
	if (ledger_state_of(l, key, value) == LEDGER_DEFERRED)
		value = keys_find(&l->deferred, key)->value;
	*at = value / LEDGER_STATES;
	return value != 0;
}

bool ledger_at(const struct ledger *l, const char *key, uint64_t *at)
{
	return ledger_at_of(l, key, find(l, key), at);
}

static int by_place(const void *a, const void *b)
{
	const struct ledger_doubt *x = a;
	const struct ledger_doubt *y = b;

	return x->at != y->at ? (x->at < y->at ? -1 : 1) : strcmp(x->key, y->key);
}

struct ledger_doubt *ledger_doubts(const struct ledger *l, size_t *n)
{
	struct ledger_doubt *found = mem_array(l->counts[LEDGER_TRYING] + l->counts[LEDGER_ADRIFT], sizeof *found);

	*n = 0;
	for (size_t i = 0; i < l->rows.used; i++) {
		const struct keys_entry *entry = keys_at(&l->rows, i);
		enum ledger_state state = state_of(l, entry->value);

		if (state != LEDGER_TRYING && state != LEDGER_ADRIFT)
			continue;
		hex_encode(found[*n].key, entry->key, sizeof entry->key);
		found[(*n)++].at = entry->value / LEDGER_STATES;
	}
	qsort(found, *n, sizeof *found, by_place);
	return found;
}
