#ifndef PIPEMAIL_MAIL_OUTCOME_H
#define PIPEMAIL_MAIL_OUTCOME_H

#include "base/err.h"
#include "base/str.h"

/* clang-format off */
/*
 * The one judgement of every reply: what a server's words are about, and what follows from them. mailsend,
 * mailbulk and listscrub all ask here, so the same reply has the same consequences everywhere.
 *
 * The stage is evidence that comes before the words: a reply to MAIL, EHLO or AUTH is never about a recipient. The
 * rules are data, each with its source (outcome_rules.c). When several apply, the one that blames the recipient
 * least is chosen; when none applies the reason is unknown: no address is refused permanently without evidence.
 *
 *     struct outcome o = outcome_judge(&(struct outcome_reply){ .stage = reply.stage, .code = reply.code,
 *             .status = reply.enhanced, .words = buf_str(&reply.text), .recipient = address });
 *     if (o.row == OUTCOME_ROW_REFUSED)
 *             ...
 */
/* clang-format on */

/* The command that was answered. */
enum outcome_stage {
	OUTCOME_AT_UNKNOWN, /* a bounce that does not tell */
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

/*
 * Why, in the order of blame: a reason that has less to do with the recipient comes first, and is chosen. The
 * order is relied on (`<`); names for files are those of outcome_reason_name.
 */
enum outcome_reason {
	OUTCOME_NONE,       /* not a refusal */
	OUTCOME_LOGIN,      /* authentication is missing or was refused */
	OUTCOME_SENDER,     /* the sender's address or domain is refused */
	OUTCOME_RATE,       /* too many messages or connections */
	OUTCOME_REPUTATION, /* our IP address, domain or host is refused (blocklists) */
	OUTCOME_FORMAT,     /* a command or the message is malformed */
	OUTCOME_SIZE,       /* the message is too large */
	OUTCOME_CONTENT,    /* what the message says (spam, virus, policy) */
	OUTCOME_SERVER,     /* a fault of their server */
	OUTCOME_LOOP,
	OUTCOME_EXPIRED,          /* a relay gave up after its queue time */
	OUTCOME_FULL,             /* the mailbox is over its quota */
	OUTCOME_RECIPIENT_POLICY, /* the recipient does not accept this sender or message */
	OUTCOME_DISABLED,         /* the mailbox exists and is disabled */
	OUTCOME_DELAY,            /* "try again later" and greylisting, without a cause */
	OUTCOME_MOVED,            /* the recipient has another address */
	OUTCOME_NO_DOMAIN,
	OUTCOME_NO_MAILBOX,
	OUTCOME_UNKNOWN, /* a refusal that no rule understands */
	OUTCOME_REASONS,
};

/* Who or what the refusal is about. */
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

/* What happens to the row of a campaign. */
enum outcome_row {
	OUTCOME_ROW_REFUSED,  /* permanently */
	OUTCOME_ROW_DEFERRED, /* tried again in this run */
	OUTCOME_ROW_PUT_BACK, /* left for another run */
};

/* What happens to the run. */
enum outcome_run {
	OUTCOME_RUN_ON,     /* it continues */
	OUTCOME_RUN_SLOWER, /* this server, or this provider, gets less for a while */
	OUTCOME_RUN_STOP,
};

/* What is known about a reply. Zero means "not known" for every member. All slices are borrowed for the call. */
struct outcome_reply {
	enum outcome_stage stage; /* unknown: found from the words, if they tell */
	int code;                 /* 200 to 599; 0: found from the words, if they tell */
	struct str status;        /* enhanced status, "5.1.1"; one in the words counts for more */
	struct str words;         /* the server's text without its code; the first 4,000 bytes count */
	struct str us;            /* our addresses, domains and IP addresses, separated by spaces */
	struct str recipient;     /* the recipient's address, or several forms of it with blanks between them */
	struct str host;          /* the host that said it */
	bool shared;              /* the transaction has other recipients: only the reply to RCPT is about one */
	bool reported;            /* from a bounce, whose status a relay may have made up */
};

/* The judgement. It owns nothing. */
struct outcome {
	enum outcome_reason reason;
	enum outcome_stage stage;
	enum outcome_about about;
	enum outcome_bounce bounce;
	enum outcome_row row;
	enum outcome_run run;
	enum err_kind exit; /* exit status of a run that it stops or that ends with it */
	int code;           /* as given or found; 0: none */
	bool temporary;     /* 4xx */
};

/*
 * Judge one reply. One that is not a refusal (2xx, 3xx) has the reason OUTCOME_NONE. The first call compiles the
 * rules, which are kept for the life of the process; several threads may call it at once.
 */
struct outcome outcome_judge(const struct outcome_reply *reply);

/* What follows from a reason that is known already, from a results file. */
struct outcome outcome_of_reason(enum outcome_reason reason, enum outcome_stage stage, bool temporary);

/*
 * "no-mailbox", "recipient-policy"...; "" for OUTCOME_NONE. Static; these words are in results files and must not
 * change.
 */
const char *outcome_reason_name(enum outcome_reason reason);
/* The reverse. False, with *reason unchanged, for any other word. */
bool outcome_reason_parse(struct str name, enum outcome_reason *reason);
/* "rcpt", "content"...; "" for OUTCOME_AT_UNKNOWN. Static. */
const char *outcome_stage_name(enum outcome_stage stage);
/* The reverse; OUTCOME_AT_UNKNOWN for any other word. */
enum outcome_stage outcome_stage_parse(struct str name);

/*
 * The command that a bounce says was answered: "(in reply to RCPT TO command)", "after MAIL FROM:<...>", a
 * transcript.
 */
enum outcome_stage outcome_stage_find(struct str words);

/* What it means and what to do, in one sentence; static. NULL when there is nothing to add to the server's words. */
const char *outcome_advice(const struct outcome *o);

/* Where the first reply code of a refusal stands in s with words after it, as servers' replies are quoted in reports;
 * s.n: nowhere. */
size_t outcome_reply_at(struct str s);
/* The first status code (RFC 3463, "5.1.1") in s, a slice of s, or STR_NONE. */
struct str outcome_find_status(struct str s);

#endif
