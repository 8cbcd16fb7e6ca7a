#ifndef PIPEMAIL_LISTSCRUB_JUDGE_H
#define PIPEMAIL_LISTSCRUB_JUDGE_H

#include "base/arena.h"
#include "cmd/listscrub/judge/idn.h"
#include "cmd/listscrub/judge/lists.h"
#include "cmd/listscrub/judge/others.h"
#include "cmd/listscrub/judge/repair.h"
#include "cmd/listscrub/settings.h"
#include "cmd/listscrub/reason.h"
#include "mail/address/address.h"
#include "mail/address/tld.h"
#include "mail/list/answer.h"
#include "mail/list/digests.h"
#include "mail/list/suppress.h"

struct bounces;
struct csv_row;
struct mx;
struct suggest;

/* Cells that say nothing to us: neither yes nor no, or no date. */
struct judge_unread {
	uint64_t consent;
	uint64_t opt_out;
	uint64_t active;           /* rows that are kept because a date of activity cannot be read, */
	uint64_t active_contested; /* or may be one of two */
	uint64_t engagement;       /* rows that are kept because a count of --unengaged cannot be read */
	uint64_t newest;
	uint64_t newest_contested;
	uint64_t several; /* cells with more than one address */
	uint64_t hashes;  /* addresses that could not be hashed and looked up: the run fails */
};

/* A column in which people said yes or no. Borrowed of the settings. */
struct judge_answers {
	size_t at;
	struct str name;   /* as it was given */
	struct str values; /* that mean yes, separated by commas; p NULL: words and dates as they are known */
};

/* A column of dates, and the orders that its dates may have (date.h). */
struct judge_dates {
	size_t at; /* LIST_NONE: not asked for */
	unsigned orders;
	unsigned noted; /* those that all dates noted so far have in common */
};

/* --unengaged: columns that count what was sent to somebody, and what that one opened. */
#define JUDGE_COUNTS 8
struct judge_counts {
	size_t sent[JUDGE_COUNTS]; /* added up */
	size_t n_sent;
	size_t opened[JUDGE_COUNTS]; /* one that is not 0 is enough */
	size_t n_opened;
	uint64_t least; /* sent; 0: not asked for */
};

/* A row that says no. Those of one mailbox are one, the latest. */
struct judge_no {
	int64_t at; /* when, in seconds since 1970; INT64_MAX: not known */
	uint64_t line;
	bool opt_out; /* by --opt-out */
};

/* Who said no in any row (judge_no.c): nobody of them is mailed because another row says yes. */
struct judge_noes {
	struct digests set; /* of addresses; values: positions in list */
	struct judge_no *list;
	size_t n;
	size_t cap;
	bool borrowed; /* of another judge */
};

/*
 * What is thought of one row: everything but whether it is a duplicate. The same row gets the same verdict each time
 * it is judged, so that a list can be read twice.
 */
struct judge {
	const struct settings *set;
	const struct list_form *form;
	size_t email;
	size_t more[LIST_MORE]; /* columns where it is blank */
	size_t n_more;
	struct judge_answers *consents;
	size_t n_consents;
	struct judge_answers *opt_outs;
	size_t n_opt_outs;
	struct judge_counts engaged;
	struct judge_noes noes;
	struct judge_dates *active;
	size_t actives;
	struct judge_dates newest;
	bool notes_dates; /* in a first pass: see judge_wants_dates */
	bool notes_noes;  /* the same: see judge_wants_noes */
	bool only_notes;  /* nothing else is asked in it: rows are REASON_ELSEWHERE */
	struct suppress suppress;
	struct tld tld;
	struct lists lists;
	struct others except;             /* lists that rows must not be on */
	struct others both;               /* lists on one of which they must be */
	const struct bounces *bounces;    /* NULL: none */
	const struct suppress *confirmed; /* NULL: whoever is on the list may be mailed */
	struct mx *mx;                    /* NULL: not asked, or not answered yet */
	struct suggest *suggest;          /* NULL: not asked for */
	int64_t active_since;             /* seconds since 1970 */
	bool details;                     /* somebody will read them */
	bool only_address;                /* nothing else is asked about: see judge_begin */
	struct arena *arena;              /* what verdicts point to */

	struct idn idn;
	struct buf shadow;
	struct repair repair;
	struct address address;
	struct buf key;
	struct buf folded;
	char plain[ADDRESS_PLAIN_ROOM];
	struct judge_unread unread;
};

/* Slices live until arena_clear, key and domain until the next row. */
struct verdict {
	enum reason reason;
	struct str detail;
	struct str address; /* what goes into the cell, p NULL: what stands there */
	struct str suggestion;
	struct str
		fixed;  /* what was wrong with the cell, where address is not what was meant to be there; static text */
	struct str tld; /* that does not exist, or empty */
	struct str unread; /* COLUMN=value that was not understood, as it may be shown */
	struct str key;    /* comparing form of the address; empty where there is none */
	struct str folded; /* the same, or the provider's form if asked for */
	struct str domain; /* in A-labels, lower case: the end of the plain key */
	int64_t date;      /* of --keep newest */
	int64_t consented; /* the last date of --consent, or INT64_MIN */
};

void judge_add_unread(struct judge_unread *sum, const struct judge_unread *u);

/* Load the lists that the settings name. 65, 66, 71, 74. */
bool judge_init(struct judge *j, const struct settings *set, struct err *err);
/* Find the columns in a list. 65. */
bool judge_columns(struct judge *j, const struct list_form *form, const char *name, struct err *err);
void judge_free(struct judge *j);

/* All that is set above stays as it is until the next judge_begin. */
void judge_begin(struct judge *j);
void judge_row(struct judge *j, const struct csv_row *row, struct verdict *v);

/* Another judge by the same lists, for another thread; of j nothing may change as long as it is there. Not where there
 * are suggestions: they remember what was asked before. */
void judge_join(struct judge *other, const struct judge *j);
void judge_leave(struct judge *j);
/* What another judge noted of rows whose lines begin `lines` further down is noted by j as well. */
void judge_take_notes(struct judge *j, const struct judge *other, uint64_t lines);
/* It forgets what it noted. */
void judge_drop_notes(struct judge *j);

/* Are there dates that other dates of their column may explain? Then all rows are to be judged once with notes_dates,
 * and after them judge_end_notes. */
bool judge_wants_dates(const struct judge *j);

/* Do other rows say whether somebody said no? As judge_wants_dates, with notes_noes. */
bool judge_wants_noes(const struct judge *j);
/* Begin and end such a first reading. */
void judge_begin_notes(struct judge *j);
void judge_end_notes(struct judge *j);

/* --- between the files of judge.h --- */

/*
 * Circle because judge.c asks each of the others for its part of a verdict, and they read cells and fold addresses as
 * it does.
 */

/* The address of a row, or why it has none: fills key, domain, address. */
enum reason judge_address(struct judge *j, struct str cell, struct verdict *v);
/* Consent, its withdrawal and activity. */
enum reason judge_consent(struct judge *j, const struct csv_row *row, struct verdict *v);
enum reason judge_opt_out(struct judge *j, const struct csv_row *row, struct verdict *v);
/* Whoever may have been active is not inactive. */
enum reason judge_activity(struct judge *j, const struct csv_row *row, struct verdict *v);
/* The date of --keep newest; one that cannot be read is older than all others. */
int64_t judge_newest(struct judge *j, const struct csv_row *row);
/* The column with the address of this row: the first that is filled. */
size_t judge_email_at(const struct judge *j, const struct csv_row *row);
/* Does the row of a list with its own columns end before a cell that decides? */
bool judge_needs_more(const struct judge *j, const struct csv_row *row, const size_t *map);
/* The cell with the address. */
struct str judge_address_cell(const struct judge *j, const struct csv_row *row);
/* Find the columns of --unengaged. 64, 65. */
bool judge_find_counts(struct judge *j, const char *list, struct err *err);
/* The column that option asks for in the list, LIST_NONE where wanted is NULL. 65: there is none. */
bool judge_find_column(const struct judge *j, const char *option, const char *wanted, const char *list, size_t *at,
	struct err *err);
enum reason judge_engagement(struct judge *j, const struct csv_row *row, struct verdict *v);
/* Is there a cell that this row would need for a judgement, and does not have? */
bool judge_lacks_counts(const struct judge *j, const struct csv_row *row);

/* What a cell of --consent or --opt-out says; *at is when it was said, the earliest time or the last; INT64_MIN: it has
 * no date. */
enum answer judge_read_answer(const struct judge *j, const struct judge_answers *a, struct str cell, bool last,
	int64_t *at);
/* Note a row that says no; is there one of the same mailbox that outweighs the yes of this one? */
void judge_note_no(struct judge *j, const struct csv_row *row);
enum reason judge_no(struct judge *j, struct verdict *v);
void judge_take_noes(struct judge *j, const struct judge_noes *other, uint64_t lines);
/* Notes of its own, none so far. */
void judge_own_notes(struct judge *j);
/* judge_repair.c: the cell as it was meant, judged again. reason is what is thought of it as it stands; returns what is
 * thought now: with --fix a repair may have made it right. */
enum reason judge_repair(struct judge *j, struct str cell, enum reason reason, struct verdict *v);
/* A top-level domain that does not exist: v->tld, and with --strict-tld the reason. */
enum reason judge_tld(struct judge *j, struct verdict *v);
/* The domain that was probably meant, of an address that is one. */
void judge_suggest(struct judge *j, struct verdict *v);
/* The form that decides what is one mailbox: v->folded. */
void judge_fold(struct judge *j, struct verdict *v);
void judge_note_dates(struct judge *j, const struct csv_row *row);
/* A column that a short row does not have is blank. */
struct str judge_cell(const struct csv_row *row, size_t at);

#endif
