#include <config.h>

#include "mail/address/address.h"
#include "mail/list/answer.h"
#include "mail/list/suppress_local.h"
#include "text/date.h"

/* What the columns of a suppression list are called, and what those of exports say about each person. */

#define NAME_ROOM 48

/* A name without its case, blanks and punctuation; "" when it is longer than any of ours. */
static struct str bare_name(struct str name, char room[NAME_ROOM])
{
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++) {
		if (!ascii_alpha(name.p[i]) && !ascii_digit(name.p[i]))
			continue;
		if (n == NAME_ROOM)
			return STR_LIT("");
		room[n++] = ascii_lower(name.p[i]);
	}
	return str_at(room, n);
}

static size_t rank_of(struct str name, struct str bare, enum suppress_form form)
{
	static const char domains[] =
		"domain domains domainname emaildomain companydomain blockeddomain blockeddomains suppresseddomain "
		"suppresseddomains excludeddomain excludeddomains";
	size_t rank = list_name_rank(name);

	if (rank != LIST_NONE)
		/* (Also the name of somebody.) */
		return str_ieq(name, STR_LIT("recipient")) ? SUPPRESS_RANK_HASH - 1 : rank;
	if (form != SUPPRESS_NO_HASH && !suppress_is_hash(name))
		return SUPPRESS_RANK_HASH;
	return str_among(bare, domains) ? SUPPRESS_RANK_DOMAIN : LIST_NONE;
}

/* Keep the columns in order of rank; of equal ones the first comes first. */
static void add_column(struct suppress_reader *r, size_t at, size_t rank, enum suppress_form form)
{
	size_t i = r->n;

	if (r->n == SUPPRESS_COLUMNS)
		return;
	for (; i > 0 && r->columns[i - 1].rank > rank; i--)
		r->columns[i] = r->columns[i - 1];
	r->columns[i] = (struct suppress_column){ at, rank, (int)form };
	r->n++;
}

/* Columns of services' exports, which have those who may be mailed in them as well. */
static void add_sign(struct suppress_reader *r, size_t at, struct str bare)
{
	static const char left[] =
		"unsubscribed unsubscribedfromallemail isunsubscribed globalunsubscribe optedout optout optedoutofemail "
		"hasoptedoutofemail emailoptout emailoptedout donotemail donotmail donotcontact blocklisted blacklisted "
		"emailblacklisted emailblocklisted suppressed issuppressed emailsuppressed";
	static const char may[] = "acceptsmarketing acceptsemailmarketing subscribed issubscribed emailoptin optin "
				  "emailmarketingconsent marketingconsent";
	static const char status[] = "status subscriptionstatus subscriberstatus emailstatus contactstatus "
				     "marketingstatus emailmarketingstatus";
	enum suppress_sign kind = str_among(bare, left) ? SUPPRESS_LEFT
		: str_among(bare, may)                  ? SUPPRESS_MAY
		: str_among(bare, status)               ? SUPPRESS_STATUS
							: SUPPRESS_NO_SIGN;

	if (kind == SUPPRESS_NO_SIGN || r->signs == SUPPRESS_COLUMNS)
		return;
	r->sign_at[r->signs] = at;
	r->sign[r->signs++] = kind;
}

static void take_name(struct suppress_reader *r, size_t at, struct str name)
{
	static const char reasons[] = "reason why status code type suppressionreason unsubreason unsubscribereason "
				      "bouncereason hardbouncereason blockreason";
	static const char dates[] = "date since time when created createdat unsubtime unsubscribedat unsubscribedate "
				    "optouttime optoutdate cleantime suppressedat lastupdatetime dateadded";
	char room[NAME_ROOM];
	struct str bare = bare_name(name, room);
	enum suppress_form form = suppress_form_of(name);
	size_t rank = rank_of(name, bare, form);

	if (rank != LIST_NONE) {
		add_column(r, at, rank, form);
		return;
	}
	if (r->words == LIST_NONE && str_ieq(name, STR_LIT("words")))
		r->words = at;
	add_sign(r, at, bare);
	if (r->reason == LIST_NONE && str_among(bare, reasons))
		r->reason = at;
	else if (r->date == LIST_NONE && str_among(bare, dates))
		r->date = at;
}

struct str suppress_cell(const struct csv_row *row, size_t i)
{
	return i < row->n ? address_trim(row->cells[i].value) : STR_LIT("");
}

bool suppress_take_header(struct suppress_reader *r, const struct csv_row *row)
{
	const struct list_form *f = &r->list.form;
	bool apart = f->header == LIST_HEADER_YES;

	r->looked = true;
	for (size_t i = 0; apart && i < f->columns; i++)
		take_name(r, i, str_of(f->names[i]));
	for (size_t i = 0; !apart && row != NULL && i < row->n; i++)
		take_name(r, i, suppress_cell(row, i));
	r->file->named = r->n > 0;
	if (r->file->named)
		return !apart;
	r->reason = r->date = r->words = LIST_NONE;
	r->signs = 0;
	return false;
}

bool suppress_is_header(const struct suppress_reader *r, const struct csv_row *row)
{
	for (size_t i = 0; i < r->n; i++)
		if (list_name_rank(suppress_cell(row, r->columns[i].at)) == LIST_NONE)
			return false;
	return r->n > 0;
}

/* --- what they say --- */

/* What a status says in the words of services, where answer_read has others. */
static enum answer read_status(struct str cell)
{
	static const char in[] = "active enabled subscribed";
	static const char out[] =
		"unsubscribe unsubscribed cleaned bounced bounce hardbounce hard-bounce complained complaint "
		"spam blocked blocklisted blacklisted suppressed disabled inactive deleted removed";

	if (str_among(cell, in))
		return ANSWER_IN;
	return str_among(cell, out) ? ANSWER_OUT : answer_read(cell);
}

/* Dates are when somebody left, or joined. */
static enum answer read_flag(struct str cell)
{
	struct date_reading date;
	enum answer answer = answer_read(cell);

	if (answer != ANSWER_UNKNOWN)
		return answer;
	date_read(cell, 0, &date);
	return date.kind == DATE_READ ? ANSWER_YES : date.kind == DATE_NONE ? ANSWER_NONE : ANSWER_UNKNOWN;
}

static enum suppress_says says_of(enum suppress_sign sign, struct str cell)
{
	enum answer answer = sign == SUPPRESS_STATUS ? read_status(cell) : read_flag(cell);

	if (answer == ANSWER_NONE)
		return sign == SUPPRESS_MAY ? SUPPRESS_SAYS_UNKNOWN : SUPPRESS_SAYS_NOTHING;
	if (sign == SUPPRESS_STATUS)
		return answer == ANSWER_IN     ? SUPPRESS_SAYS_NOTHING
			: answer == ANSWER_OUT ? SUPPRESS_SAYS_GONE
					       : SUPPRESS_SAYS_UNKNOWN;
	if (answer == ANSWER_IN || answer == (sign == SUPPRESS_MAY ? ANSWER_YES : ANSWER_NO))
		return SUPPRESS_SAYS_MAY;
	/* Doubt is for who may have left. */
	return SUPPRESS_SAYS_GONE;
}

bool suppress_counted_until(struct str words, struct str *rest)
{
	size_t n = strlen(SUPPRESS_COUNTED);

	if (!str_starts(words, STR_LIT(SUPPRESS_COUNTED)) || words.n < n + 11 || words.p[n + 10] != ':')
		return false;
	*rest = str_trim(str_sub(words, n + 11, words.n));
	return true;
}

enum suppress_says suppress_says(const struct suppress_reader *r, const struct csv_row *row)
{
	struct str rest;

	if (r->words != LIST_NONE && suppress_counted_until(suppress_cell(row, r->words), &rest))
		return SUPPRESS_SAYS_MAY;
	enum suppress_says most = r->signs == 0 ? SUPPRESS_SAYS_UNKNOWN : SUPPRESS_SAYS_NOTHING;

	for (size_t i = 0; i < r->signs; i++) {
		enum suppress_says says = says_of(r->sign[i], suppress_cell(row, r->sign_at[i]));

		most = says > most ? says : most;
	}
	return most;
}
