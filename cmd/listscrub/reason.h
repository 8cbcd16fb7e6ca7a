#ifndef PIPEMAIL_LISTSCRUB_REASON_H
#define PIPEMAIL_LISTSCRUB_REASON_H

/* Why a row is rejected, in the order in which the reasons are tried. */
enum reason {
	REASON_NONE, /* kept */
	REASON_EMPTY,
	REASON_RAGGED,
	REASON_SYNTAX,
	REASON_RESERVED,
	REASON_SUPPRESSED,
	REASON_COMPLAINED,
	REASON_UNSUBSCRIBED,
	REASON_BOUNCED,
	REASON_LISTED_BEFORE,
	REASON_NOT_LISTED,
	REASON_NO_CONSENT,
	REASON_NOT_CONFIRMED,
	REASON_OPT_OUT,
	REASON_UNENGAGED,
	REASON_INACTIVE,
	REASON_ROLE,
	REASON_DISPOSABLE,
	REASON_NO_MAIL_DOMAIN,
	REASON_DUPLICATE,
	REASON_COUNT,
	/* Neither kept nor rejected: */
	REASON_ELSEWHERE = REASON_COUNT, /* the row is in another share, and not written */
	REASON_BLANK,                    /* nothing is in the row; it is written as an empty one */
};

/* "syntax", "reserved-domain"…; "" for REASON_NONE; not of REASON_ELSEWHERE. */
const char *reason_name(enum reason reason);
/* The same for people: "malformed address". */
const char *reason_text(enum reason reason);

#endif
