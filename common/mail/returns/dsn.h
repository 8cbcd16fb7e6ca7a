#ifndef PIPEMAIL_MAIL_DSN_H
#define PIPEMAIL_MAIL_DSN_H

#include "base/buf.h"
#include "mail/returns/outcome.h"

/* clang-format off */
/*
 * What one message of a bounce mailbox says about which recipients: delivery reports (RFC 3464, RFC 6533),
 * complaints (RFC 5965), unsubscribe requests, and the common bounces in free form. What a bounce means is judged
 * by mail/returns/outcome. The message is hostile input: the work is limited and nothing in it is trusted to be an
 * address.
 *
 *     struct dsn d = { 0 };
 *     for each message:
 *             dsn_read(&d, message);
 *             for (size_t i = 0; i < d.n; i++)
 *                     ... d.reports[i] ...
 *     dsn_free(&d);
 */
/* clang-format on */
enum dsn_class {
	/* Not a report: an auto-reply, a person, a DMARC failure report, a delay notice, success. */
	DSN_NOTHING,
	DSN_HARD,      /* the recipient or its domain does not exist */
	DSN_SOFT,      /* a failure of the recipient or on the way there: counted against a limit */
	DSN_COMPLAINT, /* a report of abuse (ARF; fraud and virus too); opt-out is DSN_UNSUBSCRIBE */
	DSN_UNSUBSCRIBE,
	DSN_UNCOUNTED, /* not delivered, for a reason that has nothing to do with the recipient */
};

/* What a message is. */
enum dsn_kind {
	DSN_IS_UNKNOWN,   /* nothing that we understand: for a person to read */
	DSN_IS_BOUNCE,    /* with recipients */
	DSN_IS_COMPLAINT, /* also where its recipient is not named */
	DSN_IS_REQUEST,   /* to be taken off */
	DSN_IS_AWAY,      /* an auto-reply */
	DSN_IS_NOTICE,    /* a delay, a success, a receipt, a DMARC report: nothing comes of it */
};

/* What else stands in it: who it is for, and which message it is about. Live as long as the reports; empty: none. */
struct dsn_facts {
	enum dsn_kind kind;
	struct str message_id;  /* its own, without <> */
	struct str returned_id; /* of the message that it is about, likewise */
	struct str to;     /* the addresses it was sent to, and what it is about was sent from, each with a blank */
	struct str sender; /* the address of From */
	struct str subject;
	struct str first_line; /* the first that is not quoted */
	int64_t when;          /* its Date, in seconds since 1970; 0: none */
	bool automatic;        /* no person wrote it */
	/* Of a complaint that does not say whose it is: what would be said of the one to whom returned_id was sent. */
	enum dsn_class nameless;
};

/* What is said about one recipient. The slices live until the next dsn_read or dsn_free. */
struct dsn_report {
	enum dsn_class class;
	enum outcome_reason reason; /* OUTCOME_NONE for complaints and requests */
	enum outcome_stage stage;
	struct str recipient; /* local@domain as reported */
	struct str status;    /* "5.1.1", or empty */
	/* what the server said, on one line, about 290 bytes at most, or empty; not safe for a terminal */
	struct str diagnostic;
	int64_t when; /* Arrival-Date or Date of the report, in seconds since 1970; 0: none */
	char *owned;  /* what the slices point into; freed by dsn_free */
};

/* Zeroed at first; reused for the next message. */
struct dsn {
	struct dsn_report *reports;
	size_t n;
	size_t cap;
	struct dsn_facts facts;
	char *owned; /* what the facts point into */
};

/*
 * Judge one complete message (header and body, LF or CRLF, with or without a From_ line) and replace d's reports.
 * Only the first MiB is looked at and at most 1,000 recipients are reported; of several reports for one recipient
 * the worst is kept. A message without reports gives d->n 0; there are no errors.
 */
void dsn_read(struct dsn *d, struct str message);
/* Is s, the first line of what a person wrote, a wish to leave? */
bool dsn_is_wish(struct str s);
/* Leaves d zeroed; freeing a zeroed one does nothing. */
void dsn_free(struct dsn *d);
/* The class of a judgement; for results files of mailbulk too. */
enum dsn_class dsn_class_of(const struct outcome *o);

#endif
