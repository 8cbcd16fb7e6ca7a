#ifndef PIPEMAIL_CLI_ACCOUNT_KEYS_H
#define PIPEMAIL_CLI_ACCOUNT_KEYS_H

/*
 * Keys of an account that are about the work of single tools and not about the server. The configuration file is read
 * by all four, so each has to know them, and only the tools that are named here ask for them. Strings live with the
 * process; NULL: not given.
 */
struct account_keys {
	const char *dkim_domain; /* mailsend, mailbulk: sign for this domain, */
	const char *dkim_selector;
	const char *dkim_key; /* with the key in this file */
	const char *aliases;  /* mailsend: a file of the form of aliases(5) */
};

/* What `to` leaves open is taken from `from`. */
void account_keys_merge(struct account_keys *to, const struct account_keys *from);

#endif
