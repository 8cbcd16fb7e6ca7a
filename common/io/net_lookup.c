#include <config.h>

#include "io/net_state.h"

#include <ares.h>
#include <netinet/in.h>
#include <sys/time.h>

#include "base/mem.h"
#include "io/clock.h"

#define TRY_MILLISECONDS 3000
#define TRIES 3

struct net_lookup {
	ares_channel channel;
	unsigned port;
	struct net_family *families;
	struct request {
		struct net_lookup *lookup;
		struct net_family *family;
	} requests[2];
};

static void take_addresses(const struct net_lookup *l, struct net_family *f, const struct ares_addrinfo *info)
{
	for (const struct ares_addrinfo_node *node = info->nodes; node != NULL; node = node->ai_next) {
		struct net_address *to = &f->list[f->n];

		if (f->n == NET_ADDRESSES || node->ai_addrlen > sizeof to->addr)
			return;
		memcpy(&to->addr, node->ai_addr, node->ai_addrlen);
		to->length = (socklen_t)node->ai_addrlen;
		if (to->addr.ss_family == AF_INET)
			((struct sockaddr_in *)&to->addr)->sin_port = htons((uint16_t)l->port);
		else
			((struct sockaddr_in6 *)&to->addr)->sin6_port = htons((uint16_t)l->port);
		f->n++;
	}
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct request *request = arg;

	(void)timeouts;
	/* ares_destroy tells every open request so; nobody is there to hear it. */
	if (status != ARES_EDESTRUCTION && status != ARES_ECANCELLED) {
		request->family->pending = false;
		request->family->status = status;
		if (info != NULL)
			take_addresses(request->lookup, request->family, info);
	}
	if (info != NULL)
		ares_freeaddrinfo(info);
}

struct net_lookup *net_lookup_new(const char *host, unsigned port, struct net_family families[2], struct err *err)
{
	struct ares_options options = { .timeout = TRY_MILLISECONDS, .tries = TRIES };
	struct net_lookup *l = mem_alloc(sizeof *l);
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	if (status == ARES_SUCCESS)
		status = ares_init_options(&l->channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
	if (status != ARES_SUCCESS) {
		mem_free(l);
		err_set(err, ERR_OS, "the resolver cannot start: %s", ares_strerror(status));
		return NULL;
	}
	l->port = port;
	l->families = families;
	for (int i = 0; i < 2; i++) {
		struct ares_addrinfo_hints hints = {
			.ai_family = i == NET_V6 ? AF_INET6 : AF_INET,
			.ai_socktype = SOCK_STREAM,
		};

		families[i].pending = true;
		l->requests[i] = (struct request){ l, &families[i] };
		ares_getaddrinfo(l->channel, host, NULL, &hints, on_answer, &l->requests[i]);
	}
	return l;
}

void net_lookup_free(struct net_lookup *l)
{
	if (l == NULL)
		return;
	ares_destroy(l->channel);
	mem_free(l);
}

size_t net_lookup_poll(struct net_lookup *l, struct pollfd *fds, size_t max, int64_t *deadline)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	int bits = ares_getsock(l->channel, sockets, ARES_GETSOCK_MAXNUM);
	struct timeval wait;
	size_t n = 0;

	for (int i = 0; i < ARES_GETSOCK_MAXNUM && n < max; i++) {
		int events =
			(ARES_GETSOCK_READABLE(bits, i) ? POLLIN : 0) | (ARES_GETSOCK_WRITABLE(bits, i) ? POLLOUT : 0);

		if (events != 0)
			fds[n++] = (struct pollfd){ .fd = sockets[i], .events = (short)events };
	}
	if (ares_timeout(l->channel, NULL, &wait) != NULL) {
		int64_t at = clock_now() + wait.tv_sec * CLOCK_SECOND + wait.tv_usec * 1000;

		if (at < *deadline)
			*deadline = at;
	}
	return n;
}

void net_lookup_turn(struct net_lookup *l, const struct pollfd *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i].revents != 0)
			ares_process_fd(l->channel, fds[i].revents & POLLOUT ? ARES_SOCKET_BAD : fds[i].fd,
				fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
	ares_process_fd(l->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* what has timed out */
}

void net_lookup_fault(const struct net_family families[2], struct err *err)
{
	int status = ARES_ENODATA;

	for (int i = 0; i < 2; i++) {
		int s = families[i].status;

		if (s == ARES_ENOTFOUND || s == ARES_EBADNAME) {
			err_set(err, ERR_NOHOST, "host unknown");
			return;
		}
		if (s != ARES_SUCCESS && s != ARES_ENODATA)
			status = s;
	}
	if (status == ARES_ENODATA)
		err_set(err, ERR_NOHOST, "host unknown: the name has no address");
	else
		err_set(err, ERR_TEMP, "cannot be looked up: %s", ares_strerror(status));
}
