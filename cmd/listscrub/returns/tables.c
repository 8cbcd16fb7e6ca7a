#include <config.h>

#include "cmd/listscrub/returns/reading.h"

#include "io/file.h"
#include "io/journal.h"
#include "mail/list/list.h"
#include "text/date.h"

bool reading_more(struct reading *r, struct err *err)
{
	char *room = buf_room(&r->octets, READING_CHUNK);
	long n;

	if (room == NULL) {
		r->too_long = true;
		r->octets.full = false;
		return true;
	}
	n = file_read_some(r->fd, room, READING_CHUNK, r->path, err);
	if (n < 0)
		return n == -2 ? err_set(err, ERR_NONE, "interrupted") : false;
	for (long i = 0; r->only_cr && i < n; i++)
		room[i] = room[i] == '\r' ? '\n' : room[i];
	buf_added(&r->octets, (size_t)n);
	r->eof = n == 0;
	return true;
}

/* --- results of mailbulk --- */

struct columns {
	size_t email, status, code, enhanced, reply, time, reason, stage, message_id, key; /* SIZE_MAX: there is none */
};

static struct str cell(const struct csv_row *row, size_t at)
{
	return at < row->n ? str_trim(row->cells[at].value) : STR_LIT("");
}

/* mailbulk's own judgement where the file has one. Files of older versions do not say which command was refused: then
 * only evidence of the recipient in the words counts. */
static struct outcome judge_result(const struct columns *c, const struct csv_row *row, bool deferred)
{
	struct outcome_reply reply = {
		.stage = outcome_stage_parse(cell(row, c->stage)),
		.status = cell(row, c->enhanced),
		.words = cell(row, c->reply),
		.recipient = cell(row, c->email),
	};
	enum outcome_reason reason;
	uint64_t code = 0;

	if (outcome_reason_parse(cell(row, c->reason), &reason))
		return outcome_of_reason(reason, reply.stage, deferred);
	/* Not a server's word: not tried, or stopped before. */
	if (!str_number(cell(row, c->code), 599, &code) && (deferred || c->reason != LIST_NONE))
		return (struct outcome){ .reason = OUTCOME_NONE };
	reply.code = (int)code;
	return outcome_judge(&reply);
}

static void take_result(const struct reading *r, const struct columns *c, const struct csv_row *row)
{
	struct str status = cell(row, c->status);
	bool deferred = str_ieq(status, STR_LIT("deferred"));
	struct outcome o = { .reason = OUTCOME_NONE };
	struct bounces_row said = {
		.email = cell(row, c->email),
		.code = cell(row, c->enhanced),
		.words = cell(row, c->reply),
		.message_id = cell(row, c->message_id),
		.key = cell(row, c->key),
		.file = r->path,
		.line = row->line,
		.sent = str_ieq(status, STR_LIT("sent")),
	};

	if (deferred || str_ieq(status, STR_LIT("refused")))
		o = judge_result(c, row, deferred);
	if (date_parse_any(cell(row, c->time), &said.when) != DATE_OK)
		said.when = 0;
	bounces_take_row(r->b, &said, &o);
}

static size_t column(const struct list_form *f, const char *name)
{
	for (size_t i = 0; i < f->columns && f->header == LIST_HEADER_YES; i++)
		if (str_ieq(str_of(f->names[i]), str_of(name)))
			return i;
	return LIST_NONE;
}

static bool find_columns(const struct reading *r, const struct list_form *f, struct columns *c, struct err *err)
{
	*c = (struct columns){ column(f, "email"), column(f, "status"), column(f, "code"), column(f, "enhanced"),
		column(f, "reply"), column(f, "time"), column(f, "reason"), column(f, "stage"), column(f, "message_id"),
		column(f, "key") };
	if (c->email == LIST_NONE)
		c->email = f->email;
	return (c->email != LIST_NONE && c->status != LIST_NONE) ||
		err_set(err, ERR_DATA, "%s: no columns email and status: not results of mailbulk", r->path);
}

/* What was read, then more of the file. */
static bool feed(struct reading *r, struct list_reader *list, struct err *err)
{
	struct str octets = buf_str(&r->octets);

	if (octets.n == 0 && !r->eof && !reading_more(r, err))
		return false;
	octets = buf_str(&r->octets);
	if (octets.n > 0) {
		memcpy(list_reader_room(list, octets.n), octets.p, octets.n);
		(void)list_reader_fed(list, octets.n);
		buf_clear(&r->octets);
	} else {
		(void)list_reader_eof(list);
	}
	return true;
}

bool reading_results(struct reading *r, struct err *err)
{
	struct list_reader list = { .told = false };
	struct columns c = { .email = LIST_NONE };
	enum csv_event event = CSV_MORE;
	struct csv_row row;
	bool ok = true;

	list_reader_init(&list, &(struct list_asked){ .name = r->path, .header = LIST_HEADER_YES });
	while (ok && !list_reader_tell(&list))
		ok = feed(r, &list, err);
	ok = ok && find_columns(r, &list.form, &c, err);
	while (ok && event != CSV_END) {
		event = list_reader_next(&list, &row, err);
		if (event == CSV_ROW)
			take_result(r, &c, &row);
		ok = event != CSV_ERROR && (event != CSV_MORE || feed(r, &list, err));
	}
	list_reader_free(&list);
	return ok;
}

/* --- the journal --- */

static struct str field(struct str *rest)
{
	return rest->p != NULL ? str_cut(rest, '\t') : STR_LIT("");
}

/* A record as cmd/mailbulk/send/ledger.h describes them. */
static bool take_record(void *arg, struct str record, struct err *err)
{
	struct reading *r = arg;
	struct str rest = record;
	struct str letter = field(&rest);
	struct str time = field(&rest);
	struct bounces_row said = { .key = field(&rest), .file = r->path, .sent = str_eq(letter, STR_LIT("S")) };
	struct outcome o = { .reason = OUTCOME_NONE };
	enum outcome_reason reason = OUTCOME_NONE;

	(void)err;
	said.email = field(&rest);
	if (date_parse_any(time, &said.when) != DATE_OK)
		said.when = 0;
	if (str_eq(letter, STR_LIT("T"))) {
		bounces_sent(r->b, said.email, field(&rest), said.key);
		return true;
	}
	if (letter.n != 1 || strchr("SFDU", letter.p[0]) == NULL)
		return true;
	(void)field(&rest); /* the code, which the words have too */
	said.words = field(&rest);
	if (outcome_reason_parse(field(&rest), &reason) && letter.p[0] != 'S')
		o = outcome_of_reason(reason, outcome_stage_parse(field(&rest)), letter.p[0] == 'D');
	else
		(void)field(&rest);
	said.code = field(&rest);
	said.message_id = field(&rest);
	bounces_take_row(r->b, &said, &o);
	return true;
}

/* The incomplete end of a journal that is being written is not there yet. */
bool reading_journal(struct reading *r, struct err *err)
{
	struct journal_scan scan = { .replay = take_record, .arg = r };
	uint64_t whole = 0;
	bool ok = journal_scan_feed(&scan, buf_str(&r->octets), err);

	while (ok && !r->eof) {
		buf_clear(&r->octets);
		ok = reading_more(r, err) && journal_scan_feed(&scan, buf_str(&r->octets), err);
	}
	ok = journal_scan_end(&scan, &whole, ok ? err : NULL) && ok;
	return ok || err_prefix(err, "%s", r->path);
}
