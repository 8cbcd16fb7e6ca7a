#ifndef PIPEMAIL_LISTSCRUB_JUDGE_H
#define PIPEMAIL_LISTSCRUB_JUDGE_H

#include "base/arena.h"
#include "cmd/listscrub/judge/idn.h"
#include "cmd/listscrub/judge/lists.h"
#include "cmd/listscrub/settings.h"
#include "cmd/listscrub/reason.h"
#include "mail/address/address.h"
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
	uint64_t newest;
	uint64_t newest_contested;
	uint64_t hashes; /* addresses that could not be hashed and looked up: the run fails */
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

/*
 * What is thought of one row: everything but whether it is a duplicate. The same row gets the same verdict each time
 * it is judged, so that a list can be read twice.
 */
struct judge {
	const struct settings *set;
	const struct list_form *form;
	size_t email;
	struct judge_answers *consents;
	size_t n_consents;
	struct judge_answers *opt_outs;
	size_t n_opt_outs;
	struct judge_dates *active;
	size_t actives;
	struct judge_dates newest;
	bool notes_dates; /* in a first pass: see judge_wants_dates */
	bool only_dates;  /* nothing else is asked in it: rows are REASON_ELSEWHERE */
	struct suppress suppress;
	struct lists lists;
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
	struct str unread; /* COLUMN=value that was not understood, as it may be shown */
	struct str key;    /* comparing form of the address; empty where there is none */
	struct str folded; /* the same, or the provider's form if asked for */
	struct str domain; /* in A-labels, lower case: the end of the plain key */
	int64_t date;      /* of --keep newest */
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

/* Are there dates that other dates of their column may explain? Then all rows are to be judged once with notes_dates,
 * and after them judge_settle_dates. */
bool judge_wants_dates(const struct judge *j);
void judge_settle_dates(struct judge *j);

/* --- between judge.c, judge_address.c and judge_person.c --- */

/* The address of a row, or why it has none: fills key, domain, address. */
enum reason judge_address(struct judge *j, struct str cell, struct verdict *v);
/* Consent, its withdrawal and activity. */
enum reason judge_consent(struct judge *j, const struct csv_row *row, struct verdict *v);
enum reason judge_opt_out(struct judge *j, const struct csv_row *row, struct verdict *v);
/* Whoever may have been active is not inactive. */
enum reason judge_activity(struct judge *j, const struct csv_row *row, struct verdict *v);
/* The date of --keep newest; one that cannot be read is older than all others. */
int64_t judge_newest(struct judge *j, const struct csv_row *row);
void judge_note_dates(struct judge *j, const struct csv_row *row);
/* A column that a short row does not have is blank. */
struct str judge_cell(const struct csv_row *row, size_t at);

#endif
