#ifndef PIPEMAIL_MAILSEND_ENVELOPE_H
#define PIPEMAIL_MAILSEND_ENVELOPE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/set.h"
#include "cmd/mailsend/compose/aliases.h"
#include "mail/returns/outcome.h"

/* What became of a recipient. */
enum verdict {
	VERDICT_NONE, /* nothing was said yet */
	VERDICT_SENT,
	VERDICT_REFUSED,  /* for good */
	VERDICT_DEFERRED, /* for now */
	VERDICT_UNKNOWN,  /* handed over, and no answer */
	VERDICT_NOT_SENT, /* taken, but the message did not go out */
};

struct recipient {
	char *shown;    /* as it was written */
	char *wire;     /* as it goes into RCPT TO */
	char *orcpt;    /* RFC 3461, or NULL */
	bool utf8;      /* it needs SMTPUTF8 */
	bool taken;     /* the server said yes to RCPT */
	bool postponed; /* not part of this transaction after all: the next one has it */
	bool here;      /* refused by us: it is not an address */
	enum verdict verdict;
	int code;
	char enhanced[16];
	char *reply;            /* the server's words or ours, on one line, or NULL */
	struct outcome outcome; /* what they mean; OUTCOME_NONE: it was sent, or no server said anything */
};

struct envelope {
	char *from; /* "" is <> */
	bool from_utf8;
	struct recipient *rcpts;
	size_t n;
	size_t cap;
	struct set seen;
	struct aliases aliases;
	bool tolerant;    /* what is not an address is a recipient that was refused, and no error */
	size_t refused;   /* how many are */
	struct err fault; /* of the first of them */
	bool only_known;  /* names without a domain must be in the aliases or of local users */
	char *domain;     /* for names without one; NULL: such a name stays as it is (LMTP) */
};

void envelope_free(struct envelope *e);
/* kind: ERR_USAGE or ERR_DATA, by where the text comes from; where: for messages ("--to", "Cc"). */
/* address: bare or in <>, "" or "<>" for nobody. */
bool envelope_set_from(struct envelope *e, const char *address, enum err_kind kind, struct err *err);
/* Every mailbox of a list, judged; one that is there already is passed over. Words that cannot be meant as addresses
 * are an error for a tolerant envelope too, where only_known is set. */
bool envelope_add_list(struct envelope *e, struct str list, enum err_kind kind, const char *where, struct err *err);
/* Is this name in the aliases, or a local user's? */
bool envelope_knows(const struct envelope *e, struct str name);
bool envelope_aliases(struct envelope *e, const char *path, struct err *err);
/* What the session says about one, in words that are kept. */
struct reply;
void envelope_verdict(struct recipient *r, enum verdict verdict, const struct reply *reply, const char *text);
/* "sent", "refused", "deferred", "unknown", "not sent". */
const char *envelope_verdict_name(enum verdict verdict);

#endif
