#ifndef PIPEMAIL_CLI_ACCOUNT_KEYS_H
#define PIPEMAIL_CLI_ACCOUNT_KEYS_H

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
