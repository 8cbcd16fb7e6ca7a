#ifndef PIPEMAIL_CMD_POPFETCH_OPTIONS_H
#define PIPEMAIL_CMD_POPFETCH_OPTIONS_H

#include "cli/account.h"

/* What the command line asks of popfetch. */
struct settings {
	struct account account;
	const char *mailbox;   /* file.mbox, a Maildir with a final slash, or "-"; NULL with a command */
	const char *pipe;      /* a command for each message, instead of a mailbox */
	const char *pipe_mbox; /* a command for all messages of the run */
	bool remove;           /* --delete */
	const char *delete_after;
	int64_t keep; /* seconds that a message stays on the server; -1: for ever, 0: --delete */
	bool all;
	uint64_t limit; /* messages in this run; 0: no limit */
	const char *max_size_text;
	uint64_t max_size; /* octets; 0: any */
	bool headers;
	bool list;
	const char *since_text;
	int64_t since; /* seconds since 1970; INT64_MIN: any */
	const char *summary;
	uint64_t retries;
	const char *pipelining_text;
	enum pipelining { PIPELINING_AUTO, PIPELINING_ON, PIPELINING_OFF } pipelining;
	const char *state;
};

/* 64 with the option that is wrong. */
bool settings_parse(struct settings *s, int argc, char **argv, struct err *err);

#endif
