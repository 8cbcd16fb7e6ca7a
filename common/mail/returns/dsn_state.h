#ifndef PIPEMAIL_MAIL_DSN_STATE_H
#define PIPEMAIL_MAIL_DSN_STATE_H

#include "mail/message/mime_read.h"
#include "mail/returns/dsn.h"

/*
 * The inside of mail/returns/dsn, shared by its files: dsn (what is tried in which order), mail (the message taken
 * apart), fields (RFC 3464 and 6533), text (what mail servers write for people), arf (complaints and requests),
 * judge (outcome asked with what the mail shows). No other module includes this.
 */

/* A report has three or four parts; the parts after these are not read. */
#define DSN_LEAVES 32
/* So many octets of a message are looked at. */
#define DSN_LOOK_AT ((size_t)1 << 20)
/* Of one message; more recipients are not reported. */
#define DSN_MAX_REPORTS ((size_t)1000)

/* One message taken apart. Slices point into the message, which outlives it. */
struct dsn_mail {
	struct str message;
	struct str header;
	struct mime_leaf leaves[DSN_LEAVES];
	size_t n_leaves;
	size_t next_text;    /* index of the leaf that may have more of the text */
	struct buf subject;  /* decoded, on one line */
	struct buf sender;   /* address of From, or empty */
	struct buf text;     /* the report for people, decoded, up to the returned message */
	struct buf returned; /* header of the returned message, as far as there is one */
	struct buf own;      /* the addresses the report was sent to, each followed by a space */
	struct buf senders;  /* likewise those that sent what is returned */
	int64_t when;        /* seconds since 1970, 0: none */
	bool server;         /* a mail server writes */
};

/* Fill m, whose previous content is overwritten without being freed; then dsn_mail_free. */
void dsn_mail_load(struct dsn_mail *m, struct str message);
void dsn_mail_free(struct dsn_mail *m);
/* Append the next part of the text for people to m->text; false when there is none. */
bool dsn_mail_text(struct dsn_mail *m);
/* Is there a leaf of this type? */
bool dsn_mail_has(const struct dsn_mail *m, const char *type);
/* Is address never a recipient that failed: our own, a postmaster's, a mail server's? */
bool dsn_mail_is_nobody(const struct dsn_mail *m, struct str address);
/* Did this address send what is returned? A sentence that names it then means the sender. */
bool dsn_mail_is_sender(const struct dsn_mail *m, struct str address);
/* Append a leaf decoded, as much of it as fits into out. */
bool dsn_decode(const struct mime_leaf *leaf, struct buf *out);
bool dsn_is_returned(const struct mime_leaf *leaf);
/*
 * Append the address of the fields of that name. False when there is none or more than one: it is not known which
 * is meant.
 */
bool dsn_only_address(struct str header, const char *name, struct buf *out);
/*
 * The recipient in an address that was made for it (VERP): "bounces+ann=example.org@..." in the fields that say
 * where a message was sent.
 */
bool dsn_verp(struct str header, struct buf *recipient);

/* Judge what the words of a bounce say about one recipient (several forms of its address: separated by spaces). */
struct outcome dsn_judge(const struct dsn_mail *m, struct str recipient, struct str status, struct str words,
	enum outcome_stage stage);
/* The same where it is known which host said it. */
struct outcome dsn_judge_said(const struct dsn_mail *m, struct str recipient, struct str status, struct str words,
	enum outcome_stage stage, struct str host);
/*
 * The same from what a report for people says about one recipient: the server's own words in it count before those of
 * the program that reports them. *words becomes the part that is worth keeping.
 */
struct outcome dsn_judge_text(const struct dsn_mail *m, struct str recipient, struct str *words);
/* The same when it is not certain that the words are about this recipient: never a hard bounce. */
struct outcome dsn_judge_doubtful(const struct dsn_mail *m, struct str recipient, struct str words);

/*
 * Add a report; everything is copied. o is NULL for a complaint or a request. Nothing is added for DSN_NOTHING and
 * for a recipient that is not an address; of two reports for one recipient the worse is kept.
 */
void dsn_keep(struct dsn *d, enum dsn_class class, const struct outcome *o, struct str recipient, struct str status,
	struct str diagnostic, int64_t when);
/* The address in a field such as "rfc822; ann@example.org", or none: false. xtext: decode it (RFC 3461, 4). */
bool dsn_field_address(struct str body, bool xtext, struct buf *out);
/* Is s an address that may be reported? */
bool dsn_is_address(struct str s);
/*
 * Tables of words are one string, lower case, with "|" between the words. Does s contain any of them, ignoring
 * ASCII case; begin with one; equal one?
 */
bool dsn_says(struct str s, const char *words);
bool dsn_starts(struct str s, const char *words);
bool dsn_is(struct str s, const char *words);

/*
 * The parts. Each returns true when the message was of its kind, whether or not there was anything to keep; then
 * the others are not tried.
 */
bool dsn_read_feedback(struct dsn *d, const struct dsn_mail *m);
bool dsn_read_unsubscribe(struct dsn *d, const struct dsn_mail *m);
bool dsn_read_fields(struct dsn *d, const struct dsn_mail *m);
bool dsn_read_text(struct dsn *d, struct dsn_mail *m);

/* Did a mail program send it because its button for leaving was pressed? */
bool dsn_is_of_button(const struct dsn_mail *m);
/* The first line of a person's text that is not blank and not quoted. */
struct str dsn_first_line(struct str text);

/* Fill the facts of d. */
void dsn_take_facts(struct dsn *d, const struct dsn_mail *m, enum dsn_kind kind);
/* Is it a delay notice, or the like, among bounces? */
bool dsn_is_pending(const struct dsn_mail *m);

/* Does a mail server say that something was not delivered? And is it a mail server that writes? */
bool dsn_is_bounce(const struct dsn_mail *m);
bool dsn_is_server(const struct dsn_mail *m);

#endif
