#ifndef PIPEMAIL_CLI_CONNECTION_H
#define PIPEMAIL_CLI_CONNECTION_H

#include "cli/say.h"
#include "io/link.h"

struct account_server;

/*
 * A link to an account's server (io/link.h) whose conversation is shown by -v and --trace. cli/drive.h drives one
 * to its end; mailbulk polls many. link_expect, link_progress and link_poll are called on `link` itself.
 */
struct connection {
	struct account_server *server;
	struct link link;
	struct say_talk talk; /* its number may be set after connection_open */
	size_t traced;        /* bytes of the session's out that were traced already */
};

/*
 * Begin; errors as link_open, and those of account_trust. sasl gets the channel binding; it and the server are
 * borrowed for c's life.
 */
bool connection_open(struct connection *c, struct account_server *server, struct sasl *sasl, int64_t deadline,
	struct err *err);
/*
 * As link_next, link_write, and link_start_tls with the server's certificates; the conversation is traced. out
 * must always be the same buf, and only connection_write may take bytes from it.
 */
enum link_event connection_next(struct connection *c, struct buf *in, struct err *err);
enum link_event connection_write(struct connection *c, struct buf *out, struct err *err);
bool connection_start_tls(struct connection *c, const struct buf *in, struct err *err);
/* Does nothing with a closed or zeroed one. */
void connection_close(struct connection *c);

#endif
