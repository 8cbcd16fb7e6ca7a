#ifndef PIPEMAIL_IO_NET_STATE_H
#define PIPEMAIL_IO_NET_STATE_H

#include <sys/socket.h>

#include "io/child.h"
#include "io/net.h"

/* What net's files share. */

#define NET_ADDRESSES 16 /* of one family; more are not tried */

struct net_address {
	struct sockaddr_storage addr;
	socklen_t length;
};

/* What is known of one family's addresses. */
struct net_family {
	struct net_address list[NET_ADDRESSES];
	size_t n;
	size_t next;  /* to be tried */
	bool pending; /* the look-up is not over */
	int status;   /* of c-ares, when it is */
};

enum { NET_V6, NET_V4 }; /* in the order in which they are tried */

struct net_lookup; /* c-ares' side */

/* "192.0.2.1", "2001:db8::1", "fe80::1%eth0": no name; else false. port in host order. */
bool net_parse_address(const char *host, unsigned port, struct net_address *address);
/* "localhost" or a name under it (RFC 6761), which no DNS is asked about. */
bool net_is_localhost(const char *host);
bool net_address_text(const struct sockaddr *addr, socklen_t length, struct buf *out);

/* Ask for both families' addresses; they arrive in families. NULL: 71. */
struct net_lookup *net_lookup_new(const char *host, unsigned port, struct net_family families[2], struct err *err);
void net_lookup_free(struct net_lookup *l);
size_t net_lookup_poll(struct net_lookup *l, struct pollfd *fds, size_t max, int64_t *deadline);
void net_lookup_turn(struct net_lookup *l, const struct pollfd *fds, size_t n);
/* An address that was found, for its family; more than NET_ADDRESSES are not taken. port in host order. */
void net_add_address(struct net_family families[2], const struct net_address *address, unsigned port);
/* net_system.c: the sources of nsswitch.conf(5) that c-ares does not know (mDNS, LDAP, the machine's own name…), asked
 * where it found nothing. getaddrinfo waits, so that a child calls it. */
bool net_system_knows_more(void);
/* host has to live until the answer. */
bool net_system_ask(struct child *c, const char *host);
/* True when there is an answer: what was found has been added. */
bool net_system_answer(struct child *c, unsigned port, struct net_family families[2]);
/* Why there is no address: 68 or 75. */
void net_lookup_fault(const struct net_family families[2], struct err *err);

#endif
