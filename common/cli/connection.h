#ifndef PIPEMAIL_CLI_CONNECTION_H
#define PIPEMAIL_CLI_CONNECTION_H

#include "cli/say.h"
#include "io/link.h"

struct account_server;

/*
 * A link to an account's server, its conversation told to -v and --trace. For one that is driven to its end see
 * cli/drive; mailbulk polls many. Expecting, progress and polling are the link's own.
 */
struct connection {
	struct account_server *server;
	struct link link;
	struct say_talk talk; /* its number may be set after connection_open */
	size_t traced;        /* octets of the session's out that the trace has seen */
};

/* Begin; see link_open. sasl learns the channel; it and the server are borrowed for c's life. */
bool connection_open(struct connection *c, struct account_server *server, struct sasl *sasl, int64_t deadline,
	struct err *err);
/* link_next, link_write and link_start_tls, with the server's certificates, for the trace to see. */
enum link_event connection_next(struct connection *c, struct buf *in, struct err *err);
enum link_event connection_write(struct connection *c, struct buf *out, struct err *err);
bool connection_start_tls(struct connection *c, const struct buf *in, struct err *err);
/* A closed or zeroed one is fine. */
void connection_close(struct connection *c);

#endif
