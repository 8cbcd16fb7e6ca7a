#ifndef PIPEMAIL_CMD_POPFETCH_FETCH_H
#define PIPEMAIL_CMD_POPFETCH_FETCH_H

#include "base/str.h"
#include "cmd/popfetch/settings.h"

/* A message that was left, for the summary. */
struct tally_left {
	char *uid;    /* or NULL */
	char *reason; /* what the server or the command said; "" for one that is too large */
	char *from;   /* of one that is too large, where the server told it */
	char *subject;
	uint64_t size;
};

/* What became of one account, for the summary. Free with tally_free. */
struct tally {
	const char *account;  /* for people: "NAME (user@host:port)" or "user@host:port" */
	const char *name;     /* of the account, or NULL */
	const char *user;     /* or NULL */
	const char *reason;   /* why it failed, a word of outcome.h; NULL: it did not */
	uint64_t retry_after; /* seconds; 0: the server does not say */
	uint64_t marked;
	struct tally_left *refusals;
	size_t n_refusals;
	size_t cap_refusals;
	struct tally_left *too_large;
	size_t n_too_large;
	size_t cap_too_large;
	uint64_t listed;
	uint64_t fetched;
	uint64_t octets;
	uint64_t known;    /* fetched before */
	uint64_t large;    /* over --max-size */
	uint64_t old;      /* before --since */
	uint64_t left;     /* on the server: was not fetched, now or before */
	uint64_t refused;  /* -ERR to RETR or TOP */
	uint64_t skipped;  /* the connection was lost at it again and again */
	uint64_t deferred; /* a command said "later" (--pipe) */
	uint64_t deleted;
	double seconds;
	int status;
};

void tally_refused(struct tally *t, struct str uid, struct str reason);
void tally_too_large(struct tally *t, struct str uid, uint64_t size, struct str from, struct str subject);
/* The summary of an account on standard error. */
void tally_show(const struct tally *t);
void tally_show_json(const struct tally *t);
void tally_free(struct tally *t);

/* One account from the first octet to the last: fills tally, says what went wrong, and returns the status. name: the
 * account, or NULL. */
int fetch_account(const struct settings *s, const char *name, struct tally *tally);

#endif
