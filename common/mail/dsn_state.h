#ifndef PIPEMAIL_MAIL_DSN_STATE_H
#define PIPEMAIL_MAIL_DSN_STATE_H

#include "mail/dsn.h"

/*
 * The inside of mail/dsn, shared by its parts: dsn (what is tried in which order), fields (RFC 3464
 * and 6533), text (what mail servers write for people), arf (complaints and requests), judge (what
 * a status and words mean).
 */
struct dsn_mail {
	struct str message;
	struct str header;
	struct buf subject; /* decoded, on one line */
	struct buf sender;  /* address of From, or empty */
	struct buf
		text; /* the report for people, decoded, up to where the returned message begins */
	int64_t when;
};

enum dsn_evidence {
	EVIDENCE_NONE, /* says no more than that it failed */
	EVIDENCE_SOFT,
	EVIDENCE_GONE, /* the recipient or its domain does not exist */
};

enum dsn_evidence dsn_weigh(struct str status, struct str text);
/* The first status code ("5.1.1") in s, or STR_NONE. */
struct str dsn_find_status(struct str s);

/* Keep a report. A recipient that is no address is left out; of two for one recipient the worse
 * stays. */
void dsn_keep(struct dsn *d, enum dsn_class class, struct str recipient, struct str status,
	struct str diagnostic, int64_t when);
/* Is s an address that may be reported? */
bool dsn_is_address(struct str s);
/* Tables of words are one string, lower case, with "|" between them. Is any of them in s, whatever
 * its case; does s begin with any, or is it one? */
bool dsn_says(struct str s, const char *words);
bool dsn_starts(struct str s, const char *words);
bool dsn_is(struct str s, const char *words);

/* The parts. Each returns true when the message was of its sort, whether or not there was anything
 * to keep. */
bool dsn_read_feedback(struct dsn *d, const struct dsn_mail *m);
bool dsn_read_unsubscribe(struct dsn *d, const struct dsn_mail *m);
bool dsn_read_fields(struct dsn *d, const struct dsn_mail *m);
bool dsn_read_text(struct dsn *d, const struct dsn_mail *m);

/* Fill m->text. */
void dsn_text_load(struct dsn_mail *m);
/* What the report for people says about one recipient, appended to out. */
void dsn_text_about(const struct dsn_mail *m, struct str recipient, struct buf *out);
/* The recipient in an address made for it: "bounces+ann=example.org@…" among the fields that the
 * message was sent to. */
bool dsn_verp(const struct dsn_mail *m, struct buf *recipient);

#endif
