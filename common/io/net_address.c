#include <config.h>

#include "io/net_state.h"

#include <netinet/in.h>

/* Addresses that were found, by family. */

void net_add_address(struct net_family families[2], const struct net_address *address, unsigned port)
{
	bool v6 = address->addr.ss_family == AF_INET6;
	struct net_family *f = &families[v6 ? NET_V6 : NET_V4];
	struct net_address *to = &f->list[f->n];

	if (f->n == NET_ADDRESSES || !(v6 || address->addr.ss_family == AF_INET))
		return;
	*to = *address;
	if (v6)
		((struct sockaddr_in6 *)&to->addr)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)&to->addr)->sin_port = htons((uint16_t)port);
	f->n++;
}
