#ifndef PIPEMAIL_CLI_ACCOUNT_STATE_H
#define PIPEMAIL_CLI_ACCOUNT_STATE_H

#include "cli/account.h"

/* What the account's sources share. */

/* Fill what the options left open in a with what the file says. named: the account was asked for. */
void account_merge(struct account *a, const struct account *file, bool named);
/* "socks5://[user:password@]host[:port]" into the server; 64. */
bool account_proxy(const char *text, bool from_file, struct account_server *server, struct err *err);
/* The SASL object for the credentials, if there are any; label names the server. */
bool account_login(struct account_server *server, struct err *err);

#endif
