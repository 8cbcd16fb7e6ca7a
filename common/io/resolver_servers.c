#include <config.h>

#include "io/resolver_state.h"

#include <arpa/inet.h>
#include <sys/socket.h>

/* Room for a window's worth of answers that come at once: a lost one costs a whole timeout. */
static int on_socket(ares_socket_t fd, int type, void *arg)
{
	int size = 1 << 20;

	(void)arg;
	if (type == SOCK_DGRAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	return 0;
}

static int open_channel(ares_channel *channel, const struct resolver *r, bool tcp)
{
	/* What is cut is asked for again by us. Over a connection c-ares asks once: it gets the time of all tries. */
	struct ares_options options = {
		.flags = ARES_FLAG_STAYOPEN | (tcp ? ARES_FLAG_USEVC : ARES_FLAG_IGNTC),
		.timeout = tcp ? r->timeout * ((1 << r->tries) - 1) : r->timeout,
		.tries = tcp ? 1 : r->tries,
	};
	int status = ares_init_options(channel, &options, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);

	if (status == ARES_SUCCESS)
		ares_set_socket_configure_callback(*channel, on_socket, NULL);
	return status;
}

ares_channel resolver_channel(struct resolver *r, unsigned first, bool tcp)
{
	ares_channel *channel = &r->channels[tcp][first];
	struct ares_addr_port_node list[RESOLVER_SERVERS];

	if (*channel != NULL)
		return *channel;
	for (unsigned i = 0; i < r->servers_n; i++) {
		list[i] = r->servers[(first + i) % r->servers_n];
		list[i].next = i + 1 < r->servers_n ? &list[i + 1] : NULL;
	}
	if (open_channel(channel, r, tcp) != ARES_SUCCESS) {
		*channel = NULL;
	} else if (ares_set_servers_ports(*channel, list) != ARES_SUCCESS) {
		ares_destroy(*channel);
		*channel = NULL;
	}
	return *channel;
}

static unsigned colons(struct str s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ':';
	return n;
}

/* "1.2.3.4", "1.2.3.4:53", "::1", "[::1]:53"; and "localhost", the one name that needs no look-up. */
static bool take_server(struct str text, struct ares_addr_port_node *server)
{
	struct str host = text;
	struct str port = STR_NONE;
	uint64_t number = 53;
	char address[64];

	if (str_starts(text, STR_LIT("["))) {
		size_t end = str_find(text, ']');

		host = str_sub(text, 1, end - 1);
		port = str_sub(text, end + 1, text.n);
		if (end == text.n || str_find(host, ':') == host.n || (port.n > 0 && port.p[0] != ':'))
			return false;
		port = port.n > 0 ? str_sub(port, 1, port.n) : STR_NONE;
	} else if (colons(text) < 2) {
		port = text;
		host = str_cut(&port, ':');
	}
	if (port.p != NULL && (!str_number(port, UINT16_MAX, &number) || number == 0))
		return false;
	if (str_ieq(host, STR_LIT("localhost")))
		host = STR_LIT("127.0.0.1");
	if (host.n >= sizeof address)
		return false;
	memcpy(address, host.p, host.n);
	address[host.n] = '\0';
	server->udp_port = server->tcp_port = (int)number;
	server->family = str_find(host, ':') < host.n ? AF_INET6 : AF_INET;
	return inet_pton(server->family, address, &server->addr) == 1;
}

static bool parse(struct resolver *r, const char *servers, struct err *err)
{
	struct str rest = str_of(servers);

	while (rest.p != NULL) {
		struct str one = str_trim(str_cut(&rest, ','));

		if (r->servers_n == RESOLVER_SERVERS)
			return err_set(err, ERR_USAGE, "resolver '%s': more than %u servers", servers,
				RESOLVER_SERVERS);
		if (!take_server(one, &r->servers[r->servers_n++]))
			return err_set(err, ERR_USAGE, "resolver '%s': '%.*s' is no IP address with an optional port",
				servers, STR_ARGS(one));
	}
	return true;
}

bool resolver_servers(struct resolver *r, const char *servers, struct err *err)
{
	struct ares_addr_port_node *list = NULL;
	ares_channel channel;
	int status;

	if (servers != NULL)
		return parse(r, servers, err);
	status = open_channel(&channel, r, false);
	if (status == ARES_SUCCESS) {
		status = ares_get_servers_ports(channel, &list);
		for (struct ares_addr_port_node *p = list; p != NULL && r->servers_n < RESOLVER_SERVERS; p = p->next)
			r->servers[r->servers_n++] = *p;
		if (list != NULL)
			ares_free_data(list);
		ares_destroy(channel);
	}
	if (status != ARES_SUCCESS || r->servers_n == 0)
		return err_set(err, ERR_OS, "DNS resolver: %s",
			status != ARES_SUCCESS ? ares_strerror(status) : "the system names no server");
	return true;
}
