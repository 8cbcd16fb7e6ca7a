#ifndef PIPEMAIL_IO_PORT_H
#define PIPEMAIL_IO_PORT_H

#include "io/net.h"

/* What a port speaks, found out by a connection of its own. */
enum port_speech { PORT_SILENT, PORT_SPEAKS_PLAIN, PORT_SPEAKS_TLS };

/*
 * Connect and see what the server says first. quiet: say nothing and wait for a greeting, as a mail server without
 * TLS has one; otherwise send the first message of a TLS handshake. Waits until the monotonic deadline at most,
 * and ends when a signal asks to stop. PORT_SILENT: nothing can be said.
 */
enum port_speech port_ask(const struct net_target *target, bool quiet, int64_t deadline);

#endif
