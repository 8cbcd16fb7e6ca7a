#ifndef PIPEMAIL_CLI_ACCOUNT_STATE_H
#define PIPEMAIL_CLI_ACCOUNT_STATE_H

#include "cli/account.h"

/* What the files of account share; no other module includes this. */

/* Is it what a "from" key may hold: one mailbox, or addresses and patterns? False with ERR_CONFIG. */
bool account_from_check(const char *from, struct err *err);
/* Is it one address, with a domain? False with ERR_CONFIG. */
bool account_address_check(const char *address, struct err *err);
/* Fill in what the options left open in a from what the file says. named: the account was asked for by name. */
void account_merge(struct account *a, const struct account *file, bool named);
/*
 * Read "socks5://[user:password@]host[:port]" into the server. False with ERR_USAGE. Only with from_file may it
 * have a password, as other users can read the command line.
 */
bool account_proxy(const char *text, bool from_file, struct account_server *server, struct err *err);
/* Make the SASL object for the credentials, if there are any. server->label must be set. */
bool account_login(struct account_server *server, struct err *err);

#endif
