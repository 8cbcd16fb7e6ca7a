#ifndef PIPEMAIL_MAIL_DSN_H
#define PIPEMAIL_MAIL_DSN_H

#include "base/buf.h"
#include "mail/returns/outcome.h"

/*
 * What one message of a bounce mailbox says about which recipients: delivery reports (RFC 3464, RFC
 * 6533), complaints (RFC 5965), unsubscribe requests, and the common free-form bounces. What a bounce
 * means is judged by mail/outcome, with our own addresses as the bounce itself names them.
 */
enum dsn_class {
	DSN_NOTHING,   /* no report: an auto-reply, a person, a DMARC failure report, a delay notice,
			success */
	DSN_HARD,      /* the recipient or its domain does not exist */
	DSN_SOFT,      /* the recipient, or the way there: counted */
	DSN_COMPLAINT, /* ARF abuse (fraud, virus… are too), opt-out is DSN_UNSUBSCRIBE */
	DSN_UNSUBSCRIBE,
	DSN_UNCOUNTED, /* not delivered, for a reason that has nothing to do with the recipient */
};

struct dsn_report {
	enum dsn_class class;
	enum outcome_reason reason; /* OUTCOME_NONE for complaints and requests */
	enum outcome_stage stage;
	struct str recipient;  /* local@domain as reported */
	struct str status;     /* "5.1.1", or empty */
	struct str diagnostic; /* the server's words, on one line, or empty */
	int64_t when;          /* Arrival-Date or Date of the report in seconds, 0: none */
	char *owned;           /* what the slices point into */
};

struct dsn {
	struct dsn_report *reports;
	size_t n;
	size_t cap;
};

/* Judge one whole message (header and body, LF or CRLF, with or without a From_ line). d is cleared
 * first; of a message only the first MiB is looked at, and at most 1,000 recipients are reported.
 */
void dsn_read(struct dsn *d, struct str message);
void dsn_free(struct dsn *d);
/* The class of a judgement, for results files of mailbulk too. */
enum dsn_class dsn_class_of(const struct outcome *o);

#endif
