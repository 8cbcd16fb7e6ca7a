#ifndef PIPEMAIL_MAIL_DSN_STATE_H
#define PIPEMAIL_MAIL_DSN_STATE_H

#include "mail/message/mime_read.h"
#include "mail/returns/dsn.h"

/*
 * The inside of mail/dsn, shared by its parts: dsn (what is tried in which order), mail (the
 * message taken apart), fields (RFC 3464 and 6533), text (what mail servers write for people), arf
 * (complaints and requests), judge (mail/outcome asked with what the mail knows).
 */

/* A report has three parts or four; whoever sends more of them has something else in mind. */
#define DSN_LEAVES 32

struct dsn_mail {
	struct str message;
	struct str header;
	struct mime_leaf leaves[DSN_LEAVES];
	size_t n_leaves;
	size_t next_text;    /* leaf that may hold more of the text */
	struct buf subject;  /* decoded, on one line */
	struct buf sender;   /* address of From, or empty */
	struct buf text;     /* the report for people, decoded, up to the returned message */
	struct buf returned; /* header of the returned message, as far as there is one */
	struct buf own;      /* where the report went, each address with a blank behind it */
	struct buf senders;  /* the same, who sent what it returns */
	int64_t when;
};

void dsn_mail_load(struct dsn_mail *m, struct str message);
void dsn_mail_free(struct dsn_mail *m);
/* Append the next part of text; false when there is none. */
bool dsn_mail_text(struct dsn_mail *m);
bool dsn_mail_has(const struct dsn_mail *m, const char *type);
/* Is address never a recipient that failed: our own, a postmaster's, a mail server's? */
bool dsn_mail_is_nobody(const struct dsn_mail *m, struct str address);
/* Did address send what is returned? Then prose that names it means the sender. */
bool dsn_mail_is_sender(const struct dsn_mail *m, struct str address);
/* A leaf decoded, as much of it as fits into out. */
bool dsn_decode(const struct mime_leaf *leaf, struct buf *out);
bool dsn_is_returned(const struct mime_leaf *leaf);
/* The only address in the fields of that name, or false: of two nobody knows which is meant. */
bool dsn_only_address(struct str header, const char *name, struct buf *out);
/* The recipient in an address made for it: "bounces+ann=example.org@…" among the fields that say
 * where a message was sent. */
bool dsn_verp(struct str header, struct buf *recipient);

/* What the words of a bounce say about one recipient (more forms of its address: blanks between them). */
struct outcome dsn_judge(const struct dsn_mail *m, struct str recipient, struct str status, struct str words,
	enum outcome_stage stage);
/* The same where it is not certain that the words are about this recipient: never hard. */
struct outcome dsn_judge_doubtful(const struct dsn_mail *m, struct str recipient, struct str words);

/* Keep a report; o: NULL for a complaint or a request. A recipient that is no address is left out; of two for one
 * recipient the worse stays. */
void dsn_keep(struct dsn *d, enum dsn_class class, const struct outcome *o, struct str recipient, struct str status,
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
bool dsn_read_text(struct dsn *d, struct dsn_mail *m);

/* Does a mail server say that something was not delivered; is it a mail server that writes? */
bool dsn_is_bounce(const struct dsn_mail *m);
bool dsn_is_server(const struct dsn_mail *m);
/* What the report for people says about one recipient, appended to out. */
void dsn_text_about(const struct dsn_mail *m, struct str recipient, struct buf *out);

#endif
