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
};

/*
 * Judge one complete message (header and body, LF or CRLF, with or without a From_ line) and replace d's reports.
 * Only the first MiB is looked at and at most 1,000 recipients are reported; of several reports for one recipient
 * the worst is kept. A message without reports gives d->n 0; there are no errors.
 */
void dsn_read(struct dsn *d, struct str message);
/* Leaves d zeroed; freeing a zeroed one does nothing. */
void dsn_free(struct dsn *d);
/* The class of a judgement; for results files of mailbulk too. */
enum dsn_class dsn_class_of(const struct outcome *o);

#endif
