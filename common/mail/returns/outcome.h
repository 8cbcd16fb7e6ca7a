#ifndef PIPEMAIL_MAIL_OUTCOME_H
#define PIPEMAIL_MAIL_OUTCOME_H

#include "base/err.h"
#include "base/str.h"

/*
 * One judgement of every reply: what a server's words are about, and what follows from them. mailsend, mailbulk and
 * listscrub ask here, so that the same reply means the same everywhere.
 *
 * The stage is evidence before the words: a reply to MAIL, EHLO or AUTH is never about a recipient. The rules are data
 * (outcome_rules.c). Where several apply, the one that blames the recipient least wins, and where none applies the
 * reason is unknown: nothing is refused for good without evidence.
 */

/* The command that was answered. */
enum outcome_stage {
	OUTCOME_AT_UNKNOWN, /* a bounce that does not say */
	OUTCOME_AT_CONNECT,
	OUTCOME_AT_GREETING,
	OUTCOME_AT_EHLO, /* and HELO, LHLO */
	OUTCOME_AT_STARTTLS,
	OUTCOME_AT_AUTH,
	OUTCOME_AT_MAIL,
	OUTCOME_AT_RCPT,
	OUTCOME_AT_DATA,    /* the reply to the command, not to the message */
	OUTCOME_AT_CONTENT, /* the reply to the message, by DATA or BDAT */
	OUTCOME_AT_QUIT,
	OUTCOME_STAGES,
};

/* In the order of blame: who has least to do with the recipient stands first, and wins. */
enum outcome_reason {
	OUTCOME_NONE, /* no refusal */
	OUTCOME_LOGIN,
	OUTCOME_SENDER,
	OUTCOME_RATE,
	OUTCOME_REPUTATION,
	OUTCOME_FORMAT,
	OUTCOME_SIZE,
	OUTCOME_CONTENT,
	OUTCOME_SERVER,
	OUTCOME_LOOP,
	OUTCOME_EXPIRED,
	OUTCOME_FULL,
	OUTCOME_RECIPIENT_POLICY,
	OUTCOME_DISABLED,
	OUTCOME_DELAY,
	OUTCOME_MOVED,
	OUTCOME_NO_DOMAIN,
	OUTCOME_NO_MAILBOX,
	OUTCOME_UNKNOWN,
	OUTCOME_REASONS,
};

enum outcome_about {
	OUTCOME_ABOUT_NOTHING,
	OUTCOME_ABOUT_RECIPIENT,
	OUTCOME_ABOUT_MESSAGE,
	OUTCOME_ABOUT_US,
	OUTCOME_ABOUT_SERVER,
	OUTCOME_ABOUT_PATH,
};

/* What it counts for against the address on a list. */
enum outcome_bounce { OUTCOME_BOUNCE_NONE, OUTCOME_BOUNCE_SOFT, OUTCOME_BOUNCE_HARD };

/* What becomes of the row of a campaign. */
enum outcome_row {
	OUTCOME_ROW_REFUSED,  /* for good */
	OUTCOME_ROW_DEFERRED, /* tried again in this run */
	OUTCOME_ROW_PUT_BACK, /* left for another run */
};

/* What becomes of the run. */
enum outcome_run {
	OUTCOME_RUN_ON,
	OUTCOME_RUN_SLOWER, /* this server, or this provider, gets less for a while */
	OUTCOME_RUN_STOP,
};

/* What is known of a reply. Zero is a valid value of every member: not known. All slices are borrowed. */
struct outcome_reply {
	enum outcome_stage stage; /* unknown: looked for in the words */
	int code;                 /* 0: looked for in the words */
	struct str status;        /* enhanced status, "5.1.1"; one in the words counts for more */
	struct str words;         /* the first 4,000 octets count */
	struct str us;            /* our addresses, domains and IP addresses, blanks between them */
	struct str recipient;     /* the recipient's address, or several forms of it with blanks between them */
	struct str host;          /* who said it */
	bool shared;              /* the transaction has other recipients: only the reply to RCPT is about one */
	bool reported;            /* from a bounce, whose status a relay may have made up */
};

struct outcome {
	enum outcome_reason reason;
	enum outcome_stage stage;
	enum outcome_about about;
	enum outcome_bounce bounce;
	enum outcome_row row;
	enum outcome_run run;
	enum err_kind exit; /* the status of a run that it stops, or that ends with it */
	int code;           /* as given or found, 0: none */
	bool temporary;     /* 4xx */
};

/* Judge one reply. A reply that is no refusal (2xx, 3xx) has the reason OUTCOME_NONE. */
struct outcome outcome_judge(const struct outcome_reply *reply);

/* The same for a reason that is known already, from a results file: what follows from it. */
struct outcome outcome_of_reason(enum outcome_reason reason, enum outcome_stage stage, bool temporary);

/* "no-mailbox", "recipient-policy", …; "" for OUTCOME_NONE. */
const char *outcome_reason_name(enum outcome_reason reason);
/* False, with *reason untouched, for a word that is none of them. */
bool outcome_reason_parse(struct str name, enum outcome_reason *reason);
/* "rcpt", "content", …; "" for OUTCOME_AT_UNKNOWN. */
const char *outcome_stage_name(enum outcome_stage stage);
/* A word that is none of them is OUTCOME_AT_UNKNOWN. */
enum outcome_stage outcome_stage_parse(struct str name);

/* The command that a bounce says was answered: "(in reply to RCPT TO command)", "after MAIL FROM:<…>", a transcript. */
enum outcome_stage outcome_stage_find(struct str words);

/* What it means and what to do, one plain sentence; NULL where the server's words say it all. */
const char *outcome_advice(const struct outcome *o);

/* The first status code ("5.1.1") in s, or STR_NONE. */
struct str outcome_find_status(struct str s);

#endif
