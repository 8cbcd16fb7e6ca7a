#ifndef PIPEMAIL_CLI_ACCOUNT_KEYS_H
#define PIPEMAIL_CLI_ACCOUNT_KEYS_H

#include <stdbool.h>

/*
 * Keys of an account that are about the work of single tools, not about the server. All four tools read the
 * configuration file, so each has to know them, and only the tools named here use them. Strings live with the
 * process; NULL: not given.
 */
struct account_keys {
	const char *dkim_domain;   /* mailsend, mailbulk: sign for this domain (d=) */
	const char *dkim_selector; /* s= */
	const char *dkim_key;      /* file with the private key, PEM */
	const char *aliases;       /* mailsend: a file in the form of aliases(5) */
	const char *set_from;      /* mailsend: the address that all mail is from, whatever it says */
	const char *fcc;           /* mailsend: keep a copy of what was sent there */
	const char *log;           /* mailsend: a line for each message there, or "syslog" */
	const char *spool_for;     /* mailsend: an age; a message that waits longer goes back to its sender */
	bool spool;                /* mailsend: keep what cannot be sent now */
	bool group_readable;       /* the file may be read by its group although it holds a password */
	const char *mailbox;       /* popfetch: where messages go */
	const char *pipe;          /* popfetch: or a command for each */
	const char *delete_after;  /* popfetch: days */
	const char *keep;          /* popfetch: yes, no, or days */
	const char *max_size;      /* popfetch: 500k, 20M */
	const char *limit;         /* popfetch: messages */
};

/* Take from `from` what is NULL in `to`. */
void account_keys_merge(struct account_keys *to, const struct account_keys *from);

#endif
