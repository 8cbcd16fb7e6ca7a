#ifndef PIPEMAIL_IO_NET_STATE_H
#define PIPEMAIL_IO_NET_STATE_H

#include <sys/socket.h>

#include "io/child.h"
#include "io/net.h"

/* What the files of net share; no other module includes this. */

/* Addresses of one family; more are not tried. */
#define NET_ADDRESSES 16

/* A socket address with its port. */
struct net_address {
	struct sockaddr_storage addr;
	socklen_t length;
};

/* What is known of one family's addresses. */
struct net_family {
	struct net_address list[NET_ADDRESSES];
	size_t n;
	size_t next;  /* index of the one to be tried next */
	bool pending; /* the look-up is not finished */
	int status;   /* of c-ares, when it is */
};

enum { NET_V6, NET_V4 }; /* in the order in which they are tried */

/* A look-up in progress. */
struct net_lookup;

/* "192.0.2.1", "2001:db8::1", "fe80::1%eth0"; false for a name. port in host order. */
bool net_parse_address(const char *host, unsigned port, struct net_address *address);
/* "localhost" or a name under it (RFC 6761, 6.3), for which DNS is not asked. */
bool net_is_localhost(const char *host);
/* Append the address without its port. False when it has none. */
bool net_address_text(const struct sockaddr *addr, socklen_t length, struct buf *out);

/*
 * Ask for the addresses of both families; they arrive in families, which must live as long as the look-up. NULL
 * with ERR_OS.
 */
struct net_lookup *net_lookup_new(const char *host, unsigned port, struct net_family families[2], struct err *err);
void net_lookup_free(struct net_lookup *l);
size_t net_lookup_poll(struct net_lookup *l, struct pollfd *fds, size_t max, int64_t *deadline);
void net_lookup_turn(struct net_lookup *l, const struct pollfd *fds, size_t n);
/* Add an address to its family, with this port in host order; more than NET_ADDRESSES are dropped. */
void net_add_address(struct net_family families[2], const struct net_address *address, unsigned port);
/*
 * net_system.c: the sources of nsswitch.conf(5) that c-ares does not know (mDNS, LDAP, the machine's own name...),
 * asked when it found nothing. getaddrinfo(3) waits, so a child calls it.
 */
bool net_system_knows_more(void);
/* Start the child. host must live until the answer. False when it cannot be started. */
bool net_system_ask(struct child *c, const char *host);
/* True when the child is finished; the addresses that it found were added. */
bool net_system_answer(struct child *c, unsigned port, struct net_family families[2]);
/* Why there is no address: ERR_NOHOST or ERR_TEMP. */
void net_lookup_fault(const struct net_family families[2], struct err *err);

#endif
