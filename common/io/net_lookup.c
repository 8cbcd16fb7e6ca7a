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
	char *host;
	bool asked; /* the system too, after DNS */
	struct child system;
};

static void take_addresses(const struct net_lookup *l, const struct ares_addrinfo *info)
{
	for (const struct ares_addrinfo_node *node = info->nodes; node != NULL; node = node->ai_next) {
		struct net_address a = { .length = (socklen_t)node->ai_addrlen };

		if (node->ai_addrlen > sizeof a.addr)
			continue;
		memcpy(&a.addr, node->ai_addr, node->ai_addrlen);
		net_add_address(l->families, &a, l->port);
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
			take_addresses(request->lookup, info);
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
	l->host = mem_copy(host, strlen(host));
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
	child_free(&l->system);
	mem_free(l->host);
	mem_free(l);
}

size_t net_lookup_poll(struct net_lookup *l, struct pollfd *fds, size_t max, int64_t *deadline)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	int bits = ares_getsock(l->channel, sockets, ARES_GETSOCK_MAXNUM);
	struct timeval wait;
	size_t n = child_poll(&l->system, fds, deadline);

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

static bool is_unknown(const struct net_family *f)
{
	return !f->pending && f->n == 0 &&
		(f->status == ARES_ENOTFOUND || f->status == ARES_ENODATA || f->status == ARES_SUCCESS);
}

/* DNS knows no address: perhaps somebody else does. */
static void ask_system(struct net_lookup *l)
{
	if (l->asked || !is_unknown(&l->families[0]) || !is_unknown(&l->families[1]))
		return;
	l->asked = true;
	if (net_system_knows_more() && net_system_ask(&l->system, l->host))
		l->families[0].pending = l->families[1].pending = true;
}

void net_lookup_turn(struct net_lookup *l, const struct pollfd *fds, size_t n)
{
	if (l->system.pid != 0) {
		if (net_system_answer(&l->system, l->port, l->families))
			l->families[0].pending = l->families[1].pending = false;
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (fds[i].revents != 0)
			ares_process_fd(l->channel, fds[i].revents & POLLOUT ? ARES_SOCKET_BAD : fds[i].fd,
				fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
	ares_process_fd(l->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* what has timed out */
	ask_system(l);
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
