#ifndef PIPEMAIL_CMD_POPFETCH_FETCH_H
#define PIPEMAIL_CMD_POPFETCH_FETCH_H

#include "cmd/popfetch/settings.h"

/* What became of one account, for the summary. */
struct tally {
	const char *account; /* "user@host:port" */
	uint64_t listed;
	uint64_t fetched;
	uint64_t octets;
	uint64_t known;    /* fetched before */
	uint64_t large;    /* over --max-size */
	uint64_t old;      /* before --since */
	uint64_t refused;  /* -ERR to RETR or TOP */
	uint64_t skipped;  /* the connection was lost at it again and again */
	uint64_t deferred; /* a command said "later" (--pipe) */
	uint64_t deleted;
	double seconds;
	int status;
};

/* One account from the first octet to the last: fills tally, says what went wrong, and returns the status. name: the
 * account, or NULL. */
int fetch_account(const struct settings *s, const char *name, struct tally *tally);

#endif
